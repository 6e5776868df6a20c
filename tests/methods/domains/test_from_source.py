"""Learning from a labelled source domain: what each loss alone does, and that no label outside the budget is read."""

import dataclasses
import io
from pathlib import Path

import numpy as np
import pandas
import pytest
import torch
from torch.nn import functional

from bench.answers.summary import summarise
from bench.catalog import REPORTS
from bench.contracts.data import Places
from bench.contracts.training import Fitted
from bench.errors import BenchError, InvalidData
from bench.methods.domains.cdan import LARGEST_PRODUCT, certainty, joiner
from bench.methods.domains.coral import coral_loss
from bench.methods.domains.dann import Dann
from bench.methods.domains.from_source import Domains, parted_source
from bench.methods.domains.mcc import class_confusion
from bench.methods.domains.mmd import mmd
from tests.material.domains import AT_TEST_TIME, FROM_SOURCE, NO_LABELS, ON_SOURCE, SOME_LABELS, cell_of, rows, task_for
from tests.material.tiny import assert_same_numbers, records_of, run_cells

SCALES = (0.5, 1.0, 2.0)


def test_coral_is_zero_for_equal_covariances_whatever_the_means() -> None:
    """And the squared distance over 4 D^2 where they differ: of twice the rows it is nine times their covariance's."""
    source = rows(50, 6)
    assert coral_loss(source, source + 5).item() == pytest.approx(0, abs=1e-9)
    expected = (3 * torch.cov(source.T)).square().sum() / (4 * 36)
    assert coral_loss(source, 2 * source).item() == pytest.approx(expected.item(), rel=1e-4)


def test_mmd_is_zero_for_equal_samples_and_grows_with_a_shift() -> None:
    """In any order of the rows; and it takes domains of different sizes."""
    source = rows(40, 5)
    assert mmd(source, source.flip(0), SCALES).item() == pytest.approx(0, abs=1e-6)
    other = rows(30, 5, seed=1)
    near, far = (mmd(source, other + shift, SCALES).item() for shift in (0.2, 2.0))
    assert 0 < near < far


def test_mmd_sees_what_means_and_covariances_do_not() -> None:
    """Two points against a normal distribution of the same two moments."""
    source = rows(400, 1)
    source = (source - source.mean()) / source.std()
    target = torch.cat([torch.ones(200, 1), -torch.ones(200, 1)])
    target = target / target.std()
    assert coral_loss(source, target).item() == pytest.approx(0, abs=1e-6)
    assert mmd(source, target, (0.05, 0.1)).item() > 0.05


def test_cdan_sees_every_product_or_random_ones_that_keep_them_apart() -> None:
    """Random products have nearly the inner products of all of them."""
    features, shares = rows(6, 40), rows(6, 10, seed=1).softmax(1)
    whole, width = joiner(40, 10, 0, "cpu")
    assert width == 400
    joined = whole(features, shares)
    assert joined.shape == (6, 400)
    assert torch.allclose(joined[2].view(40, 10), torch.outer(features[2], shares[2]))
    wide = LARGEST_PRODUCT // 10 + 1
    some, width = joiner(wide, 10, 0, "cpu")
    assert width == 1024
    features = rows(6, wide)
    exact = (features @ features.T) * (shares @ shares.T)
    products = some(features, shares)
    near = products @ products.T
    assert torch.corrcoef(torch.stack([exact.flatten(), near.flatten()]))[0, 1] > 0.95


def test_certain_predictions_weigh_twice() -> None:
    """Those that know nothing 1 + 1 / C."""
    shares = torch.stack([functional.one_hot(torch.tensor(3), 10).float(), torch.full((10,), 0.1)])
    assert certainty(shares).tolist() == pytest.approx([2.0, 1.1])


def test_mcc_is_least_for_certain_and_diverse_predictions() -> None:
    """None for one class each; 1 - 1 / C for predictions that know nothing, and more than a little in between."""
    certain = 50 * torch.eye(5).repeat(4, 1)
    assert class_confusion(certain, 1.0).item() == pytest.approx(0, abs=1e-6)
    assert class_confusion(torch.zeros(20, 5), 1.0).item() == pytest.approx(0.8)
    doubtful = class_confusion(2 * torch.eye(5).repeat(4, 1), 1.0).item()
    assert 0.1 < doubtful < 0.8
    assert class_confusion(4 * torch.eye(5).repeat(4, 1), 2.0).item() == pytest.approx(doubtful)


