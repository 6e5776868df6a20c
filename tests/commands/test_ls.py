"""What there is: every entry of every kind, also those whose extra is missing."""

import sys

import pytest

from bench import catalog
from bench.commands.ls import KINDS, REGISTRIES, about, everything, names_of
from bench.registry import Registry
from bench.suites.suite import suite_names
from tests.material.command_line import Command


def test_every_catalogue_is_a_kind() -> None:
    """A new one is listed, or this fails."""
    catalogues = [value for value in vars(catalog).values() if isinstance(value, Registry)]
    assert {id(each) for each in catalogues} == {id(each) for each in REGISTRIES.values()}
    assert set(KINDS) == {*REGISTRIES, "backbones", "suites"}


def test_everything_holds_every_entry_with_its_description() -> None:
    """Without importing what the entries stand for."""
    found = everything()
    assert set(found) == set(KINDS)
    for kind, registry in REGISTRIES.items():
        assert list(found[kind]) == registry.names()
        assert all(found[kind].values())
    assert list(found["suites"]) == suite_names()
    assert set(found["backbones"]) == catalog.KNOWN_BACKBONES


def test_descriptions_are_of_one_line() -> None:
    """However a suite folds its own."""
    lines = [said for names in everything().values() for said in names.values()]
    assert not [said for said in lines if "\n" in said or "  " in said]


def test_an_entry_whose_extra_is_missing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others, and the same entry with its extra, say nothing of it."""
    entry = catalog.METHODS.entry("lora")
    monkeypatch.setitem(sys.modules, "peft", None)
    assert about(entry) == f"{entry.description} (needs the extra peft)"
    assert names_of("methods", "lora") == {"lora": about(entry)}
    assert names_of("methods", "finetune") == {"finetune": catalog.METHODS.entry("finetune").description}


@pytest.mark.parametrize(
    ("kind", "pattern", "expected"),
    [
        ("methods", "*probe", ["linear_probe", "mlp_probe", "ridge_probe"]),
        ("datasets", "cifar*", ["cifar10", "cifar100"]),
        ("probes", "a*", ["accuracy", "audit"]),
        ("suites", "digits*", ["digits_small"]),
        ("backbones", "test_resnet*", ["test_resnet", "test_resnet.r160_in1k"]),
        ("backbones", "torchvision:resnet18*", ["torchvision:resnet18", "torchvision:resnet18@IMAGENET1K_V1"]),
    ],
)
def test_ls_lists_what_fits_a_glob(bench: Command, kind: str, pattern: str, expected: list[str]) -> None:
    """As lines and as JSON."""
    assert list(bench("ls", kind, pattern, "--json").json) == expected
    lines = bench("ls", kind, pattern).out.splitlines()
    assert [line.split()[0] for line in lines] == expected


def test_ls_without_a_kind_lists_everything_one_a_line(bench: Command) -> None:
    """Kind, name and description, whole; as JSON by kind."""
    lines = bench("ls").out.splitlines()
    found = bench("ls", "--json").json
    assert {line.split()[0] for line in lines} == set(found)
    assert len(lines) == sum(len(names) for names in found.values())
    for line in lines:
        kind, name, *words = line.split()
        assert " ".join(words) == found[kind][name]
