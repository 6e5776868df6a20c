"""Code that is not the project's own is imported from where it may come from, and its faults are lines."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench import modules
from bench.errors import BenchError
from bench.modules import guarded, is_library, load, plug_ins, said

FAULTS: dict[str, str] = {
    "syntax": "def broken(:\n",
    "tabs": "if True:\n\tx = 1\n        y = 2\n",
    "null": "x = '\0'\n",
    "exits": "raise SystemExit\n",
    "exits_well": "import sys; sys.exit(0)\n",
    "exits_with_a_text": "raise SystemExit('good bye\\nand more')\n",
    "generator": "raise GeneratorExit\n",
    "deep": "def f(): return f()\nf()\n",
    "unprintable": "class E(Exception):\n    def __str__(self): return 1 / 0\nraise E\n",
    "many_lines": "raise ValueError('one\\ntwo\\n' * 9999)\n",
    "no_text": "raise ValueError\n",
    "control": "raise ValueError('\\x1b[31m red')\n",
    "assertion": "assert False, 'no'\n",
    "lacks": "import no_such_module_at_all\n",
    "memory": "raise MemoryError\n",
    "base": "class E(BaseException): pass\nraise E('whatever')\n",
    "group": "raise ExceptionGroup('some', [ValueError('a'), TypeError('b')])\n",
    "divides": "1 / 0\n",
    "latin": "# caf\xe9\n",
    "without": "x = 1\n",
    "answers_all": "def __getattr__(name): raise ZeroDivisionError(name)\n",
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working folder, with modules in it; what was imported from it is forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    importlib.invalidate_caches()


def no_fault(found: Any) -> None:
    """Take anything."""


def refused(target: str, here_too: bool = True) -> str:
    """Return the line that refuses a name."""
    with pytest.raises(BenchError) as caught:
        load(target, no_fault, here_too)
    line = str(caught.value)
    assert line.isprintable(), line
    assert len(line) < 700
    return line


@pytest.mark.parametrize("name", FAULTS)
def test_a_module_at_fault_is_named_in_a_line(name: str, here: Path) -> None:
    """Whatever it does when it is imported, but for being interrupted."""
    (here / f"my_{name}.py").write_bytes(FAULTS[name].encode("latin-1"))
    assert refused(f"my_{name}:Thing").startswith(f"my_{name}:Thing: ")


def test_an_interruption_is_one(here: Path) -> None:
    (here / "my_stop.py").write_text("raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load("my_stop:Thing", no_fault, True)


@pytest.mark.parametrize(
    "target",
    [
        *("os:abort", "os:system", "builtins:exec", "subprocess:call", "json:dumps", "os.path:join", "xml.dom:Node"),
        *("antigravity:fly", "this:s", "test:Thing", "test.support:swap_item", "idlelib:x", "winreg:x", "sys:exit"),
        *(
            "__main__:x",
            "__mp_main__:x",
            "a:b:c",
            ":x",
            "x:",
            "..a:b",
            ".a:b",
            "a..b:c",
            "a.:b",
            "a b:c",
            "a: b",
            " a:b",
        ),
        *(
            "a:b c",
            "a\0b:c",
            "a:b\n",
            "a/b:c",
            "../a:b",
            "a.py:b",
            "a:b.c",
            "a:b()",
            "a:1",
            "1:a",
            "class:x",
            "x:class",
        ),
        *(
            "\ud800:x",
            "a:\ud800",
            "\u202ea:b",
            "'a':'b'",
            "a:b@c",
            "a:*",
            "*:a",
            "~/a:b",
            "-m:x",
            "a;b:c",
            "a,b:c",
            "é è:x",
        ),
        *("a" * 100_000 + ":b", "a." * 50_000 + "a:b", "a:" + "b" * 100_000, ":" * 9, "", ":", "no_colon", "C:\\a:b"),
    ],
    ids=lambda text: repr(text)[:30],
)
def test_what_is_no_name_of_a_users_own_object_is_refused(target: str) -> None:
    """In one short line; nothing is imported for it."""
    before = set(sys.modules)
    assert refused(target)
    assert {name for name in set(sys.modules) - before if not name.startswith("encodings")} <= set()


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from((":", "::", ".", " : ")))
@example("numpy", "", ":")
def test_any_text_is_taken_or_refused_in_a_line(module: str, name: str, between: str) -> None:
    with pytest.raises(BenchError) as caught:
        load(f"{module}{between}{name}", lambda found: "is refused in any case", False)
    assert str(caught.value).isprintable()


def test_what_is_installed_comes_before_the_working_folder(here: Path) -> None:
    """A folder, a file or a package of another's name there is not looked at."""
    (here / "numpy.py").write_text("raise SystemExit('of the working folder')\n")
    (here / "json").mkdir()
    assert load("numpy:ndarray", no_fault, True).__module__ == "numpy"
    assert str(here) not in sys.path