@pytest.mark.parametrize("method", [*FROM_SOURCE, *ON_SOURCE])
@pytest.mark.parametrize("budget", [NO_LABELS, SOME_LABELS])
def test_target_labels_outside_the_budget_are_never_read(
    places: Places, tmp_path: Path, method: str, budget: str
) -> None:
    """All others wrong, the model is the same to the last bit."""

    def states(poison: bool) -> list[dict[str, torch.Tensor]]:
        made, task = task_for(tmp_path, places, method, budget, steps=2)
        labels = task.labels.copy()
        if poison:
            labels[task.unlabelled] = (labels[task.unlabelled] + 1) % 10
            assert (labels != task.labels).sum() == len(labels) - len(task.fit_index) - len(task.val_index)
        return list(made.fit(dataclasses.replace(task, labels=labels)).states)

    straight, poisoned = states(poison=False), states(poison=True)
    assert len(straight) == len(poisoned)
    for one, other in zip(straight, poisoned, strict=True):
        assert one.keys() == other.keys()
        assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("method", FROM_SOURCE)
def test_target_labels_of_the_budget_are_learnt_from(places: Places, tmp_path: Path, method: str) -> None:
    """Wrong ones give another model."""

    def last(wrong: bool) -> dict[str, torch.Tensor]:
        made, task = task_for(tmp_path, places, method, SOME_LABELS, steps=2)
        labels = task.labels.copy()
        labels[task.fit_index] = (labels[task.fit_index] + wrong) % 10
        fitted = made.fit(dataclasses.replace(task, labels=labels))
        state: dict[str, torch.Tensor] = fitted.states[fitted.chosen]
        return state

    straight, other = last(wrong=False), last(wrong=True)
    assert any(not torch.equal(straight[name], other[name]) for name in straight)


@pytest.mark.parametrize("method", ["coral", "mmd", "dann", "cdan", "mcc"])
def test_target_images_move_the_model_though_nothing_is_labelled(places: Places, tmp_path: Path, method: str) -> None:
    """With weight 0, or none to look at, it would be the same; and the critic is no part of it."""

    def states(dark: bool) -> Fitted:
        made, task = task_for(tmp_path, places, method)
        images = np.zeros_like(task.images) if dark else task.images
        fitted: Fitted = made.fit(dataclasses.replace(task, images=images))
        return fitted

    one, other = states(dark=False), states(dark=True)
    assert not torch.equal(one.states[-1]["head.weight"], other.states[-1]["head.weight"])
    assert set(one.states[-1]) == {*(f"backbone.{name}" for name in one.model.backbone.state_dict()), *HEAD}  # type: ignore[operator,union-attr]
    assert one.trace is not None
    assert one.trace.optimizer_exact
    assert not one.trace.blank_start


@pytest.mark.parametrize(("weight", "same"), [(0.0, True), (1.0, False)])
def test_dann_lets_the_critic_reach_the_features_by_its_weight(
    places: Places, tmp_path: Path, weight: float, same: bool
) -> None:
    """Without one, two critics of different widths leave the same model, to the last bit."""
    states = []
    for hidden in ((4,), (16,)):
        _, task = task_for(tmp_path, places, "dann")
        fitted = Dann(weight=weight, hidden=hidden).fit(task)
        states.append(fitted.states[-1])
    equal = [torch.equal(states[0][name], states[1][name]) for name in states[0] if name.endswith("weight")]
    assert all(equal) == same


HEAD = ("head.weight", "head.bias")


def test_source_is_validated_on_only_where_no_target_label_can(places: Places, tmp_path: Path) -> None:
    """A stratified fifth of it, left out of the training; the numbers of the target's images lie behind."""
    _, task = task_for(tmp_path, places, "source_only")
    assert task.source is not None
    fit, val = parted_source(task)
    assert len(fit) + len(val) == len(task.source.labels) == 200
    assert np.bincount(task.source.labels[val]).tolist() == [4] * 10
    _, labelled = task_for(tmp_path, places, "source_only", SOME_LABELS)
    derived = Domains.of(labelled).numbered(labelled)
    assert derived.fit_index.tolist() == list(range(200))
    assert derived.val_index.tolist() == (200 + labelled.val_index).tolist()
    assert (derived.labels[derived.val_index] == labelled.labels[labelled.val_index]).all()


