"""A build stops with a sentence where it cannot go on, and loses nothing that somebody wrote."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from translated_course import copied, replaced

from dropnorm import places
from grader import build
from grader.translating import making
from grader.translating.sources import Sources


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return copied(tmp_path / "course")


def test_a_translated_notebook_that_was_changed_by_hand_is_said_and_kept(sources: Sources) -> None:
    path = sources.root / "notebooks/zh/01_dropout_and_batch_normalization.ipynb"
    replaced(path, "暂退法与批量归一化", "我的标题")
    before = path.read_bytes()
    assert making.edited(sources.root) == [path]
    with pytest.raises(build.BuildError, match=r"01_dropout.*was changed by hand.*PO file"):
        build.translate(sources.root)
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["README.zh.md", "exercises/dropout_and_batchnorm_zh/1_spotify_dropout.ipynb"])
def test_other_files_of_a_language_that_were_changed_by_hand_are_seen(sources: Sources, name: str) -> None:
    path = sources.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(places.ROOT / name, path)
    assert making.edited(sources.root) == []
    replaced(path, "暂退法", "我的词")
    assert making.edited(sources.root) == [path]


def test_a_notebook_that_was_only_run_and_saved_is_not_changed_by_hand(sources: Sources) -> None:
    path = sources.root / "notebooks/zh/01_dropout_and_batch_normalization.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.cell_type == "code")
    cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="done")], 1
    nbformat.write(notebook, path)
    assert making.edited(sources.root) == []


# What cannot be read.

LESSON, SPOTIFY = (
    "notebooks/02_placement_and_diagnosis.ipynb",
    "solutions/dropout_and_batchnorm/1_spotify_dropout.ipynb",
)
MARK = "<<<<<<< HEAD\n"
BROKEN = {
    "a merge in a lesson": (
        LESSON,
        ' "cells": [\n',
        f' "cells": [\n{MARK}',
        "no notebook .*line 3: <<<<<<< HEAD.*git anew",
    ),
    "a merge in a solution": (SPOTIFY, "  {\n", f"{MARK}  {{\n", "no notebook .*<<<<<<< HEAD.*git anew"),
    "a bracket lost": (LESSON, ' "cells": [', ' "cells": ', r"no notebook .*line \d+: .*git anew"),
    "a cell of no type": (LESSON, '"cell_type": "markdown"', '"cell_type": "verse"', "no notebook .*git anew"),
    "code that is none": (
        SPOTIFY,
        "import keras",
        "import keras as",
        r"cell that begins with `.*` is no Python \(line \d",
    ),
    "a module that is none": (
        "dropnorm/lab/still.py",
        "from __future__",
        "def f(:\nfrom __future__",
        r"no Python \(line \d",
    ),
    "a merge in a module": ("launcher/usage.py", "from dropnorm", f"{MARK}from dropnorm", r"no Python \(line \d"),
    "a merge in the README": ("README.md", "# Dropout", f"{MARK}# Dropout", "half merged .*<<<<<<< HEAD.*git anew"),
}


def written(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_is_told_in_a_sentence_and_nothing_is_written(sources: Sources, what: str) -> None:
    name, old, new, told = BROKEN[what]
    replaced(sources.root / name, old, new)
    before = written(sources.root)
    with pytest.raises(build.BuildError, match=f"^{name}.*{told}") as raised:
        build.translate(sources.root)
    assert "\n" not in str(raised.value) and written(sources.root) == before


def test_two_notebooks_of_one_name_are_refused(sources: Sources) -> None:
    shutil.copy(sources.root / SPOTIFY, sources.root / "solutions/placement_and_diagnosis")
    names = (
        rf"{SPOTIFY} and solutions/placement_and_diagnosis/1_spotify_dropout\.ipynb have one name.*rename one of them"
    )
    with pytest.raises(build.BuildError, match=names):
        build.translate(sources.root)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("dropnorm/translations/zh_CN/language.toml", r"language\.toml does not describe a language \(.*\): mend it"),
        ("grader/translating/protected.py", r"line 1 of .*protected\.py is no Python \(invalid syntax\): mend it"),
    ],
)
def test_the_command_ends_in_one_sentence(sources: Sources, name: str, told: str) -> None:
    path = sources.root / name
    path.write_text(MARK + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = written(sources.root)
    environment = os.environ | {"PYTHONPATH": str(sources.root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "grader.build"]
    done = subprocess.run(command, cwd=sources.root, env=environment, capture_output=True, text=True)
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert line.startswith("The build has stopped: ") and line.count(path.name) == 1
    assert re.search(told, line)
    assert written(sources.root) == before


# Whose source is gone.


def test_a_translation_whose_source_is_gone_is_removed(sources: Sources) -> None:
    made = [sources.root / "notebooks" / folder / Path(LESSON).name for folder in ("zh", "both")]
    made.append(sources.root / "solutions/dropout_and_batchnorm_zh/1_spotify_dropout.ipynb")
    exercise = sources.root / "exercises" / made[-1].relative_to(sources.root / "solutions")
    exercise.parent.mkdir(parents=True)
    shutil.copy(places.ROOT / exercise.relative_to(sources.root), exercise)
    for name in (LESSON, SPOTIFY):
        (sources.root / name).unlink()
    assert making.edited(sources.root) == []
    assert making.sourceless(sources.root) == sorted([*made, exercise])
    replaced(exercise, "暂退法", "我的词")
    with pytest.raises(
        build.BuildError, match=r"^exercises/dropout_and_batchnorm_zh/1_spot.* was changed by hand.* is gone"
    ):
        build.translate(sources.root)
    assert all(path.exists() for path in (*made, exercise))


def test_what_has_no_source_is_deleted_by_the_build(sources: Sources, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(making, "made", lambda root: {})  # the catalogues are the clone's own
    lesson = sources.root / "notebooks/zh" / Path(LESSON).name
    own = sources.root / "notebooks/zh/notes.ipynb"  # an author's, without a mark
    shutil.copy(sources.root / LESSON, own)
    (sources.root / LESSON).unlink()
    assert f"removed notebooks/zh/{lesson.name}, which has no source any more" in build.translate(sources.root)
    assert own.exists() and not lesson.exists()