def test_the_working_folder_comes_last_and_only_for_whom_it_is_asked(here: Path) -> None:
    """Its own modules find one another; a plug-in is never looked for there."""
    (here / "my_module.py").write_text("import my_other\nThing = my_other.Thing\n")
    (here / "my_other.py").write_text("class Thing: pass\n")
    (here / "my_parts").mkdir()
    (here / "my_parts" / "inner.py").write_text("Thing = 3\n")
    assert "No module named 'my_module'" in refused("my_module:Thing", here_too=False)
    assert str(here) not in sys.path
    assert load("my_module:Thing", no_fault, True).__module__ == "my_other"
    assert sys.path[-1] == str(here)
    assert load("my_parts.inner:Thing", no_fault, True) == 3
    assert "my_parts.outer:Thing" in refused("my_parts.outer:Thing")


def test_what_a_module_prints_is_no_output(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It goes to standard error, with a line that names the module."""
    (here / "my_loud.py").write_text("import sys\nprint('hello')\nsys.stdout.flush()\nThing = 1\n")
    with pytest.warns(UserWarning, match=r"^my_loud: prints while it is imported"):
        assert load("my_loud:Thing", no_fault, True) == 1
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "hello\n")


def test_what_a_users_code_raises_is_a_line() -> None:
    """Errors that the user can mend are told as they are, and those that the caller knows are the caller's."""

    def raises(error: BaseException) -> Any:
        def work() -> None:
            raise error

        return work

    for error in (ValueError("one\ntwo"), SystemExit(3), RecursionError(), GeneratorExit()):
        with pytest.raises(BenchError, match=r"^mine: raised \w+"):
            guarded("mine", raises(error))
    with pytest.raises(BenchError, match=r"^known$"):
        guarded("mine", raises(BenchError("known")))
    with pytest.raises(KeyError):
        guarded("mine", raises(KeyError()), passed=(KeyError,))
    with pytest.raises(KeyboardInterrupt):
        guarded("mine", raises(KeyboardInterrupt()))
    assert guarded("mine", lambda: 3) == 3


def test_an_error_is_told_in_a_line() -> None:
    assert said(ValueError("one\ntwo")) == "ValueError: one"
    assert said(SyntaxError("bad", ("file", 7, 1, "text"))) == "SyntaxError: bad in line 7"
    assert len(said(ValueError("x" * 9999))) <= modules.LONGEST


def test_the_project_and_what_it_needs_are_libraries() -> None:
    """Also what those need; not what is merely installed, nor what lies in a folder."""
    for name in ("bench.cli:main", "torch:load", "numpy.linalg:norm", "networkx:draw", "yaml:load", "PIL.Image:open"):
        assert is_library(name)
    for name in ("pytest:raises", "tests.material.own_methods:Kills", "my_methods:Mine"):
        assert not is_library(name)


def package(folder: Path, name: str, entry_points: str | bytes, metadata: str | None = None) -> None:
    """Write what an installed package leaves beside its modules."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(metadata if metadata is not None else f"Metadata-Version: 2.1\nName: {name}\n")
    text = entry_points.encode() if isinstance(entry_points, str) else entry_points
    (info / "entry_points.txt").write_bytes(text)


def test_broken_metadata_are_told_and_hide_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """Those of a package that offers nothing here are nobody's matter."""
    place = tmp_path / "place"
    package(place, "whole", "[bench.shapes]\nstar = their.module:Star\n[console_scripts]\nx = y:z\n")
    package(place, "broken", "[bench.shapes]\nno equals sign\n")
    package(place, "latin", b"[bench.shapes]\nstar\xff = a:b\n")
    package(place, "other", "[console_scripts]\nno equals sign\n")
    package(place, "nameless", "[bench.shapes]\nring = a:b\n", metadata="")
    monkeypatch.setattr(sys, "path", [str(place)])
    assert [(each.name, each.target, each.package) for each in plug_ins("bench.shapes")] == [
        ("star", "their.module:Star", "whole")
    ]
    assert {str(each.message).split(":")[0] for each in recwarn} == {"package broken", "package latin"}


def test_metadata_in_the_working_folder_offer_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package(here, "mine", "[bench.shapes]\nstar = my_module:Star\n")
    monkeypatch.setattr(sys, "path", ["", str(here)])
    assert plug_ins("bench.shapes") == ()
