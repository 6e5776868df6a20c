"""What a record says of a cell that no probe measures, on runs of which only what is looked at is there."""

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from bench.cell.provenance import preprocessing, provenance, side_arrays
from bench.contracts.networks import InputSpec, WeightsFile
from bench.contracts.training import SourceDomain
from bench.data.splits import BudgetSplit
from bench.data.transforms import Geometry
from bench.schema import content_hash
from tests.material.examples import a_cell

SPEC = InputSpec((0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bilinear", 0.875, 224)
LABELS = np.array([0, 0, 0, 1, 1, 1, 2, 2, 2, 2], np.int64)


def split_of(fit: list[int], val: list[int]) -> BudgetSplit:
    """A budget of some images."""
    return BudgetSplit(np.array(fit, np.int64), np.array(val, np.int64))


def run_of(**changes: Any) -> Any:
    """A run on ten images of three classes that was not tuned."""
    cell = a_cell(image_size=32)
    plain = {
        "cell": cell,
        "job": SimpleNamespace(
            own_validation=0,
            data_fingerprint="d",
            weights=WeightsFile(None, None, "random", "drawn"),
            source_fingerprint=None,
        ),
        "task": SimpleNamespace(labels=LABELS, source=None),
        "backbone": SimpleNamespace(input=SPEC),
        "fitted": SimpleNamespace(
            part=None, part_reason="nothing is frozen", selection="last step", choice={"step": 4}
        ),
        "evaluation": SimpleNamespace(
            labels=np.array([0, 2]),
            logits=torch.tensor([[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]),
            candidate_accuracies=(0.5,),
        ),
        "n_classes": 3,
        "test_ids": ("a", "b"),
        "tuned": SimpleNamespace(cell=cell, trials=None, edges=()),
    }
    return SimpleNamespace(**{**plain, **changes})


def test_labels_are_counted_by_what_they_are_for() -> None:
    """The budget is training and validation together."""
    fields = provenance(run_of(), split_of([0, 3, 6], [1, 4, 7]))
    assert (fields["n_labels"], fields["n_train"], fields["n_val"], fields["n_test"]) == (6, 3, 3, 2)
    assert (fields["fraction"], fields["labels_per_class"]) == (0.6, 2)
    assert fields["test_sha256"] == content_hash(["a", "b"])


@pytest.mark.parametrize(("fit", "each"), [([0, 3, 6], 1), ([0, 3, 6, 7], None), ([0, 3], None)])
def test_labels_per_class_are_told_where_all_classes_have_as_many(fit: list[int], each: int | None) -> None:
    """A class without any label counts too."""
    assert provenance(run_of(), split_of(fit, []))["labels_per_class"] == each


def test_what_tuning_chose_stands_beside_what_the_method_chose() -> None:
    """Of the training's keys and of the method's own."""
    cell = a_cell(trials=({"learning_rate": 0.1, "depth": 1}, {"learning_rate": 0.2, "depth": 1}))
    best = dataclasses.replace(
        cell,
        training=dataclasses.replace(cell.training, learning_rate=0.2),
        method=dataclasses.replace(cell.method, params={"depth": 1}),
    )
    tuned = SimpleNamespace(cell=best, trials=[{"val_accuracy": 0.5}], edges=("learning_rate",))
    fields = provenance(run_of(cell=cell, tuned=tuned), split_of([0], []))
    assert fields["trials"] == [{"val_accuracy": 0.5}]
    assert fields["chosen"] == {
        "step": 4,
        "tuned": {"learning_rate": 0.2, "depth": 1},
        "tuned_edges": ["learning_rate"],
    }
    assert provenance(run_of(), split_of([0], []))["chosen"] == {"step": 4}


def test_images_of_a_source_are_counted() -> None:
    """Null where there is none."""
    none = np.zeros((4, 2, 2, 3), np.uint8)
    source = SourceDomain(none, np.zeros(4, np.int64), np.arange(4))
    assert provenance(run_of(), split_of([0], []))["n_source"] is None
    task = SimpleNamespace(labels=LABELS, source=source)
    assert provenance(run_of(task=task), split_of([0], []))["n_source"] == 4


def test_preprocessing_is_told_in_words() -> None:
    """Geometry, then normalisation to four digits."""
    told = preprocessing(Geometry(32, None, "bilinear"), SPEC)
    assert told == f"{Geometry(32, None, 'bilinear')}, normalise mean (0.485, 0.456, 0.406) std (0.229, 0.224, 0.225)"


def test_predictions_are_kept_and_steps_where_there_were_any() -> None:
    """A solver has no steps."""
    solved = run_of(fitted=SimpleNamespace(trace=None))
    arrays = side_arrays(solved, split_of([3], [4]))
    assert arrays["predictions"].tolist() == [0, 1]
    assert arrays["labels"].tolist() == [0, 2]
    assert (arrays["fit_index"].tolist(), arrays["val_index"].tolist()) == ([3], [4])
    assert np.allclose(arrays["probabilities"].sum(1), 1, atol=1e-3)
    trace = SimpleNamespace(wall_s=[0.1], cpu_s=[0.1], losses=[1.0], images=[8])
    trained = side_arrays(run_of(fitted=SimpleNamespace(trace=trace)), split_of([3], [4]))
    assert trained.keys() - arrays.keys() == {"step_s", "step_cpu_s", "losses", "step_images"}
