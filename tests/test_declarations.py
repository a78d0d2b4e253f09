"""Declarations are found by themselves, and a name that two of them have is refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.declarations import declared


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package of three modules, one of which declares nothing."""
    folder = tmp_path / "some_package"
    folder.mkdir()
    for name, content in {"__init__": "", "b": "WORDS = ('two',)", "a": "WORDS = ('four', 'three')", "c": ""}.items():
        (folder / f"{name}.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == folder.name]:
        del sys.modules[name]


def test_what_modules_declare_is_found_in_their_order(package: Path) -> None:
    assert list(declared(package.name, "WORDS", str, "words").items()) == [(w, w) for w in ("four", "three", "two")]


def test_two_of_one_name_are_refused(package: Path) -> None:
    (package / "c.py").write_text("WORDS = ('four',)")
    with pytest.raises(ValueError, match=r"Two words are called 'four'; one is in some_package\.c\."):
        declared(package.name, "WORDS", str, "words")
