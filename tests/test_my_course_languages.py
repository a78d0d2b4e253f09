"""`my-course` holds the notebooks of all languages, and what is asked for by name is the one that is meant."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path

import pytest
from test_launcher_languages import LESSON, NAMES, in_two_languages

from dropnorm.language import available, using
from dropnorm.places import ROOT
from launcher import working_copy
from launcher.layout import CourseError, Layout

NOW = datetime(2026, 11, 29, 15, 30, 12)


@pytest.fixture
def bilingual(tmp_path) -> Layout:
    return in_two_languages(tmp_path / "course")


def handed_out(layout: Layout) -> dict[str, str]:
    files = (path for path in layout.my_course.rglob("*") if path.is_file() and path.name != working_copy.MANIFEST)
    return {path.relative_to(layout.my_course).as_posix(): path.read_text() for path in files}


def test_my_course_holds_all_languages(bilingual):
    assert working_copy.bring_up_to_date(bilingual, NOW) == []
    assert handed_out(bilingual) == {name: f"first {name}" for name in NAMES}


def test_nothing_is_overwritten_in_either_language(bilingual):
    working_copy.bring_up_to_date(bilingual, NOW)
    (bilingual.my_course / "exercises/unit_zh/1_spotify.ipynb").write_text("我的")
    for name in NAMES:
        (bilingual.root / name).write_text(f"second {name}")
    with using("zh"):
        said = working_copy.bring_up_to_date(bilingual, NOW)
    assert sum(line.startswith("已更新：") for line in said) == len(NAMES) - 1
    assert [line for line in said if "你改动过" in line] == [
        "my-course/exercises/unit_zh/1_spotify.ipynb 你改动过，所以保持不变；"
        "它的新版本放在旁边：1_spotify.new-2026-11-29.ipynb"
    ]
    expected = {name: f"second {name}" for name in NAMES}
    expected["exercises/unit_zh/1_spotify.new-2026-11-29.ipynb"] = expected["exercises/unit_zh/1_spotify.ipynb"]
    assert handed_out(bilingual) == expected | {"exercises/unit_zh/1_spotify.ipynb": "我的"}


@pytest.mark.parametrize(
    ("name", "language", "path"),
    [
        ("1_spotify", "en", "exercises/unit/1_spotify.ipynb"),
        ("1_spotify", "zh", "exercises/unit_zh/1_spotify.ipynb"),
        ("1_spotify.ipynb", "both", "exercises/unit_zh/1_spotify.ipynb"),
        ("exercises/1_spotify", "zh", "exercises/unit_zh/1_spotify.ipynb"),
        (LESSON, "zh", f"notebooks/zh/{LESSON}.ipynb"),
        (LESSON, "both", f"notebooks/both/{LESSON}.ipynb"),
        ("unit/1_spotify", "zh", "exercises/unit/1_spotify.ipynb"),
        ("unit_zh/1_spotify", "en", "exercises/unit_zh/1_spotify.ipynb"),
        (f"notebooks/{LESSON}", "zh", f"notebooks/{LESSON}.ipynb"),
        (f"zh/{LESSON}", "en", f"notebooks/zh/{LESSON}.ipynb"),
        (f"my-course\\notebooks\\both\\{LESSON}.ipynb", "en", f"notebooks/both/{LESSON}.ipynb"),
        ("../my-course/exercises/unit/1_spotify.ipynb", "zh", "exercises/unit/1_spotify.ipynb"),
        ("{root}/my-course/exercises/unit/1_spotify.ipynb", "zh", "exercises/unit/1_spotify.ipynb"),
        ("{root}/exercises/unit_zh/1_spotify.ipynb", "en", "exercises/unit_zh/1_spotify.ipynb"),
    ],
)
def test_reset_takes_the_notebook_that_is_meant(bilingual, name, language, path):
    working_copy.bring_up_to_date(bilingual, NOW)
    for each in NAMES:
        (bilingual.my_course / each).write_text("my work")
    layout = dataclasses.replace(bilingual, notebooks=language)
    said = working_copy.reset(layout, name.format(root=bilingual.root.as_posix()), NOW)
    assert f"my-course/{path} is fresh." in said
    now = handed_out(bilingual)
    assert now.pop(path) == f"first {path}"
    assert set(now.values()) == {"my work"}
    assert len(now) == len(NAMES)  # the other ones, and the learner's own version of this one


def test_reset_says_which_of_several_was_taken_and_how_the_others_are_named(bilingual):
    zh = dataclasses.replace(bilingual, notebooks="zh")
    assert working_copy.reset(zh, "1_spotify", NOW).endswith(
        "Of several of this name, the one of --lang zh was taken; there is also unit/1_spotify."
    )
    assert working_copy.reset(bilingual, LESSON, NOW).endswith(
        f"the one of --lang en was taken; there is also both/{LESSON}, zh/{LESSON}."
    )
    assert "several" not in working_copy.reset(zh, "unit/1_spotify", NOW)
    with using("zh"):
        said = working_copy.reset(zh, "1_spotify", NOW)
    assert "这次取的是 --lang zh 的那一个；另外还有 unit/1_spotify。" in said


@pytest.mark.parametrize("name", ["de/1_spotify", f"unit_zh/{LESSON}", "zh/1_spotify"])
def test_reset_of_a_language_that_there_is_not_lists_the_names(bilingual, name):
    with pytest.raises(CourseError, match=f'no notebook "{name}"; there are: {LESSON}, 1_spotify'):
        working_copy.reset(bilingual, name, NOW)


def test_in_the_real_course_each_notebook_has_a_name_of_its_own():
    paths = [path.relative_to(ROOT).as_posix() for folder in Layout(ROOT).sources for path in folder_of(folder)]
    assert len({path.lower() for path in paths}) == len(paths) >= 6  # some disks take "A" and "a" for one name
    for path in paths:
        for language in (*available(), "both"):
            found, _, others = working_copy.meant(Layout(ROOT, notebooks=language), working_copy.exact_name(path))
            assert (found, others) == (path, "")


def folder_of(folder: str) -> list[Path]:
    found = (ROOT / folder).rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)
