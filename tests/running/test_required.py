"""A suite may demand the hashes of its data and weights: others are refused before a cell runs, and afterwards too."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.material.command_line import PROBE, QUICK, Command
from tests.material.examples import write_weights


def a_suite(folder: Path, **require: Any) -> Path:
    """A suite of one cell from a file of weights."""
    contents = {
        "name": "demanding",
        "dataset": "digits",
        "image_size": 32,
        "grid": {
            "backbone": ["test_resnet"],
            "weights": ["pretrained"],
            "method": ["linear_probe"],
            "labels_per_class": [2],
        },
        "threads": 1,
        **({"require": require} if require else {}),
    }
    path = folder / "demanding.yaml"
    path.write_text(yaml.safe_dump(contents))
    return path


def test_hashes_that_are_demanded_are_those_of_the_record(bench: Command, tmp_path: Path) -> None:
    """With the record's own the same cell is there already; with others nothing runs, in one line each."""
    options = (*PROBE, *QUICK, "--weights-dir", write_weights(tmp_path, 1))
    (record,) = bench("run", a_suite(tmp_path), *options, "--json").json["records"]
    right = {
        "data": {"digits": record["dataset_fingerprint"][:12]},
        "weights": {"test_resnet": record["weights_sha256"]},
    }
    assert bench("run", a_suite(tmp_path, **right), *options, "--json").json["resumed"] == 1
    exact = {"weights": {"test_resnet pretrained": record["weights_sha256"][:20]}}
    assert bench("run", a_suite(tmp_path, **exact), *options, "--out", "anew").code == 0
    wrong = {"data": {"digits": "0" * 12}, "weights": {"test_resnet": "f" * 64}}
    for more in ((), ("--out", "elsewhere"), ("--rerun", "all")):
        said = bench("run", a_suite(tmp_path, **wrong), *options, *more)
        assert said.code == 2
        assert f"require.data.digits: what {'a result here is of' if not more else 'lies here'} has the" in said.err
        assert f"SHA-256 {record['weights_sha256']}, which does not begin with {'f' * 64}" in said.err
        assert said.err.count("bench: error: ") == 2, "one line for each"
    assert (tmp_path / "elsewhere" / "records.jsonl").read_text() == ""


def test_a_change_of_the_file_is_noticed(bench: Command, tmp_path: Path) -> None:
    """Other weights under the same name."""
    options = (*PROBE, *QUICK, "--weights-dir", write_weights(tmp_path, 1))
    (record,) = bench("run", a_suite(tmp_path), *options, "--json").json["records"]
    write_weights(tmp_path, 2)
    suite = a_suite(tmp_path, weights={"test_resnet": record["weights_sha256"]})
    said = bench("run", suite, *options)
    assert (said.code, "require.weights.test_resnet: what lies here has the SHA-256" in said.err) == (2, True)


@pytest.mark.parametrize(
    ("require", "said"),
    [
        ({"data": {"digit": "0" * 12}}, "require.data: unknown data set of this suite 'digit'; did you mean digits?"),
        ({"weights": {"test_resne": "0" * 12}}, "did you mean test_resnet"),
        ({"data": {"digits": "0" * 11}}, "must fit"),
        ({"data": {"digits": "X" * 12}}, "must fit"),
        ({"data": {"digits": 123456789012}}, "must be text"),
        ({"date": {}}, "unknown key 'date'; did you mean data?"),
    ],
    ids=str,
)
def test_a_demand_that_nothing_could_meet_is_a_mistake_in_the_suite(
    bench: Command, tmp_path: Path, require: dict[str, Any], said: str
) -> None:
    """With its line: a slip in a name would demand nothing."""
    answer = bench("validate", a_suite(tmp_path, **require))
    assert (answer.code, said in answer.err) == (2, True), answer.err


def test_what_is_drawn_or_trained_here_has_no_hash_that_its_backbones_name_could_demand(
    bench: Command, tmp_path: Path
) -> None:
    """Named with its weights what is trained here has."""
    zeros = "0" * 12
    for weights, name, code in (
        ("random", "test_resnet", 2),
        ("random", "test_resnet random", 2),
        ("supervised@glyphs", "test_resnet", 2),
        ("supervised@glyphs", "test_resnet supervised@glyphs", 0),
    ):
        suite = a_suite(tmp_path, weights={name: zeros})
        assert bench("validate", suite, "--set", f"grid.weights=[{weights}]").code == code, name
