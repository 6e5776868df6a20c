"""Which weights a name stands for, and where they are looked for."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from bench.backbones.sources import find_weights, is_checkpoint, source_of
from bench.backbones.timm import TimmSource
from bench.backbones.torchvision import TorchvisionSource
from bench.contracts.data import Places
from bench.errors import BenchError, InvalidData, Unavailable
from bench.machine.digests import file_sha256
from tests.material import networks


def places_with(folder: Path, *files: str) -> Places:
    """Return places whose weights folder holds some files, each with other contents."""
    for file in files:
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).write_text(file)
    return Places(None, folder, folder)


def test_prefix_names_the_source() -> None:
    """Without one it is timm; an unknown one is refused with what there is."""
    assert isinstance(source_of("resnet18"), TimmSource)
    assert isinstance(source_of("torchvision:resnet18"), TorchvisionSource)
    with pytest.raises(BenchError, match="torchvision"):
        source_of("torchvison:resnet18")


def test_random_weights_are_no_file(tmp_path: Path) -> None:
    """Their fingerprint is the word; the seed is the cell's."""
    found = find_weights("test_resnet", "random", Places(None, None, tmp_path))
    assert (found.path, found.sha256, found.fingerprint) == (None, None, "random")


def test_checkpoint_is_found_by_its_path_or_in_the_weights_folder(tmp_path: Path) -> None:
    """Its contents are its fingerprint; a missing one is the user's mistake, not a skipped cell."""
    places = places_with(tmp_path, "mine.pth")
    for written in ("mine.pth", str(tmp_path / "mine.pth")):
        found = find_weights("test_resnet", written, places)
        assert found.path == tmp_path / "mine.pth"
        assert found.fingerprint == found.sha256 == file_sha256(tmp_path / "mine.pth")
    with pytest.raises(InvalidData, match=r"other\.pth"):
        find_weights("test_resnet", "other.pth", places)


@pytest.mark.parametrize(
    ("weights", "file"), [("a.pth", True), ("a.pt", True), ("a.safetensors", True), ("random", False), ("a@b", False)]
)
def test_suffix_tells_a_file(weights: str, file: bool) -> None:
    """Keywords and recipes are none."""
    assert is_checkpoint(weights) is file


@pytest.mark.parametrize(
    ("name", "files", "found"),
    [
        ("resnet18.a1_in1k", ["resnet18.a1_in1k.safetensors", "resnet18.safetensors"], "resnet18.a1_in1k.safetensors"),
        ("resnet18.a1_in1k", ["resnet18.a1_in1k.pth", "resnet18.safetensors"], "resnet18.a1_in1k.pth"),
        ("resnet18.a1_in1k", ["resnet18.pth"], "resnet18.pth"),
        ("resnet18", ["resnet18.safetensors", "resnet18.pth"], "resnet18.safetensors"),
        ("resnet18", ["resnet18.safetensors", "resnet18.a1_in1k.safetensors"], "resnet18.safetensors"),
        ("torchvision:resnet18@IMAGENET1K_V1", ["torchvision/resnet18.pth"], "torchvision/resnet18.pth"),
        (
            "torchvision:resnet18@IMAGENET1K_V1",
            ["torchvision/resnet18.safetensors", "torchvision/resnet18@IMAGENET1K_V1.pth"],
            "torchvision/resnet18@IMAGENET1K_V1.pth",
        ),
        ("torchvision:resnet18", ["torchvision/resnet18.pth", "resnet18.pth"], "torchvision/resnet18.pth"),
    ],
)
def test_full_name_is_looked_for_before_the_bare_one(tmp_path: Path, name: str, files: list[str], found: str) -> None:
    """And safetensors before pickles."""
    file = find_weights(name, "pretrained", places_with(tmp_path, *files))
    assert file.path == tmp_path / found
    assert file.sha256 == file_sha256(tmp_path / found)


@pytest.mark.parametrize("name", ["resnet18", "resnet18.a1_in1k", "torchvision:resnet18"])
def test_weights_of_another_network_are_not_taken(tmp_path: Path, name: str) -> None:
    """Nor are torchvision's for timm's, or the other way round."""
    places = places_with(tmp_path, "resnet50.pth", "torchvision/resnet50.pth", "resnet18.txt")
    with pytest.raises(Unavailable):
        find_weights(name, "pretrained", places, download=False)


def test_hub_that_cannot_be_reached_leaves_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both sources say which file to put where."""

    def unreachable(*_: object, **__: object) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr("bench.backbones.timm._download", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    for name, file in (("resnet18", "resnet18.safetensors"), ("torchvision:resnet18", "torchvision/resnet18.pth")):
        with pytest.raises(Unavailable, match=r"no route to host") as caught:
            find_weights(name, "pretrained", Places(None, None, tmp_path))
        assert file in str(caught.value)
        assert "--weights-dir" in str(caught.value)


def test_looking_without_downloading_asks_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan never touches the network."""

    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("bench.backbones.timm._download", asked)
    monkeypatch.setattr("socket.getaddrinfo", asked)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", asked)
    for name in ("resnet18", "vgg11", "torchvision:resnet18"):
        with pytest.raises(Unavailable):
            find_weights(name, "pretrained", Places(None, None, tmp_path), download=False)


@pytest.mark.parametrize("name", ["test_resnet", "torchvision:resnet18"])
def test_weights_of_another_architecture_are_refused(tmp_path: Path, name: str) -> None:
    """Though the file has the right name."""
    file = tmp_path / "weights.safetensors"
    save_file({"conv1.weight": torch.zeros(4, 3, 3, 3)}, file)
    with pytest.raises(InvalidData, match=r"weights\.safetensors"):
        networks.build(name, 32, file)
