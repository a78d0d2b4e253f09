"""The learner's copy is brought up to date and handed out anew, and nothing in it is ever lost."""

from __future__ import annotations

import errno
import os
import random
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from launcher import commands, working_copy

NOW = datetime(2026, 11, 21, 15, 30, 12)


def tree(folder: Path) -> dict[str, str]:
    """Every file but the manifest: path in `folder` → text."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != working_copy.MANIFEST)
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_first_start_lays_out_everything(course):
    assert working_copy.bring_up_to_date(course, NOW) == []
    names = ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb", "exercises/unit/2_concrete.ipynb")
    assert tree(course.my_course) == {name: f"first {name}" for name in names}


def test_what_the_learner_left_alone_is_brought_up_to_date(course):
    working_copy.bring_up_to_date(course, NOW)
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")
    assert working_copy.bring_up_to_date(course, NOW) == ["Updated: my-course/exercises/unit/1_spotify.ipynb"]
    assert (course.my_course / "exercises/unit/1_spotify.ipynb").read_text() == "second"
    assert working_copy.bring_up_to_date(course, NOW) == []


def test_a_newer_version_of_changed_work_is_laid_beside_it_once(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    assert working_copy.bring_up_to_date(course, NOW) == []  # changed, but there is nothing newer
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")
    (said,) = working_copy.bring_up_to_date(course, NOW)
    assert "my-course/exercises/unit/1_spotify.ipynb" in said
    assert "1_spotify.new-2026-11-21.ipynb" in said
    beside = mine.with_name("1_spotify.new-2026-11-21.ipynb")
    assert (mine.read_text(), beside.read_text()) == ("my work", "second")
    beside.unlink()  # the learner has seen it
    assert working_copy.bring_up_to_date(course, NOW) == []
    assert not beside.exists()


def test_two_newer_versions_on_one_day_keep_both(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    for version in ("second", "third"):
        (course.root / "exercises/unit/1_spotify.ipynb").write_text(version)
        working_copy.bring_up_to_date(course, NOW)
    assert mine.with_name("1_spotify.new-2026-11-21.ipynb").read_text() == "second"
    assert mine.with_name("1_spotify.new-2026-11-21-2.ipynb").read_text() == "third"


@pytest.mark.parametrize("manifest", [None, "{ cut off", "[]"])
def test_without_its_manifest_nothing_is_overwritten(course, manifest):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    path = course.my_course / working_copy.MANIFEST
    path.unlink() if manifest is None else path.write_text(manifest)
    working_copy.bring_up_to_date(course, NOW)
    assert mine.read_text() == "my work"
    assert working_copy.bring_up_to_date(course, NOW) == []


def test_reset_hands_out_anew_and_keeps_the_old(course):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("second")
    said = working_copy.reset(course, "1_spotify", NOW)
    kept = mine.with_name("1_spotify.old-2026-11-21-153012.ipynb")
    assert kept.name in said
    assert (mine.read_text(), kept.read_text()) == ("second", "my work")
    (course.root / "exercises/unit/1_spotify.ipynb").write_text("third")  # the fresh one counts as untouched
    assert working_copy.bring_up_to_date(course, NOW) == ["Updated: my-course/exercises/unit/1_spotify.ipynb"]


@pytest.mark.parametrize(
    "name", ["1_spotify.ipynb", "exercises/unit/1_spotify", "my-course\\exercises\\1_spotify.ipynb"]
)
def test_reset_takes_the_name_as_people_type_it(course, name):
    assert "1_spotify.ipynb is fresh" in working_copy.reset(course, name, NOW)


def test_reset_of_untouched_work_leaves_no_litter(course):
    working_copy.bring_up_to_date(course, NOW)
    before = tree(course.my_course)
    assert "as it was handed out" in working_copy.reset(course, "1_spotify", NOW)
    assert tree(course.my_course) == before


def test_reset_of_an_unknown_name_lists_the_names(course, capsys):
    assert commands.main(["reset", "3_mnist"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert 'no notebook "3_mnist"; there are: 01_lesson, 1_spotify, 2_concrete' in said


@pytest.mark.parametrize("seed", range(20))
def test_nothing_a_learner_wrote_is_ever_lost(course, seed):
    """Author and learner edit, the course starts and resets, in any order: each text the learner saved is there."""
    draw = random.Random(seed)
    names = ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb")
    saved: dict[str, str] = {}  # what stands in the learner's file now
    kept: set[str] = set()
    for step in range(60):
        name = draw.choice(names)
        now = NOW + timedelta(seconds=step // 3)
        match draw.randrange(4):
            case 0:
                (course.root / name).write_text(draw.choice("ABC"))
            case 1 if (course.my_course / name).exists():
                saved[name] = f"mine {step}"
                (course.my_course / name).write_text(saved[name])
            case 2:
                working_copy.bring_up_to_date(course, now)
            case 3:
                working_copy.reset(course, Path(name).stem, now)
                kept |= {saved.pop(name)} if name in saved else set()
        for name, text in saved.items():
            assert (course.my_course / name).read_text() == text
        assert kept <= set(tree(course.my_course).values())


def test_a_full_disk_is_one_sentence_and_loses_nothing(course, monkeypatch, capsys):
    working_copy.bring_up_to_date(course, NOW)
    mine = course.my_course / "exercises/unit/1_spotify.ipynb"
    mine.write_text("my work")

    def full(path: Path, content: bytes) -> None:
        with path.open("wb") as file:
            file.write(content[:3])  # what the disk still took
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    assert commands.main(["reset", "1_spotify"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "The disk is full" in said
    assert "my work" in tree(course.my_course).values()
    assert not list(course.my_course.rglob("*.tmp"))


@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write everywhere: not tried as root")
def test_a_read_only_folder_is_one_sentence(course, capsys):
    working_copy.bring_up_to_date(course, NOW)
    (course.my_course / "exercises/unit/1_spotify.ipynb").write_text("my work")
    (course.my_course / "exercises/unit").chmod(0o555)
    assert commands.main(["reset", "1_spotify"], course) == 1
    assert "cannot be written to" in capsys.readouterr().err


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_folder_that_refuses_is_one_sentence(course, monkeypatch, capsys, code):
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    assert commands.main(["reset", "1_spotify"], course) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "cannot be written to: move the course" in said
