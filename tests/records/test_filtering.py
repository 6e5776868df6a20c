"""Records are chosen by globs; what fits nothing known is refused."""

import pytest

from bench.errors import BenchError
from bench.records.filtering import VALUES, chosen
from tests.material.examples import a_record

RECORDS = {
    name: a_record(cell_id=name, backbone=name, seed=seed, budget=f"{seed} per class", n_labels=10 * seed)
    for seed, name in enumerate(("resnet18", "resnet50", "vit"))
}


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ([], ["resnet18", "resnet50", "vit"]),
        (["backbone=resnet*"], ["resnet18", "resnet50"]),
        (["backbone=resnet18,vit"], ["resnet18", "vit"]),
        (["backbone=resnet*", "seed=1"], ["resnet50"]),
        (["budget=20"], ["vit"]),
        (["budget=1 per class"], ["resnet50"]),
        (["device=cuda"], []),
    ],
    ids=str,
)
def test_all_filters_must_hold_and_one_glob_of_each(filters: list[str], left: list[str]) -> None:
    assert list(chosen(RECORDS, filters)) == left


@pytest.mark.parametrize("key", VALUES)
def test_every_key_has_its_values_in_a_record(key: str) -> None:
    assert all(isinstance(value, str) for value in VALUES[key](a_record()))
    assert chosen(RECORDS, [f"{key}=*"]) == RECORDS


@pytest.mark.parametrize(
    ("text", "said"), [("backbone", "write KEY=GLOB"), ("backbone=", "write KEY=GLOB"), ("backbon=x", "backbone")]
)
def test_filter_that_is_none_is_refused(text: str, said: str) -> None:
    with pytest.raises(BenchError, match=said):
        chosen(RECORDS, [text])


def test_seeds_that_vary_apart_are_keys_of_their_own() -> None:
    """What is not given is as the seed."""
    made = {"a": a_record(seed=1), "b": a_record(seed=1, subset_seed=2, repeat=1)}
    found = {key: list(chosen(made, [key])) for key in ("subset_seed=1", "subset_seed=2", "order_seed=1", "repeat=1")}
    assert found == {"subset_seed=1": ["a"], "subset_seed=2": ["b"], "order_seed=1": ["a", "b"], "repeat=1": ["b"]}
