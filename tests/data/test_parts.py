"""What parts of a data set are called, and what they are taken for."""

import pytest

from bench.data.parts import Use, part_of, parts_of, resembles_a_part, taken_for, uses_of
from bench.errors import InvalidData


@pytest.mark.parametrize(
    ("part", "names"),
    [
        (
            "train",
            ["train", "Train", "TRAIN", " train ", "training", "Training", "train_set", "training_set", "trainset"],
        ),
        ("test", ["test", "TEST", "testing", "Testing", "test_set", "test-set", "Test Set", "test_data"]),
        (
            "val",
            ["val", "valid", "Validation", "dev", "development", "eval", "evaluation", "val_split", "validation_set"],
        ),
        (None, ["cat", "trainer", "tests", "train2017", "train station", "set", "data", "", "trainval", "vale", "0"]),
    ],
)
def test_parts_are_known_in_their_usual_spellings(part: str | None, names: list[str]) -> None:
    assert {name: part_of(name) for name in names} == dict.fromkeys(names, part)


@pytest.mark.parametrize("names", [["val", "valid"], ["Test", "test"], ["train", "training_set"], ["dev", "eval"]])
def test_two_names_of_one_part_are_refused(names: list[str]) -> None:
    with pytest.raises(InvalidData, match=f"here: both '{names[0]}' and '{names[1]}' name the part"):
        parts_of("here", names)


def test_names_of_no_part_are_passed_over() -> None:
    assert parts_of("here", ["cat", "Testing", "train"]) == {"train": "train", "test": "Testing"}


@pytest.mark.parametrize(
    ("parts", "uses"),
    [
        (["train", "test"], {"train": "train", "test": "test"}),
        (["train", "val"], {"train": "train", "val": "test"}),
        (["val", "test", "train"], {"train": "train", "test": "test", "val": "validation"}),
        (["train"], {"train": "train"}),
        (["test"], {"test": "train"}),
        (["val"], {"val": "train"}),
    ],
)
def test_the_part_for_validation_tests_where_nothing_else_does(parts: list[str], uses: dict[str, Use]) -> None:
    """One alone is parted. The order is that in which they are read."""
    found = uses_of("here", parts)  # type: ignore[arg-type]
    assert list(found.items()) == list(uses.items())


def test_parts_without_one_for_training_are_refused() -> None:
    with pytest.raises(InvalidData, match="here: test and val but no train; add it, or keep one of them"):
        uses_of("here", ["val", "test"])


def test_what_is_called_and_used_as_everybody_would_think_needs_no_word() -> None:
    assert taken_for("train/", "train", "train", "train") is None
    assert taken_for("Train/", "Train", "train", "train") == "Train/ is taken for training"
    assert taken_for("val/", "val", "val", "test") == "val/ is taken for testing"
    assert taken_for("val/", "val", "val", "validation") == (
        "val/ is left out: validation comes out of the label budget; `validation: own` in the suite selects on it"
    )


def test_names_with_a_part_in_them_resemble_one() -> None:
    """As `train2017` does; as a class, it may be `train station`."""
    assert all(map(resembles_a_part, ["train2017", "seg_test", "my-val", "train station"]))
    assert not any(map(resembles_a_part, ["cat", "trainer", "testament"]))
