"""Which files are found below a folder, and that the others are accounted for."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from bench.data.searching import FOLLOWED, TWICE, UNUSUAL, Search, all_files
from bench.errors import InvalidData
from tests.material.examples import save_image


def found(root: Path, folder: str = ".") -> tuple[list[str], tuple[str, ...]]:
    """Names of the images, and what is told of the rest."""
    search = Search(root)
    images = search.images(root / folder)
    return [os.path.relpath(path, root) for path in images], search.notes()


def test_images_are_found_at_any_depth_in_order_whatever_their_case(tmp_path: Path) -> None:
    for name in ("b.PNG", "deep/down/a.jpeg", "a.png", "deep-er/a.png"):
        save_image(tmp_path / name)
    assert found(tmp_path) == (["a.png", "b.PNG", "deep/down/a.jpeg", "deep-er/a.png"], ())


def test_the_order_is_that_of_sorted_paths(tmp_path: Path) -> None:
    names = ["a/b.png", "a-b.png", "a.png", "a/b/c.png", "A/z.png", "ä.png", "a b/c.png"]
    for name in names:
        save_image(tmp_path / name)
    assert Search(tmp_path).images(tmp_path) == sorted(tmp_path / name for name in names)


def test_what_lies_beside_images_is_told_in_one_count(tmp_path: Path) -> None:
    """Hidden files and folders, and those that systems leave, too."""
    for name in ("a.png", ".hidden.png", ".cache/b.png", "cat/._a.png", "__MACOSX/a.png"):
        save_image(tmp_path / name)
    for name in (".DS_Store", "Thumbs.db", "notes.txt", "cat/more.txt", "labels.csv"):
        (tmp_path / name).write_text("none")
    images, (note,) = found(tmp_path)
    assert images == ["a.png"]
    assert note == (
        "left out as no images: 9 (.txt 2, .DS_Store 1, ._* 1, .cache 1, .csv 1, .db 1, .hidden.png 1, __MACOSX 1)"
    )


def test_unusual_endings_are_taken_and_told(tmp_path: Path) -> None:
    save_image(tmp_path / "a.png")
    for name in ("web1.jfif", "web2.jfif", "none", "odd.xyz"):
        Image.new("L", (4, 4)).save(tmp_path / name, "JPEG")
    images, (note,) = found(tmp_path)
    assert images == ["a.png", "none", "odd.xyz", "web1.jfif", "web2.jfif"]
    assert note == (
        "taken by their first bytes, with an unusual ending: 4 (none, odd.xyz, web1.jfif and 1 more; "
        ".jfif 2, .xyz 1, no ending 1)"
    )


def test_images_of_other_kinds_and_files_of_none_are_named(tmp_path: Path) -> None:
    for name in ("a.heic", "b.svg", "c.odd"):
        (tmp_path / name).write_bytes(b"something")
    images, notes = found(tmp_path)
    assert images == []
    assert notes == (
        "left out, of a kind that is not read here: 2 (a.heic, b.svg)",
        "left out, of no image by their first bytes: 1 (c.odd)",
    )


def test_linked_folders_and_files_are_followed_and_the_former_told(tmp_path: Path) -> None:
    save_image(tmp_path / "elsewhere" / "more" / "b.png")
    save_image(tmp_path / "elsewhere" / "c.png")
    save_image(tmp_path / "red" / "a.png")
    (tmp_path / "red" / "more").symlink_to(tmp_path / "elsewhere" / "more")
    (tmp_path / "red" / "c.png").symlink_to(tmp_path / "elsewhere" / "c.png")
    assert found(tmp_path, "red") == (
        ["red/a.png", "red/c.png", "red/more/b.png"],
        ("followed, linked folders: 1 (red/more)",),
    )


def test_a_linked_folder_to_start_from_is_looked_through(tmp_path: Path) -> None:
    save_image(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "red").symlink_to("elsewhere")
    assert found(tmp_path, "red") == (["red/a.png"], ())


@pytest.mark.parametrize("leads", ["..", ".", "deep", "../../data"])
def test_links_in_a_circle_end(tmp_path: Path, leads: str) -> None:
    """Up, to itself, or to what is there already: no image is found twice, nor one of another class."""
    root = tmp_path / "data"
    save_image(root / "red" / "deep" / "a.png")
    save_image(root / "blue" / "b.png")
    (root / "red" / "link").symlink_to(leads)
    images, (note,) = found(root, "red")
    assert images == ["red/deep/a.png"]
    assert note.endswith("1 (red/link)")
    assert ("that they lie in" in note) == (leads != "deep")


def test_folders_that_link_to_one_another_are_read_once(tmp_path: Path) -> None:
    for name in ("x", "y"):
        save_image(tmp_path / name / f"{name}.png")
    (tmp_path / "x" / "y").symlink_to("../y")
    (tmp_path / "y" / "x").symlink_to("../x")
    (tmp_path / "red").mkdir()
    for name in ("one", "two"):
        (tmp_path / "red" / name).symlink_to("../x")
    images, notes = found(tmp_path, "red")
    assert images == ["red/one/x.png", "red/one/y/y.png"]
    assert notes[0] == "followed, linked folders: 2 (red/one, red/one/y)"
    assert notes[1] == "left out, links to a folder that the class holds already: 2 (red/one/y/x, red/two)"


def test_a_folder_that_two_classes_hold_is_told(tmp_path: Path) -> None:
    save_image(tmp_path / "blue" / "a.png")
    save_image(tmp_path / "red" / "b.png")
    (tmp_path / "red" / "more").symlink_to("../blue")
    search = Search(tmp_path)
    names = [[path.name for path in search.images(tmp_path / name)] for name in ("blue", "red")]
    assert names == [["a.png"], ["b.png", "a.png"]]
    assert "read twice, folders that lie in more than one place by links: 1 (red/more)" in search.notes()


def test_links_that_lead_nowhere_are_told(tmp_path: Path) -> None:
    """To what is gone, in a circle, or to a folder that is gone."""
    (tmp_path / "gone.png").symlink_to("/mnt/gone/a.png")
    (tmp_path / "circle.png").symlink_to("circle.png")
    (tmp_path / "folder").symlink_to("/mnt/gone")
    assert found(tmp_path) == ([], ("left out, links that lead nowhere: 3 (circle.png, folder, gone.png)",))


def test_what_is_neither_file_nor_folder_is_never_opened(tmp_path: Path) -> None:
    """To open a pipe would wait for ever."""
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "pipe")
    assert found(tmp_path) == ([], ("left out, neither files nor folders: 2 (pipe, pipe.png)",))


def test_folders_and_files_that_cannot_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_image(tmp_path / "a.png")
    save_image(tmp_path / "locked" / "b.png")
    (tmp_path / "odd").touch()
    scan = os.scandir

    def scandir(folder: str) -> object:
        if str(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied", folder)
        return scan(folder)

    def refuse(path: str) -> object:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr("bench.data.image_kinds._by_first_bytes", refuse)
    assert found(tmp_path) == (["a.png"], ("left out, files or folders that can't be read: 2 (locked, odd)",))
    with pytest.raises(InvalidData, match=r"locked: can't be read \(Permission denied\)"):
        Search(tmp_path).level(tmp_path / "locked")


def test_a_level_has_the_folders_and_the_images_right_in_it(tmp_path: Path) -> None:
    """A folder named like an image is a folder; one that links upwards is none."""
    save_image(tmp_path / "cat.png" / "a.png")
    save_image(tmp_path / "elsewhere" / "b.png")
    save_image(tmp_path / "c.png")
    (tmp_path / "up").symlink_to(".")
    (tmp_path / "linked").symlink_to("elsewhere")
    search = Search(tmp_path)
    assert search.level(tmp_path) == (["cat.png", "elsewhere", "linked"], [str(tmp_path / "c.png")])
    assert search.notes() == ("left out, links to a folder that they lie in: 1 (up)",)


def test_names_that_are_no_utf8_are_told_as_they_can_be_printed(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xc4\xf1.heic")).touch()
    (note,) = found(tmp_path)[1]
    assert note == r"left out, of a kind that is not read here: 1 (\xc4\xf1.heic)"


def test_all_files_of_a_folder_are_found_once_through_links(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "b").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "a").touch()
    (tmp_path / "here" / "link").symlink_to("../there")
    (tmp_path / "there" / "back").symlink_to("../here")
    assert all_files(tmp_path / "here") == [tmp_path / "here" / "a", tmp_path / "here" / "link" / "b"]
    assert all_files(tmp_path / "here" / "a") == [tmp_path / "here" / "a"]
    assert all_files(tmp_path / "gone") == []


FOLDERS = st.sampled_from(["a", "b", "c c", ".hidden", "__MACOSX", "d.png"])
FILES = st.sampled_from(["a.png", "b.JPG", "c.txt", "d.heic", "e", "f.odd", ".g.png", "h.png "])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.lists(FOLDERS, max_size=3), FILES), max_size=12),
    st.lists(st.tuples(st.lists(FOLDERS, max_size=2), st.lists(FOLDERS, max_size=2)), max_size=4),
)
def test_whatever_lies_below_a_folder_is_taken_or_told(
    files: list[tuple[list[str], str]], links: list[tuple[list[str], list[str]]]
) -> None:
    """Each file once, under its own name where it is taken, with any links between the folders."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for folders, name in files:
            save_image(root.joinpath(*folders) / "x.png").rename(root.joinpath(*folders, name))
        for place, (folders, target) in enumerate(links):
            if root.joinpath(*folders).is_dir():
                root.joinpath(*folders, f"link{place}").symlink_to(root.joinpath(*target))
        search = Search(root)
        taken = [str(path) for path in search.images(root)]
        told = {path for reason, path in search.seen if reason not in (UNUSUAL, FOLLOWED, TWICE)}
        for here, _, names in os.walk(root):
            for path in (os.path.join(here, name) for name in names):
                above = {path, *(str(parent) for parent in Path(path).parents)}
                assert (path in taken) != bool(above & told)
        assert len(set(map(os.path.realpath, taken))) == len(taken)
        assert sorted(taken, key=lambda path: path.split(os.sep)) == taken