def test_both_domains_are_read_by_one_numbering(places: Places, tmp_path: Path) -> None:
    """A number past the source's is the target's."""
    _, task = task_for(tmp_path, places, "source_only")
    assert task.source is not None
    both = Domains.of(task)
    assert (both.read(np.array([3]), None)[0].numpy() == task.source.images[3]).all()
    assert (both.read(np.array([203]), None)[0].numpy() == task.images[3]).all()


def test_compiling_batches_of_two_domains_is_refused(places: Places, tmp_path: Path) -> None:
    """The source alone may be compiled."""
    made, task = task_for(tmp_path, places, "coral")
    task = dataclasses.replace(task, training=dataclasses.replace(task.training, compile="default"))
    with pytest.raises(InvalidData, match="write compile: none"):
        made.fit(task)


def test_source_outputs_are_made_once_and_shared(cold_places: Places, tmp_path: Path) -> None:
    """Two methods of one network; the source's are told from the target's."""
    features = cold_places.cache_dir / "features"
    _, task = task_for(tmp_path, cold_places, FROM_SOURCE[1])
    assert task.source_outputs is not None
    source, target = task.source_outputs(task.whole), task.outputs(task.whole, None)
    assert source.shape == (200, task.backbone.width)
    assert not torch.equal(source, target[: len(source)])
    made = {path.name: path.stat().st_mtime_ns for path in features.glob("[!.]*")}
    _, again = task_for(tmp_path, cold_places, "{name: subspace_alignment, dimensions: 10}")
    assert again.source_outputs is not None
    assert torch.equal(again.source_outputs(again.whole), source)
    assert {path.name: path.stat().st_mtime_ns for path in features.glob("[!.]*")} == made


@pytest.mark.parametrize("method", ["dann", FROM_SOURCE[1], *ON_SOURCE[:2]])
def test_no_target_labels_end_to_end(places: Places, tmp_path: Path, method: str) -> None:
    """A record, its audit and every report; the column says that there were no labels. Twice the same digits."""
    cell = cell_of(tmp_path, method)
    for out in (tmp_path / "one", tmp_path / "other"):
        assert run_cells([cell], out, places).unfinished == ()
    assert_same_numbers(tmp_path / "one", tmp_path / "other", [cell])
    (record,) = records_of(tmp_path / "one").values()
    assert (record.n_labels, record.n_train, record.n_val, record.fraction) == (0, 0, 0, 0.0)
    assert (record.labels_per_class, record.n_source) == (0, 200)
    assert record.accuracy_per_s is not None
    assert record.val_accuracy is not None
    assert set((record.audit or {}).values()) <= {True, None}
    if record.features_cold_s is not None:
        assert record.features_s is not None
        assert record.features_cold_s > 0
    summary = summarise([record], {})
    assert summary.rows[0].setting.endswith("(random, from glyphs)")
    for name in REPORTS.names():
        contents = REPORTS.entry(name).load()(summary, tmp_path)
        if isinstance(contents, bytes):
            (count,) = pandas.read_parquet(io.BytesIO(contents))["n_labels"]
            assert count == 0
        else:
            assert any(told in contents for told in ("0 %", "0 \\%", "0.0", ",0,"))


def test_method_that_adapts_needs_a_source(places: Places, tmp_path: Path) -> None:
    """And one that does not, labels: without both the grid is empty."""
    with pytest.raises(BenchError, match="neither labels nor a source"):
        cell_of(tmp_path, "finetune")
    for name in AT_TEST_TIME:
        with pytest.raises(BenchError, match="neither labels nor a source"):
            cell_of(tmp_path, name)
        assert cell_of(tmp_path, f"{{name: {name}, base: source_only}}").source is not None
        assert cell_of(tmp_path, name, SOME_LABELS).source is None
