"""The command line: its verbs, and what a user sees of an error. Importing this does not import torch."""

import os
import pkgutil
import sys
import warnings
from collections.abc import Mapping
from typing import NamedTuple, TextIO

import click

from bench import __version__
from bench.errors import BenchError, Exit, InvalidSuite
from bench.machine.devices import prepare_environment
from bench.working_folder import leave_working_folder

EXIT_CODES = """\b
Exit codes: 0 well; 1 a gate failed; 2 usage, or an invalid suite or data set; 3 some cells have no number;
4 unknown, or nothing was compared; 5 not comparable; 130 interrupted."""


class Verb(NamedTuple):
    """One line of the table of verbs."""

    target: str
    """Its command, as `package.module:object`."""
    line: str
    """What `bench --help` says of it: how the command's own help begins."""


VERBS: Mapping[str, Verb] = {
    "run": Verb(
        "bench.commands.run:run",
        "Run the cells of SUITE (a name in suites/ or a path) that have no result yet, and report.",
    ),
    "plan": Verb("bench.commands.plan:plan", "List the cells of SUITE: which are done, and what the others lack."),
    "validate": Verb("bench.commands.validate:validate", "Report all mistakes in SUITE at once."),
    "ls": Verb(
        "bench.commands.ls:list_names",
        "List what there is, one name a line: of all kinds (of backbones the usual ones), or of one.",
    ),
    "recommend": Verb(
        "bench.commands.recommend:recommend",
        "Say which backbone and method to take, with the evidence, or that nothing fits; both exit with 0.",
    ),
    "report": Verb(
        "bench.commands.report:report",
        "Print the report of RUN (a run's folder or its records.jsonl) and write it to RUN/report.<ext>.",
    ),
    "leaderboard": Verb(
        "bench.commands.leaderboard:leaderboard",
        "Print backbones by data sets on one page; what was not measured is shown as missing.",
    ),
    "cache": Verb(
        "bench.commands.cache:cache_group",
        "See and clear what is kept between runs: decoded images, frozen features, own weights, trials of precision.",
    ),
    "env": Verb("bench.commands.env:env", "Print what is recorded of this machine, as JSON."),
    "duel": Verb(
        "bench.commands.duel:duel",
        "Say whether a version of the harness is slower, larger or worse than another, by the workloads of SUITE.",
    ),
    "compare": Verb(
        "bench.commands.compare:compare",
        "Say whether NEW is worse than BASE, row by row: better, worse, same, unknown, or not comparable and why.",
    ),
    "baseline": Verb(
        "bench.commands.baseline:baseline_group",
        "Keep what a run measured as a small file under results/baselines/, to commit and to compare with.",
    ),
    "history": Verb(
        "bench.commands.history:history",
        "Show how rows fared over the saved baselines, oldest first, with the points where they changed.",
    ),
}


class Verbs(click.Group):
    """A group that imports a verb when it is called, and none of them to list them all."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a verb's command; null where there is no such verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = pkgutil.resolve_name(VERBS[cmd_name].target)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of the verbs from the table alone."""
        click.Group(commands=self.commands).format_commands(ctx, formatter)


@click.group(
    cls=Verbs, epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120}
)
@click.version_option(__version__, prog_name="bench")
def cli() -> None:
    """Benchmark how well, how fast and at what cost pretrained vision backbones transfer."""


# Only the lines of the table, for --help and for what click suggests in place of an unknown verb.
for _name, _verb in VERBS.items():
    cli.add_command(click.Command(_name, help=_verb.line))


def _warn(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    click.echo(f"bench: warning: {message}", err=True)


def main() -> None:
    """Run the command; what a user can mend is one line and an exit code, never a traceback."""
    leave_working_folder()
    prepare_environment()  # before a verb is imported: libraries read these variables while they are being loaded
    warnings.showwarning = _warn
    try:
        cli.main(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("bench: interrupted", err=True)
        sys.exit(Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(Exit.USAGE)
    except InvalidSuite as error:
        click.echo(str(error), err=True)  # file:line:column first, as editors read it
        sys.exit(error.exit_code)
    except BenchError as error:
        click.echo("\n".join(f"bench: error: {line}" for line in str(error).splitlines()), err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `bench ls ... | head` has seen enough
        # Python writes out what is left of stdout when it ends, and would print this error again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.OK)
    except OSError as error:
        click.echo(
            f"bench: error: {error.filename or 'this machine'}: {error.strerror or error}; make room or mend it",
            err=True,
        )
        sys.exit(Exit.USAGE)


if __name__ == "__main__":
    main()
