"""A suite file: all its mistakes at once, each with its place and its cure."""

import re
from pathlib import Path

import pytest

from bench.catalog import METHODS
from bench.errors import BenchError, InvalidSuite
from bench.schema import Budget, Choice, Suite
from bench.suites.suite import read_suite, suite_names, suite_path
from bench.suites.workload_suite import is_workload_suite

SHIPPED = [
    path for path in sorted((Path(__file__).parents[2] / "suites").glob("*.yaml")) if not is_workload_suite(path)
]
VALID = """\
name: mine
dataset: digits
image_size: 32
grid:
  backbone: [test_resnet]
  weights: [random]
  method: [linear_probe]
  labels_per_class: [5]
  seed: [0, 1]
train:
  steps: 10
"""


@pytest.fixture
def written(tmp_path: Path) -> "Writer":
    return Writer(tmp_path / "suite.yaml")


class Writer:
    """Writes a suite file and reads it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, text: str = VALID, *overrides: str) -> Suite:
        self.path.write_text(text, encoding="utf-8")
        return read_suite(self.path, overrides)

    def problems(self, text: str, *overrides: str) -> list[str]:
        with pytest.raises(InvalidSuite) as refused:
            self.read(text, *overrides)
        return [problem.removeprefix(f"{self.path}:") for problem in refused.value.problems]


def changed(old: str, new: str) -> str:
    assert VALID.count(old) == 1
    return VALID.replace(old, new)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_suite_is_valid(path: Path) -> None:
    suite = read_suite(path)
    assert suite.name == path.stem
    assert suite.description
    assert suite.source == path.read_text(encoding="utf-8")


def test_a_suite_is_read_as_it_is_written(written: Writer) -> None:
    suite = written.read()
    (grid,) = suite.grids
    assert (suite.name, suite.image_size, suite.train) == ("mine", 32, {"steps": 10})
    assert (grid.datasets, grid.methods) == ((Choice("digits"),), (Choice("linear_probe"),))
    assert (grid.budgets, grid.seeds) == ((Budget("labels_per_class", 5),), (0, 1))
    assert (grid.devices, grid.precisions) == (("auto",), ("fp32",))


def test_five_mistakes_give_five_messages_each_with_its_place(written: Writer) -> None:
    text = """\
name: mine
dataset: digits
image_size: 32
colour: red
grid:
  backbone: [test_resnett]
  weights: [random]
  method: [finetun]
  fraction: [1.5]
  seed: [0]
  seed: [1]
