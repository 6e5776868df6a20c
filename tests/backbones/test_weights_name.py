"""Names of the project's own weights."""

import pytest

from bench.backbones.weights_name import OwnWeights, Source, parse_own
from bench.errors import BenchError
from bench.suites.choices import check_weights

FOLDER = "image_folder"


@pytest.mark.parametrize(
    ("name", "sources"),
    [
        ("simclr@glyphs", [Source("glyphs")]),
        ("simclr@glyphs+digits", [Source("glyphs"), Source("digits")]),
        ("simclr@image_folder", [Source(FOLDER)]),
        ("simclr@image_folder:my photos/2024", [Source(FOLDER, "my photos/2024")]),
        ("simclr@image_folder:/data/c++++17", [Source(FOLDER, "/data/c++17")]),
        ("simclr@image_folder:a++b+digits", [Source(FOLDER, "a+b"), Source("digits")]),
        ("simclr@image_folder:c:/me@home", [Source(FOLDER, "c:/me@home")]),
        ("simclr@my.package:Birds+image_folder:x", [Source("my.package:Birds"), Source(FOLDER, "x")]),
    ],
)
def test_sources_are_parted_at_single_pluses(name: str, sources: list[Source]) -> None:
    """Blanks and colons of a path stay as they are; two pluses are one of the path's."""
    assert parse_own(name) == OwnWeights("simclr", tuple(sources))


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("simclr@", "no source; write"),
        ("@glyphs", "no objective; write"),
        ("simclr@glyphs+", "an empty source; write"),
        ("simclr@+glyphs", "an empty source; write"),
        ("simclr@glyphs+glyphs", "source glyphs stands twice"),
        ("simclr@image_folder:", "names no folder; write"),
        ("simclr@glyphs:train", "glyphs lies in no folder of its own; leave out :train"),
        ("simclr@glyps", "unknown dataset 'glyps'; did you mean glyphs"),
        ("simclr@glyphs+digit", "unknown dataset 'digit'; did you mean digits"),
        ("simclear@glyphs", "unknown pretraining 'simclear'; did you mean simclr"),
        ("simclr@no_such_module:Birds", "no_such_module:Birds: can't be imported"),
        ("no_such_module:Mine@glyphs", "no_such_module:Mine: can't be imported"),
        ("simclr", "unknown weights 'simclr'; did you mean simclr@glyphs"),
    ],
)
def test_a_mistake_in_a_name_is_told_with_its_cure(name: str, problem: str) -> None:
    """Before anything runs."""
    with pytest.raises(BenchError) as caught:
        check_weights(name)
    assert problem in str(caught.value)


@pytest.mark.parametrize("name", ["masked@glyphs+digits", "context@image_folder:a b", "simclr@image_folder:a++b+usps"])
def test_a_name_of_several_sources_or_a_folder_is_taken(name: str) -> None:
    """Whether the folder is there is seen when it is wanted."""
    check_weights(name)
