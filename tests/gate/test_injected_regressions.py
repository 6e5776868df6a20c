"""Real regressions, each a copy of the package with one line changed, are caught and named; improvements too.

What stands here runs real processes; what takes times is for a machine without other work: `make test-gate`.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from bench.errors import Exit
from bench.gate.duel.accuracy import accuracies
from bench.gate.duel.measured import Counts, Finding, Waits
from bench.gate.duel.pair import Process
from bench.gate.duel.verdict import of_accuracy, of_counts, of_waits
from bench.gate.duel.worktrees import git
from bench.suites.suite import suite_path
from tests.material.command_line import Command
from tests.material.duels import PACKAGE, block, copy, counts, process, side

PYTHON = Path(sys.executable)
Change = tuple[str, str, str]
STEP_END = "        watch.stepped(self.module, optimizer)\n"
COUNTED: Mapping[str, tuple[str, tuple[Change, ...], str, str]] = {
    "an extra .item()": (
        "finetune_step",
        (("learning/training.py", STEP_END, f"{STEP_END}        loss.item()\n"),),
        "host_synchronisations",
        "aten._local_scalar_dense.default",
    ),
    "a lost no_grad": (
        "feature_extraction",
        (
            ("learning/features.py", "with torch.inference_mode(), autocast", "with torch.enable_grad(), autocast"),
            ("learning/features.py", "for span in spans]).cpu()", "for span in spans]).detach().cpu()"),
        ),
        "bytes_saved_for_backward",
        "",
    ),
    "a lost channels_last": (
        "finetune_step",
        (
            (
                "data/batches.py",
                "return images.contiguous(memory_format=torch.channels_last)\n",
                "return images.contiguous()\n",
            ),
        ),
        "channels_first_operands",
        "",
    ),
    "a copy of the batch": (
        "finetune_step",
        (
            (
                "learning/training.py",
                "batch = inputs.place(batch, augmenting)\n",
                "batch = inputs.place(batch, augmenting).clone()\n",
            ),
        ),
        "bytes_written",
        "aten.clone.default",
    ),
    "a leak per step": (
        "frozen_step",
        (
            ("learning/training.py", "LONGEST_WARMUP = 5\n", "LONGEST_WARMUP = 5\nKEPT: list[torch.Tensor] = []\n"),
            ("learning/training.py", STEP_END, f"{STEP_END}        KEPT.append(batch)\n"),
        ),
        "leaked_tensor_bytes",
        "",
    ),
    "a data path that decodes twice": (
        "data_path",
        (
            (
                "data/decode.py",
                "            pixels = self._geometry.apply(image, whites)\n",
                "            self._geometry.apply(image, whites)\n"
                "            pixels = self._geometry.apply(image, whites)\n",
            ),
        ),
        "python_calls",
        "Geometry.apply",
    ),
    "a layer that is 10 % larger": (
        "finetune_step",
        (
            (
                "methods/gradient.py",
                "(width or task.backbone.width, task.n_classes)",
                "(width or task.backbone.width, task.n_classes + 1)",
            ),
            (
                "learning/training.py",
                "functional.one_hot(labels, task.n_classes)",
                "functional.one_hot(labels, task.n_classes + 1)",
            ),
        ),
        "parameters",
        "",
    ),
}
"""The workload that sees it, what was changed, the counter that grows, and what is named."""
WORKLOADS = tuple(dict.fromkeys(workload for workload, *_ in COUNTED.values()))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """The process of the package as it is."""
    folder = tmp_path_factory.mktemp("base")
    with process(side(copy(folder / "side0"), PYTHON), folder, *WORKLOADS) as running:
        yield running


@pytest.fixture(scope="module")
def as_it_is(base: Process) -> dict[str, Counts]:
    """What its workloads do."""
    return {name: counts(base, name) for name in WORKLOADS}


def words(findings: list[Finding]) -> dict[str, str]:
    """Return what is said of each quantity that is not the same."""
    return {found.quantity: found.word for found in findings if found.word != "same"}


@pytest.mark.slow
def test_nothing_is_found_where_nothing_was_changed(as_it_is: dict[str, Counts], tmp_path: Path) -> None:
    """In another process of a copy elsewhere."""
    with process(side(copy(tmp_path / "side1"), PYTHON), tmp_path, *WORKLOADS) as again:
        for name in WORKLOADS:
            assert words(of_counts(name, as_it_is[name], counts(again, name), ())) == {}, name


@pytest.mark.slow
@pytest.mark.parametrize("what", COUNTED)
def test_it_is_caught_and_named(as_it_is: dict[str, Counts], tmp_path: Path, what: str) -> None:
    """By one unit of one workload; taken away again it is an improvement, and said to be one."""
    workload, changes, quantity, named = COUNTED[what]
    with process(side(copy(tmp_path / "side1", *changes), PYTHON), tmp_path, workload) as candidate:
        after = counts(candidate, workload)
    found = of_counts(workload, as_it_is[workload], after, ())
    assert words(found)[quantity] == "worse"
    assert named in " ".join(" ".join(each.detail) for each in found)
    assert words(of_counts(workload, after, as_it_is[workload], ()))[quantity] == "better"


def waits(running: Process, name: str) -> Waits:
    """Return how the units of two blocks wait."""
    blocks = [block(running, name), block(running, name)]
    return Waits(
        min(each.asleep_s for each in blocks),
        min(each.switches for each in blocks),
        min(min(each.cost_s) for each in blocks),
    )


@pytest.mark.slow
@pytest.mark.gate
def test_a_sleep_of_a_tenth_of_the_step_is_caught(base: Process, tmp_path: Path) -> None:
    """Though it takes no processor time at all."""
    before = waits(base, "finetune_step")
    seconds = 0.1 * before.cost_s / 2  # a unit is two steps
    change = ("learning/training.py", STEP_END, f"{STEP_END}        __import__('time').sleep({seconds})\n")
    with process(side(copy(tmp_path / "side1", change), PYTHON), tmp_path, "finetune_step") as candidate:
        after = waits(candidate, "finetune_step")
    found = words(of_waits("finetune_step", before, after, ()))
    assert found == {"asleep_s": "worse", "voluntary_switches": "worse"}


LOSS: Change = (
    "learning/training.py",
    "            index = next(order)\n",
    "            index = next(order) if step * 3 < last else index\n",
)
"""From a third of the training on the same batch again: what is lost is a few points."""


@pytest.mark.slow
def test_a_loss_of_accuracy_is_caught(tmp_path: Path) -> None:
    """Of a few points, over the cells of the shipped suite."""
    sides = [
        side(copy(tmp_path / "side0"), PYTHON),
        side(copy(tmp_path / "side1", LOSS), PYTHON, "candidate"),
    ]
    before, after = accuracies(sides, suite_path("regression_digits"), tmp_path)
    found = of_accuracy(before, after)
    assert found.word == "worse", found
    assert of_accuracy(before, before).word == "same"
    assert of_accuracy(after, before).word == "better"


BURN: Change = (
    "learning/training.py",
    "            course.timer.stop()\n",
    "            course.timer.stop()\n"
    "            from time import process_time\n"
    "            until = process_time() + 0.12 * course.timer.cpu_s[-1]\n"
    "            while process_time() < until:\n"
    "                pass\n",
)
"""A tenth more processor time of a whole unit, which is steps and what is around them."""


@pytest.fixture
def three(tmp_path: Path) -> Callable[[str], Path]:
    """Copies by name: twice the same, and one that takes longer."""
    for name, changes in {"same": (), "again": (), "slower": (BURN,)}.items():
        copy(tmp_path / name, *changes)
    return lambda name: tmp_path / name


@pytest.mark.slow
@pytest.mark.gate
def test_the_same_passes(bench: Command, three: Callable[[str], Path]) -> None:
    """A whole duel of two workloads, A against A."""
    wanted = ("--only", "finetune_step", "--only", "probe_fit")
    answer = bench("duel", "--base", three("same"), "--candidate", three("again"), *wanted)
    assert answer.code == Exit.OK, answer.out


@pytest.mark.slow
@pytest.mark.gate
def test_a_tenth_more_time_fails(bench: Command, three: Callable[[str], Path]) -> None:
    """A whole duel of one workload, restarts and their repetition included."""
    wanted = ("--only", "finetune_step", "--json")
    answer = bench("duel", "--base", three("same"), "--candidate", three("slower"), *wanted)
    assert answer.code == Exit.GATE_FAILED
    found = {each["quantity"]: each for each in answer.json["findings"]}
    assert found["cpu_time"]["word"] == "worse"
    assert 0.05 < found["cpu_time"]["change"] < 0.2


@pytest.mark.slow
def test_the_commit_is_found(bench: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Among four, by counters alone once they are known to show it."""
    root = tmp_path / "side"
    copy(root)
    git(root, "init", "-q")
    path = root / "bench" / "learning" / "training.py"
    made = []
    for number in range(5):
        if number == 3:
            path.write_text(path.read_text().replace(STEP_END, f"{STEP_END}        loss.item()\n"))
        (root / "number").write_text(str(number))
        git(root, "add", "-A")
        git(root, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-q", "-m", str(number))
        made.append(git(root, "rev-parse", "HEAD").decode().strip())
    monkeypatch.chdir(root)
    answer = bench("duel", "--bisect", made[0], made[4], "--only", "finetune_step", "--json")
    assert answer.code == Exit.OK, answer.err
    assert answer.json["commits"] == [made[3]]
    assert ["finetune_step", "host_synchronisations"] in answer.json["quantities"]
    assert "restart" not in answer.err.partition(made[2][:12])[2]


CHANGES = (*(change for _, changes, *_ in COUNTED.values() for change in changes), LOSS, BURN)


@pytest.mark.parametrize(("file", "old", "new"), dict.fromkeys(CHANGES))
def test_what_is_changed_stands_there_once(file: str, old: str, new: str) -> None:
    """Else the slow tests would change nothing, or something else; what comes of it is Python."""
    text = (PACKAGE / file).read_text()
    assert text.count(old) == 1
    compile(text.replace(old, new), file, "exec")
