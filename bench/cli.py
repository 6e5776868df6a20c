"""The command line: its verbs, and what a user sees of an error. Importing this does not import torch."""

import os
import sys
import warnings
from typing import TextIO

import click

from bench import __version__
from bench.commands.answers import leaderboard, recommend, report
from bench.commands.cache import cache_group
from bench.commands.duel import duel
from bench.commands.gate import baseline_group, compare, history
from bench.commands.inventory import env, list_names
from bench.commands.runs import plan, run, validate
from bench.errors import BenchError, Exit, InvalidSuite

EXIT_CODES = """\b
Exit codes: 0 well; 1 a gate failed; 2 usage, or an invalid suite or data set; 3 some cells have no number;
4 unknown, or nothing was compared; 5 not comparable; 130 interrupted."""


@click.group(epilog=EXIT_CODES, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, prog_name="bench")
def cli() -> None:
    """Benchmark how well, how fast and at what cost pretrained vision backbones transfer."""


for _verb in (
    run,
    plan,
    validate,
    list_names,
    recommend,
    report,
    leaderboard,
    cache_group,
    env,
    duel,
    compare,
    baseline_group,
    history,
):
    cli.add_command(_verb)


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
    from bench.machine.devices import prepare_environment

    prepare_environment()
    sys.path.insert(0, "")  # the user's own extensions, named as package.module:object
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
