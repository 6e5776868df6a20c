"""What methods say of themselves, and what they say it with."""

from pathlib import Path
from typing import get_args

import pytest

from bench.catalog import METHODS
from bench.contracts.data import Places
from bench.errors import InvalidData
from bench.methods.descriptions import Aligning, Probe, Tuning, every_parameter, refuse_compile, stage_rates
from bench.methods.frozen.knn import Knn
from bench.methods.frozen.linear_probe import LinearProbe
from bench.methods.frozen.mlp_probe import MlpProbe
from bench.methods.frozen.prototype import Prototype
from bench.methods.frozen.ridge_probe import RidgeProbe
from bench.methods.kinds import AtTestTime
from bench.methods.test_time.bn_adapt import BnAdapt
from bench.methods.test_time.memo import Memo
from bench.methods.test_time.tent import Tent
from bench.schema import Choice
from bench.suites.choices import make
from tests.material.domains import task_for as task_from_source
from tests.material.fitting import moved, state_of, task_for, trained_by

TUNED = ("finetune", "scratch", "partial_finetune", "layerwise_lr_decay", "gradual_unfreezing", "norm_tuning", "l2_sp")
PROBES = (LinearProbe(), LinearProbe(solver="gradient"), RidgeProbe(), MlpProbe(), Knn(), Prototype())


def test_stage_rates_know_every_parameter() -> None:
    """Each once."""
    assert stage_rates((("a", "b"), ("c",)), 0.5, first=1.0) == {"a": 0.5, "b": 0.5, "c": 1.0}


def test_a_method_says_what_learns_without_training(places: Places, tmp_path: Path) -> None:
    """By names that the backbone knows; the backbone is left as it was."""
    _, task, backbone = task_for(tmp_path, places)
    modules, before = list(backbone.network.named_modules()), state_of(backbone.network)
    for name in TUNED:
        tuning = make(METHODS, Choice(name)).tuning(task)
        assert isinstance(tuning, Tuning)
        assert set(tuning.learning) <= set(every_parameter(task)), name
    assert list(backbone.network.named_modules()) == modules
    assert moved(before, backbone.network) == set()


def test_each_kind_of_probe_is_described_by_a_method() -> None:
    """None stands there for nobody."""
    assert {type(method.probe()) for method in PROBES} == set(get_args(Probe))


@pytest.mark.parametrize("name", ["source_only", "coral", "mmd", "dann", "cdan", "mcc"])
def test_a_critic_stands_beside_what_is_adversarial_alone(places: Places, tmp_path: Path, name: str) -> None:
    """And what only learns the source aligns nothing."""
    made, task = task_from_source(tmp_path, places, name)
    aligning = made.aligning(task)
    assert (aligning is None) == (name == "source_only")
    if isinstance(aligning, Aligning):
        assert (aligning.critic is not None) == (name in ("dann", "cdan"))


@pytest.mark.parametrize(
    ("method", "adapts"),
    [(BnAdapt(), "statistics"), (Tent(), "scales"), (Memo(), "all"), (Memo(adapts="norm"), "scales")],
)
def test_what_answers_says_what_it_changes(method: AtTestTime, adapts: str) -> None:
    """So that a network without it is refused before it is trained."""
    assert method.answering().adapts == adapts
    assert method.answering().only_chosen == isinstance(method, Memo)


def test_compiled_pass_is_refused_under_the_methods_name(places: Places, tmp_path: Path) -> None:
    """With the reason, and what to write; without compiling there is nothing to refuse."""
    _, task, _ = task_for(tmp_path, places)
    refuse_compile(task, "bss", "its loss needs the features")
    with pytest.raises(
        InvalidData, match=r"^bss: compile: default .* its loss needs the features; write compile: none"
    ):
        refuse_compile(trained_by(task, compile="default"), "bss", "its loss needs the features")
