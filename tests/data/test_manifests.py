"""Manifests: what their columns say, and with which line a mistake is named."""

from pathlib import Path

import pytest

from bench.data.listing import Listing
from bench.data.manifests import list_manifest, manifest_in, read_manifest
from bench.errors import InvalidData
from tests.material.examples import save_image


def manifest_of(folder: Path, text: str, images: str = "ab") -> Path:
    for place, name in enumerate(images):
        save_image(folder / f"{name}.png", shade=place)
    (folder / "manifest.csv").write_text(text, encoding="utf-8")
    return folder / "manifest.csv"


def listing_of(folder: Path, *lines: str, images: str = "abcdefgh") -> Listing:
    return list_manifest(folder, manifest_of(folder, "\n".join(lines) + "\n", images))


def test_a_manifest_is_read_with_its_optional_columns(tmp_path: Path) -> None:
    text = "label,path,group,split\ncat,a.png,one, Train \ndog,b.png,,\n"
    first, second = read_manifest(manifest_of(tmp_path, text)).rows
    assert (first.path, first.label, first.split, first.group) == (tmp_path / "a.png", "cat", "train", "one")
    assert (second.line, second.label, second.split, second.group) == (3, "dog", None, None)


def test_a_manifest_of_a_spreadsheet_is_read(tmp_path: Path) -> None:
    """With a mark of its encoding, and with the columns and values that it leaves empty at the end."""
    (row,) = read_manifest(manifest_of(tmp_path, '\ufeffpath,label,,\r\na.png,"big, cat",,,\r\n')).rows
    assert row.label == "big, cat"


@pytest.mark.parametrize("header", ["PATH,Label,Split,GROUP", " path , label,split , group", "Path;LABEL;split;Group"])
def test_columns_are_read_in_any_case_and_with_blanks_around_them(tmp_path: Path, header: str) -> None:
    sign = ";" if ";" in header else ","
    lines = (sign.join(row) for row in (["a.png", "cat", "train", "u"], ["b.png", "dog", "test", "v"]))
    rows = read_manifest(manifest_of(tmp_path, "\n".join([header, *lines]))).rows
    assert [(row.label, row.split, row.group) for row in rows] == [("cat", "train", "u"), ("dog", "test", "v")]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"manifest\.csv:1: no column path and label"),
        (
            "path,class\na.png,cat\n",
            r"manifest\.csv:1: no column label \('class' may be meant: rename it\); write path",
        ),
        ("filename,lable\na.png,cat\n", r"no column path and label \('filename', 'lable' may be meant"),
        ("path,label,Label\na.png,cat,dog\n", r"manifest\.csv:1: two columns label; keep one"),
        ("path,label\n", r"manifest\.csv: no images; add lines"),
        ("path,label\na.png,cat\nc.png,dog\n", r"manifest\.csv:3: no file .*c\.png; correct the path or"),
        ("path,label\na.png,cat\nx\\c.png,dog\n", r"manifest\.csv:3: no file .*, with / between folders"),
        ("path,label\na.png,cat\n\nc.png,dog\n", r"manifest\.csv:4: no file .*c\.png"),
        ('path,label\na.png,"two\nlines"\nc.png,dog\n', r"manifest\.csv:4: no file .*c\.png"),
        ("path,label\na.png,\n", r"manifest\.csv:2: path or label is empty"),
        ("path,label\na.png, \n", r"manifest\.csv:2: path or label is empty"),
        ("path,label\na.png\n", r"manifest\.csv:2: 1 values for 2 columns"),
        ("path,label,split\na.png,cat\n", r"manifest\.csv:2: 2 values for 3 columns"),
        ("path,label\na.png,big, cat\n", r"manifest\.csv:2: 3 values for 2 columns; .*quoted where it holds a comma"),
        ("path,label,split\na.png,cat,3\n", r"manifest\.csv:2: split '3'; write train, val or test"),
        ("path,label\na.png,cat\nb.png,dog\na.png,dog\n", r"manifest\.csv:4: .*a\.png.*line 2"),
        ("path,label\na.png,cat\nb.png,dog\n./x/../a.png,dog\n", r"manifest\.csv:4: .*a\.png.*line 2"),
        ("path,label,split\na.png,cat,val\nb.png,dog,valid\n", r":3: split 'valid', and 'val' in line 2: both name"),
        ('path,label\n"a.png,cat\nb.png,dog\n', r"manifest\.csv:2: no CSV from here on"),
    ],
)
def test_a_mistake_in_a_manifest_is_named_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(InvalidData, match=problem):
        read_manifest(manifest_of(tmp_path, text))


def test_columns_that_look_like_one_that_is_read_are_told(tmp_path: Path) -> None:
    """Others are none of our business."""
    text = "path,label,splits,Patient_ID,age\na.png,cat,train,7,30\n"
    assert read_manifest(manifest_of(tmp_path, text)).notes == (
        "column 'splits' of manifest.csv is not read; call it split if it is meant so",
        "column 'Patient_ID' of manifest.csv is not read; call it group if it is meant so",
    )
    text = "path,label,split,set,class\na.png,cat,train,7,30\n"
    assert read_manifest(manifest_of(tmp_path, text)).notes == ()


def test_labels_and_groups_that_differ_by_blanks_alone_are_one(tmp_path: Path) -> None:
    listing = listing_of(
        tmp_path,
        "path,label,group",
        *("a.png,red,u", "b.png,red ,u ", "c.png,blue,v", "d.png,blue\u00a0,w"),
    )
    assert listing.class_names == ("blue", "red")
    assert listing.parts[0].labels == (1, 1, 0, 0)
    assert listing.parts[0].groups == ("u", "u", "v", "w")
    assert [note.partition(" that ")[0] for note in listing.notes] == ["labels", "groups"]