"""
    problems = written.problems(text)
    starts = (
        "4:1: colour: unknown key 'colour'",
        "6:14: grid.backbone: unknown backbone 'test_resnett'",
        "8:12: grid.method: unknown method 'finetun'",
        "9:14: grid.fraction.0: must be at most 1",
        "11:3: grid.seed: stands twice, first at line 10",
    )
    for start in starts:
        assert any(problem.startswith(start) for problem in problems), (start, problems)
    assert any("did you mean finetune" in problem for problem in problems)
    assert any("test_resnet" in problem.partition(";")[2] for problem in problems)


def test_all_unknown_names_are_reported_at_once(written: Writer) -> None:
    text = VALID.replace("digits", "digitz").replace("linear_probe", "linear_prob, finetun").replace("random", "randm")
    problems = written.problems(text)
    assert [problem.partition(";")[0] for problem in problems] == [
        "2:1: dataset: unknown dataset 'digitz'",
        "6:13: grid.weights: unknown weights 'randm'",
        "7:12: grid.method: unknown method 'linear_prob'",
        "7:25: grid.method: unknown method 'finetun'",
    ]
    assert all("did you mean" in problem for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("seed:", "sed:", r"9:3: grid\.sed: unknown key 'sed'; did you mean seed"),
        ("steps:", "step:", r"11:3: train\.step: unknown key 'step'; did you mean steps"),
        ("image_size: 32\n", "", r"1:1: image_size: is missing; write it"),
        ("image_size: 32", "image_size: 4", r"3:1: image_size: must be at least 8 \(not 4\)"),
        ("image_size: 32", "image_size: wide", r"3:1: image_size: must be a whole number \(not 'wide'\)"),
        ("image_size: 32", "image_size: 32.5", r"3:1: image_size: must be a whole number \(not 32.5\)"),
        ("name: mine", "name: a/b", r"1:1: name: must fit .* \(not 'a/b'\)"),
        ("name: mine", "name: 5", r"1:1: name: must be text \(not 5\)"),
        ("seed: [0, 1]", "seed: []", r"9:3: grid\.seed: is empty; write at least one value"),
        ("seed: [0, 1]", "seed: 0", r"9:3: grid\.seed: must be a list; write \[a, b\]"),
        ("seed: [0, 1]", "seed: [0, -1]", r"9:13: grid\.seed\.1: must be at least 0 \(not -1\)"),
        ("labels_per_class: [5]", "fraction: [-1]", r"8:14: grid\.fraction\.0: must be at least 0"),
        ("labels_per_class: [5]", "fraction: [1.01]", r"8:14: grid\.fraction\.0: must be at most 1"),
        ("labels_per_class: [5]", "labels: [0]", r"8:12: grid\.labels\.0: must be at least 1"),
        ("  labels_per_class: [5]\n", "", r"4:1: grid: no label budget; write fraction"),
        ("steps: 10", "steps: 0", r"11:3: train\.steps: must be at least 1"),
        ("steps: 10", "checkpoints: 11", r"11:3: train\.checkpoints: must be at most 10"),
        ("steps: 10", "optimizer: adamm", r"11:3: train\.optimizer: must be one of 'sgd', 'adamw' or 'adam'"),
        ("steps: 10", "compile: inductor", r"11:3: train\.compile: must be one of 'none', 'default' or 'cuda_graphs'"),
        ("steps: 10", "batch_size: null", r"11:3: train\.batch_size: must be a whole number"),
        ("  method: [linear_probe]\n", "", r"4:1: grid\.method: is missing; write it"),
        ("[linear_probe]", "[]", r"7:3: grid\.method: is empty"),
        ("random", "resnet.onnx", r"6:13: grid\.weights: unknown weights 'resnet\.onnx'"),
        ("random", "supervised@digitz", r"6:13: grid\.weights: unknown dataset 'digitz'; did you mean digits"),
        ("random", "supervized@digits", r"6:13: grid\.weights: unknown pretraining 'supervized'; did you mean"),
        ("seed: [0, 1]", "device: [gpu]", r"9:12: grid\.device\.0: must fit"),
        ("seed: [0, 1]", "precision: [fp16]", r"9:15: grid\.precision\.0: must be one of 'fp32', 'bf16' or 'auto'"),
        ("train:", "exclude: [{colour: red}]\ntrain:", r"10:\d+: exclude\..*colour"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_cure(written: Writer, old: str, new: str, problem: str) -> None:
    (found,) = written.problems(changed(old, new))
    assert re.match(problem, found), found


@pytest.mark.parametrize(
    ("method", "problem"),
    [
        ("{name: partial_finetune, stagse: 2}", "partial_finetune: unknown parameter 'stagse'; did you mean stages"),
        ("{name: partial_finetune, stages: 0}", "partial_finetune: stages: "),
        ("{name: linear_probe, l2: []}", "linear_probe: l2: "),
        ("{name: linear_probe, solver: newton}", "linear_probe: solver: "),
        ("{name: finetune, learning_rate: -1}", "finetune: learning_rate: "),
        ("{name: finetune, l2: [1.0]}", "finetune: unknown parameter 'l2'"),
    ],
)
def test_a_parameter_of_a_method_is_checked(written: Writer, method: str, problem: str) -> None:
    (found,) = written.problems(changed("[linear_probe]", f"[{method}]"))
    assert found.startswith(f"7:12: grid.method: {problem}")


def test_a_method_without_a_name_is_refused(written: Writer) -> None:
    problems = written.problems(changed("[linear_probe]", "[{stages: 2}]"))
    assert any("name: is missing" in problem for problem in problems)


def test_what_a_catalogue_entry_fixes_is_no_parameter(written: Writer) -> None:
    (found,) = written.problems(changed("dataset: digits", "dataset: {name: cifar10, cls: MNIST}"))
    assert "cifar10: unknown parameter 'cls'" in found


def test_a_recipe_has_one_length(written: Writer) -> None:
    (found,) = written.problems(changed("steps: 10", "steps: 10\n  epochs: 2"))
    assert "train.epochs: stands beside steps; write one of them" in found


def test_a_methods_own_recipe_has_one_length(written: Writer) -> None:
    (found,) = written.problems(changed("[linear_probe]", "[{name: finetune, steps: 10, epochs: 2}]"))
    assert found.startswith("7:12: grid.method: finetune: ")
    assert "epochs stands beside steps; write one of them" in found


def test_optional_probes_are_named_and_the_others_are_not(written: Writer) -> None:
    """Each unknown one, and each that is taken anyway, at its place."""
    assert written.read().probes == ()
    assert written.read(VALID + "probes: [corruptions, corruptions]\n").probes == ("corruptions",)
    assert written.read(VALID, "probes=[corruptions]").probes == ("corruptions",)
    problems = written.problems(VALID + "probes: [corruption, accuracy]\n")
    assert problems[0].startswith("12:10: probes: unknown probe 'corruption'; did you mean corruptions")
    assert problems[1].startswith("12:22: probes: accuracy: is taken in every cell")
    assert written.problems(VALID + "probes: corruptions\n") == [
        "12:1: probes: must be a list; write [a, b] (not 'corruptions')"
    ]


def test_a_learning_rate_with_an_exponent_is_a_number(written: Writer) -> None:
    assert written.read(changed("steps: 10", "learning_rate: 1e-3")).train == {"learning_rate": 0.001}


@pytest.mark.parametrize("precision", ["fp32", "bf16", "auto"])
def test_a_precision_is_taken_as_it_is_written(written: Writer, precision: str) -> None:
    (grid,) = written.read(changed("seed: [0, 1]", f"precision: [{precision}]")).grids
    assert grid.precisions == (precision,)


def test_include_takes_from_the_grid_what_it_leaves_open(written: Writer) -> None:
    base, more = written.read(changed("train:", "include:\n  - {method: [scratch], seed: [7]}\ntrain:")).grids
    assert (more.methods, more.seeds) == ((Choice("scratch"),), (7,))
    assert (more.backbones, more.weights, more.budgets) == (base.backbones, base.weights, base.budgets)


def test_a_mistake_in_an_include_has_its_place(written: Writer) -> None:
    (found,) = written.problems(changed("train:", "include:\n  - method: [scrach]\ntrain:"))
    assert found.startswith("11:14: include.method: unknown method 'scrach'; did you mean scratch")


def test_values_of_exclude_are_globs_as_they_are_written(written: Writer) -> None:
    suite = written.read(changed("train:", "exclude: [{seed: [1, 2], fraction: 0.10, method: 'fine*'}]\ntrain:"))
    assert suite.exclude == ({"seed": ("1", "2"), "fraction": ("0.1",), "method": ("fine*",)},)


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("image_size=96", 96),
        ("train.steps=50", {"steps": 50}),
        ("train.learning_rate=1e-3", {"steps": 10, "learning_rate": 0.001}),
        ("train.epochs=2", {"epochs": 2.0}),
        ("deterministic=false", False),
    ],
)
def test_set_overrides_a_key(written: Writer, override: str, expected: object) -> None:
    key = override.partition("=")[0].partition(".")[0]
    assert getattr(written.read(VALID, override), key) == expected


def test_set_takes_one_value_or_a_list_for_an_axis(written: Writer) -> None:
    assert written.read(VALID, "grid.seed=7").grids[0].seeds == (7,)
    assert written.read(VALID, "grid.seed=[7, 8]").grids[0].seeds == (7, 8)


def test_the_last_override_counts(written: Writer) -> None:
    assert written.read(VALID, "train.epochs=2", "train.steps=5").train == {"steps": 5}


def test_a_mistake_in_set_is_named_by_the_option(written: Writer) -> None:
    assert written.problems(VALID, "image_size=4") == ["--set image_size: image_size: must be at least 8 (not 4)"]
    (found,) = written.problems(VALID, "grid.method=[finetun]")
    assert found.startswith("--set grid.method: grid.method: unknown method 'finetun'")


@pytest.mark.parametrize("override", ["image_size", "=3", "name.first=x", "image_size={", "grid.seed.0=1"])
def test_a_set_that_is_none_is_refused(written: Writer, override: str) -> None:
    with pytest.raises(BenchError, match=rf"--set {re.escape(override)}: "):
        written.read(VALID, override)


def test_duplicate_keys_alone_are_refused(written: Writer) -> None:
    assert written.problems(VALID + "name: other\n") == ["12:1: name: stands twice, first at line 1; remove one"]


@pytest.mark.parametrize("text", ["[a, b]", ""])
def test_a_suite_that_is_no_mapping_is_refused(written: Writer, text: str) -> None:
    (found,) = written.problems(text)
    assert found.startswith("1:1: must be a mapping of keys to values")


def test_a_grid_that_is_no_mapping_is_refused(written: Writer) -> None:
    problems = written.problems("name: mine\ndataset: digits\nimage_size: 32\ngrid: all\n")
    assert problems == ["4:1: grid: must be a mapping of keys to values (not 'all')"]


def test_invalid_yaml_is_refused_at_its_place(written: Writer) -> None:
    (found,) = written.problems(VALID + "  - broken: [\n")
    assert re.match(r"12:\d+: no valid YAML", found)


def test_a_file_that_is_not_utf8_is_refused(written: Writer) -> None:
    written.path.write_bytes(VALID.encode() + "# käse\n".encode("latin-1"))
    with pytest.raises(BenchError, match=r"can't be read .*give a UTF-8 text file"):
        read_suite(written.path)


def test_a_byte_order_mark_does_no_harm(written: Writer) -> None:
    written.path.write_bytes(b"\xef\xbb\xbf" + VALID.encode())
    assert read_suite(written.path).name == "mine"


def test_a_suite_is_found_by_name_and_by_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert "digits_small" in suite_names()
    assert suite_path("digits_small").is_file()
    (tmp_path / "suites").mkdir()
    (tmp_path / "suites" / "digits_small.yaml").write_text(VALID)
    assert suite_path("digits_small") == Path("suites/digits_small.yaml")


def test_an_unknown_suite_is_refused_with_the_nearest() -> None:
    with pytest.raises(BenchError, match="unknown suite 'digit_small'; did you mean digits_small"):
        suite_path("digit_small")
    with pytest.raises(BenchError, match=r"suite nowhere\.yaml: no such file"):
        suite_path("nowhere.yaml")
    with pytest.raises(BenchError, match=r"suite tests: a folder; give a suite's name or file"):
        suite_path("tests")


def test_keys_that_clash_are_told_beside_other_mistakes(tmp_path: Path) -> None:
    """Another mistake in the same mapping hides neither."""
    path = tmp_path / "clash.yaml"
    path.write_text(
        "name: clash\ndataset: digits\nimage_size: 32\n"
        "grid: {backbone: [test_resnet], method: [scratch], sed: [1]}\n"
        "train: {steps: 5, epochs: 1, optimizer: adamax}\n"
    )
    with pytest.raises(InvalidSuite) as caught:
        read_suite(path)
    for said in ("grid.sed: unknown key", "no label budget", "train.optimizer: must be", "train.epochs: stands beside"):
        assert sum(said in line for line in caught.value.problems) == 1


def test_a_shipped_suite_holds_every_method() -> None:
    """Whoever adds one sees it beside the others."""
    suite = read_suite(suite_path("methods_digits"))
    named = {choice.name for grid in suite.grids for choice in grid.methods}
    assert named == set(METHODS.names())


def test_seeds_that_vary_apart_are_axes_of_the_grid(written: Writer) -> None:
    """An include takes them over, or gives its own."""
    text = VALID.replace("  seed:", "  subset_seed: [0, 1, 2]\n  repeat: [0, 1]\n  seed:")
    suite = written.read(text + "include:\n  - {init_seed: [4, 5], repeat: [0]}\n")
    base, included = suite.grids
    assert (base.subset_seeds, base.init_seeds, base.order_seeds, base.repeats) == ((0, 1, 2), (None,), (None,), (0, 1))
    assert (included.subset_seeds, included.init_seeds, included.repeats) == ((0, 1, 2), (4, 5), (0,))
    (problem,) = written.problems(VALID.replace("  seed:", "  order_seed: [-1]\n  seed:"))
    assert "grid.order_seed.0: must be at least 0" in problem
