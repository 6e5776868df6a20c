"""The gradient loop as a whole: checkpoints, batches, patience, divergence, each option of a recipe, compilation."""

import dataclasses
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.contracts.training import Fitted, Trace
from bench.errors import Diverged
from bench.methods.gradient import Tuning, fit_backbone
from bench.probes import throughput
from bench.suites.choices import make
from tests.material import tiny


def whole(folder: Path, places: Places, *overrides: str, **recipe: Any) -> Any:
    """Fine-tune the whole tiny network and return what came of it."""
    task, backbone = tiny.task_of(tiny.one_cell(folder, "grid.method=finetune", *overrides), places)
    task = dataclasses.replace(task, training=dataclasses.replace(task.training, **recipe))
    return fit_backbone(task, Tuning([name for name, _ in backbone.network.named_parameters()]))


@pytest.mark.parametrize(("checkpoints", "steps", "kept"), [(1, 6, 1), (3, 6, 3), (6, 6, 6), (10, 4, 4)])
def test_as_many_checkpoints_as_asked_for_but_no_more_than_steps(
    places: Places, tmp_path: Path, checkpoints: int, steps: int, kept: int
) -> None:
    """Evenly along the training; the last step is always one."""
    fitted = whole(tmp_path, places, checkpoints=checkpoints, steps=steps)
    assert len(fitted.states) == kept
    assert len(fitted.trace.losses) == len(fitted.trace.wall_s) == steps


def test_batch_is_clamped_to_the_images_and_all_are_used(places: Places, tmp_path: Path) -> None:
    """Fifty images to learn from and a batch of 500: one batch an epoch."""
    fitted = whole(tmp_path, places, batch_size=500, steps=3)
    assert fitted.trace.batch_effective == 50
    assert list(fitted.trace.images) == [50, 50, 50]


def test_an_image_that_every_batch_takes_along_is_part_of_it(places: Places, tmp_path: Path) -> None:
    """Fifty images and a batch of 49: no batch has the size that was asked for."""
    trace = whole(tmp_path, places, batch_size=49, steps=3).trace
    assert (trace.batch_effective, list(trace.images)) == (50, [50, 50, 50])
    assert trace.full == [0, 1, 2]


@pytest.mark.parametrize(("method", "growing"), [("finetune", False), ("gradual_unfreezing", True)])
def test_a_training_says_whether_more_learns_on_the_way(
    places: Places, tmp_path: Path, method: str, growing: bool
) -> None:
    """Its later steps are others than the first."""
    cell = tiny.one_cell(tmp_path, f"grid.method={method}")
    task, _ = tiny.task_of(cell, places)
    assert make(METHODS, cell.method).fit(task).trace.growing is growing


def test_one_label_per_class_trains(places: Places, tmp_path: Path) -> None:
    """Ten images, batches of three: the one left over joins the batch before it."""
    fitted = whole(tmp_path, places, "grid.labels_per_class=1", batch_size=3, steps=6)
    assert list(fitted.trace.images) == [3, 3, 4, 3, 3, 4]


def test_training_learns(places: Places, tmp_path: Path) -> None:
    """Forty steps take a third off the loss on fifty digits."""
    losses = whole(tmp_path, places, steps=40, checkpoints=1).trace.losses
    assert losses[-1] < 0.67 * losses[0]


def test_patience_ends_training_early(places: Places, tmp_path: Path) -> None:
    """With a learning rate at which nothing changes, the second checkpoint is the last."""
    fitted = whole(tmp_path, places, learning_rate=1e-12, head_learning_rate=1e-12, steps=10, checkpoints=5, patience=1)
    assert len(fitted.states) < 5
    assert len(fitted.trace.losses) < 10


def test_divergence_is_raised_within_the_training(places: Places, tmp_path: Path) -> None:
    """An absurd learning rate."""
    with pytest.raises(Diverged):
        whole(tmp_path, places, learning_rate=1e30, head_learning_rate=1e30, steps=6)


@pytest.mark.parametrize("recipe", [{"mixup": 0.4}, {"loss": "mse"}, {"label_smoothing": 0.2}, {"optimizer": "sgd"}])
def test_each_option_of_a_recipe_trains_and_repeats(places: Places, tmp_path: Path, recipe: dict[str, Any]) -> None:
    """The losses are those of the same recipe again, and not those of the plain one."""
    first, second, plain = (
        whole(tmp_path, places, **options).trace.losses for options in (recipe, recipe, {"steps": 4})
    )
    assert list(first) == list(second)
    assert list(first) != list(plain)


@pytest.fixture
def cold_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is compiled yet, in this process or on disk."""
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path / "inductor"))
    torch.compiler.reset()


def compiled_trace(folder: Path, places: Places, method: str, *overrides: str) -> tuple[Fitted, Trace]:
    """Fit a method on fifty digits."""
    cell = tiny.one_cell(folder, f"grid.method={method}", *overrides)
    task, _ = tiny.task_of(cell, places)
    fitted: Fitted = make(METHODS, cell.method).fit(task)
    assert fitted.trace is not None
    return fitted, fitted.trace


COMPILER = pytest.mark.skipif(
    not (shutil.which("c++") or shutil.which("g++")), reason="torch.compile needs a C++ compiler"
)


@pytest.mark.slow
@COMPILER
@pytest.mark.usefixtures("cold_compiler")
@pytest.mark.parametrize("method", ["mlp_probe", "[{name: partial_finetune, prefix: cached}]"])
def test_compiled_training_is_the_same_training(places: Places, tmp_path: Path, method: str) -> None:
    """Losses agree but for rounding; what compiling took stands apart, and the states have their plain names."""
    plain, slow = compiled_trace(tmp_path, places, method, "train.batch_size=25")
    fitted, fast = compiled_trace(tmp_path, places, method, "train.batch_size=25", "train.compile=default")
    assert fast.losses == pytest.approx(slow.losses, rel=1e-3)
    assert slow.compile_s is None
    assert fast.compile_s == fast.wall_s[0] > 5 * fast.wall_s[-1]
    assert fitted.states[-1].keys() == plain.states[-1].keys()
    for name, tensor in plain.states[-1].items():
        torch.testing.assert_close(fitted.states[-1][name], tensor, rtol=1e-2, atol=1e-3)


@pytest.mark.slow
@COMPILER
@pytest.mark.usefixtures("cold_compiler")
def test_compiling_for_a_smaller_batch_is_no_measured_step(places: Places, tmp_path: Path) -> None:
    """The last batch of each epoch has two images, for which torch compiles again."""
    fitted, trace = compiled_trace(tmp_path, places, "mlp_probe", "train.compile=default", "train.steps=12")
    assert set(trace.images) == {16, 2}
    assert trace.compile_s is not None
    steps = list(zip(trace.wall_s, trace.images, strict=True))
    plain = [(seconds, images) for seconds, images in steps if seconds < 20 * min(trace.wall_s)]
    assert trace.compile_s > 0.9 * (sum(trace.wall_s) - sum(seconds for seconds, _ in plain))
    run: Any = SimpleNamespace(fitted=dataclasses.replace(fitted, part=None), workers=1)
    rate = sum(images for _, images in plain) / sum(seconds for seconds, _ in plain)
    assert throughput.probe(run)["throughput_images_per_s"] > rate / 2