def test_a_group_with_a_blank_stands_on_one_side_or_is_refused(tmp_path: Path) -> None:
    rows = ("a.png,cat,train,tom", "b.png,dog,train,rex", "c.png,cat,test,tom ", "d.png,dog,test,max")
    with pytest.raises(InvalidData, match="group 'tom' stands in train and in test"):
        listing_of(tmp_path, "path,label,split,group", *rows)


@pytest.mark.parametrize(("one", "other"), [("red", "Red"), ("GRÜN", "grün")])
def test_labels_that_differ_by_case_alone_are_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(InvalidData, match=r"labels .* differ by case alone"):
        listing_of(tmp_path, "path,label", f"a.png,{one}", f"b.png,{other}", "c.png,x")


def test_usual_spellings_of_splits_are_read_and_it_is_said(tmp_path: Path) -> None:
    rows = ("a.png,cat,Training", "b.png,dog,training", "c.png,cat,Validation", "d.png,dog,validation")
    listing = listing_of(tmp_path, "path,label,split", *rows)
    assert [(part.use, part.ids) for part in listing.parts] == [
        ("train", ("a.png", "b.png")),
        ("test", ("c.png", "d.png")),
    ]
    assert listing.notes == (
        "split 'training' is read as train",
        "split 'validation' is read as val",
        "split val is taken for testing",
    )


def test_rows_without_a_split_among_others_are_for_training_and_it_is_said(tmp_path: Path) -> None:
    listing = listing_of(tmp_path, "path,label,split", "a.png,cat,", "b.png,dog,train", "c.png,cat,test")
    assert listing.parts[0].ids == ("a.png", "b.png")
    assert listing.notes == ("1 rows without a split are read as train",)


def test_rows_for_validation_beside_the_others_are_listed_and_it_is_said(tmp_path: Path) -> None:
    rows = ("a.png,x,train", "b.png,y,train", "c.png,x,test", "d.png,y,test")
    listing = listing_of(tmp_path, "path,label,split", *rows, "e.png,x,val")
    assert [part.use for part in listing.parts] == ["train", "test", "validation"]
    assert listing.parts[2].ids == ("e.png",)
    assert listing.notes[0].startswith(
        "split val is left out: validation comes out of the label budget; `validation: own`"
    )


def test_a_group_that_selects_and_tests_is_told(tmp_path: Path) -> None:
    rows = ("a.png,x,train,1", "b.png,y,train,2", "c.png,x,test,3", "d.png,y,test,4", "e.png,x,val,4")
    assert "group '4' stands in val and in test" in listing_of(tmp_path, "path,label,split,group", *rows).notes


def test_an_image_without_a_group_is_a_group_of_its_own(tmp_path: Path) -> None:
    listing = listing_of(tmp_path, "path,label,group", "a.png,x,u", "b.png,y,", "c.png,x,")
    assert listing.parts[0].groups == ("u", "\0b.png", "\0c.png")


def test_images_outside_of_the_folder_are_named_by_their_paths(tmp_path: Path) -> None:
    outside = save_image(tmp_path / "elsewhere" / "c.png")
    listing = listing_of(tmp_path / "data", "path,label", "a.png,x", f"{outside},y", "b.png,y")
    assert listing.parts[0].ids == ("a.png", str(outside), "b.png")


def test_a_path_may_end_in_a_blank(tmp_path: Path) -> None:
    """Of a file's name; blanks around others are taken off."""
    save_image(tmp_path / "odd.png").rename(tmp_path / "odd.png ")
    listing = listing_of(tmp_path, "path,label", "odd.png ,x", " a.png ,y")
    assert listing.parts[0].ids == ("odd.png ", "a.png")


def test_classes_without_training_images_are_refused_and_those_without_test_images_told(tmp_path: Path) -> None:
    listing = listing_of(tmp_path, "path,label,split", "a.png,x,train", "b.png,y,train", "c.png,x,test")
    assert listing.raw("manifest").notes[0].startswith("no test images of class y")
    with pytest.raises(InvalidData, match="no training images of class y"):
        listing_of(tmp_path, "path,label,split", "a.png,x,train", "b.png,y,test")


def test_the_fingerprint_is_of_what_is_read(tmp_path: Path) -> None:
    """Not of columns that nobody reads, nor of how the file is written."""
    rows = ("a.png,x,u", "b.png,y,v")
    first = listing_of(tmp_path, "path,label,group", *rows).fingerprint(tmp_path / "memo")
    same = listing_of(tmp_path, "Path;Label;Group;Age", *(f"{row.replace(',', ';')} ;7" for row in rows))
    assert same.fingerprint(tmp_path / "memo") == first
    for other in (("a.png,y,u", "b.png,x,v"), ("a.png,x,u", "b.png,y,w"), ("b.png,y,v", "a.png,x,u")):
        assert listing_of(tmp_path, "path,label,group", *other).fingerprint(tmp_path / "memo") != first


def test_a_manifest_is_found_whatever_the_case_of_its_name(tmp_path: Path) -> None:
    assert manifest_in(tmp_path) is None
    (tmp_path / "Manifest.CSV").touch()
    assert manifest_in(tmp_path) == tmp_path / "Manifest.CSV"
    (tmp_path / "manifest.csv").touch()
    assert manifest_in(tmp_path) == tmp_path / "manifest.csv"
    assert manifest_in(tmp_path, "other.csv") is None
