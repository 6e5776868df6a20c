"""Recurrent networks that read an image row by row."""

from pathlib import Path

import pytest

from bench.backbones.sequence import SequenceSource
from bench.contracts.data import Places
from bench.errors import BenchError, InvalidData, Unavailable
from bench.suites.choices import check_backbone
from tests.material import networks, tiny

NAMES = ["sequence:rnn", "sequence:lstm", "sequence:gru"]


@pytest.mark.parametrize("name", [*NAMES, "sequence:lstm-16x3"])
def test_recurrent_network_is_a_backbone(name: str, tmp_path: Path) -> None:
    """As every other."""
    networks.assert_is_a_backbone(name, 32, tmp_path)


def test_sizes_stand_in_the_name() -> None:
    """Width of the features, and a stage for each layer."""
    backbone = networks.build("sequence:gru-24x3", 16)
    assert (backbone.width, len(backbone.stages)) == (24, 3)
    assert networks.build("sequence:gru", 16).width == 128
    assert [{name.split(".")[1] for name in stage} for stage in backbone.stages] == [{"0"}, {"1"}, {"2"}]


@pytest.mark.parametrize("name", [*NAMES, "sequence:lstm-64x1", "sequence:rnn-8x12"])
def test_name_is_known(name: str) -> None:
    """With and without sizes."""
    check_backbone(name)


@pytest.mark.parametrize("name", ["sequence:lstn", "sequence:lstm-0x2", "sequence:lstm-64", "sequence:lstm-64x0"])
def test_unknown_name_is_refused_with_near_ones(name: str) -> None:
    """Before anything is built."""
    with pytest.raises(BenchError, match=r"unknown backbone .*did you mean .*sequence:"):
        check_backbone(name)
    with pytest.raises(BenchError, match="unknown backbone"):
        SequenceSource().build(name, None, 16)


def test_listed_names_fit_the_glob() -> None:
    """A name with sizes is not listed, since there are too many."""
    assert SequenceSource().names("*") == sorted(NAMES)
    assert SequenceSource().names("sequence:l*") == ["sequence:lstm"]


def test_there_are_no_published_weights(tmp_path: Path) -> None:
    """And it is said what to write."""
    with pytest.raises(Unavailable, match="write weights: random"):
        SequenceSource().find("sequence:lstm", Places(None, None, tmp_path), download=True)


def test_weights_fit_no_other_image_size(tmp_path: Path) -> None:
    """The rows have another length."""
    from safetensors.torch import save_file

    file = tmp_path / "weights.safetensors"
    save_file(networks.build("sequence:gru", 32).network.state_dict(), file)
    with pytest.raises(InvalidData, match="can't be loaded"):
        networks.build("sequence:gru", 16, file)


def test_cells_run_and_a_frozen_layer_is_computed_once(places: Places, tmp_path: Path) -> None:
    """A probe, a partial fine-tune that is cut between the layers, and a full one."""
    methods = "grid.method=[linear_probe, {name: partial_finetune, prefix: cached}, finetune]"
    suite = tiny.write_suite(tmp_path)
    cells = tiny.cells_of(suite, [methods, "grid.backbone=['sequence:gru']", "grid.labels_per_class=6"])
    tiny.run_cells(cells, tmp_path / "out", places)
    records = tiny.records_of(tmp_path / "out").values()
    assert [record.status for record in records] == ["ok"] * 3
    parts = {record.method: record.frozen_part for record in records}
    assert parts["linear_probe"] == "features"
    assert parts["partial_finetune"] not in (None, "features")
