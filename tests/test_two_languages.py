"""One homework in two languages, ``unit`` and ``unit_zh``: the converters behind its commands, and what is kept."""

from __future__ import annotations

import json
import logging
import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from classroom import FIRST
from nbgrader.api import Gradebook
from nbgrader.apps import NbGrader, NbGraderAPI, api, autogradeapp, generateassignmentapp, generatefeedbackapp
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange import ExchangeError
from test_rejudge import CELL, NOTEBOOK, handed_in
from tiny_course import ONE, RIGHT, TWO, UNIT, TinyCourse, notebook
from traitlets.config import LoggingConfigurable

from dropnorm import places
from grader import __main__ as commands
from grader import pretrain
from grader.autograde.exchanged import CollectHomework, ReleaseHomework
from grader.autograde.records import record_of
from grader.autograde.siblings import AutogradeHomework, GenerateHomework, HomeworkFeedback, one_homework_from_now_on
from grader.criteria import answers
from grader.languages import in_all_languages, titled

ZH = f"{UNIT}_zh"
HALF = "answer, share = 41, 0.5"
SETTINGS = {  # nothing is run
    "Execute": {"enabled": False},
    "ClearOutput": {"enabled": False},
    "GenerateAssignment": {"force": True},
}


def submit(exchange: Path, learner: str, unit: str, answer: str) -> None:
    """Lay a submission where ``nbgrader submit`` does, in the exchange's folder of the course."""
    when = "2026-01-01 00:00:00.000000 UTC"
    folder = exchange / "inbound" / f"{learner}+{unit}+{when}"
    folder.mkdir()
    nbformat.write(notebook(answer), folder / f"{ONE}.ipynb")
    (folder / "timestamp.txt").write_text(when)
    (folder / "submission_secret.txt").write_text(f"{learner} {unit}")


def test_a_homework_has_its_translations_and_a_translation_only_itself() -> None:
    assert in_all_languages(UNIT)[0] == UNIT and ZH in in_all_languages(UNIT)
    assert in_all_languages(ZH) == [ZH]
    assert [titled(ONE, UNIT), titled(ONE, ZH)] == [ONE, f"{ONE} (zh)"]


# The converters behind the commands; nothing is run


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """A course of two notebooks, in two languages; nobody has handed in."""
    course = TinyCourse(tmp_path_factory.mktemp("course"), settings=SETTINGS)
    course.make({})
    shutil.copytree(course.root / "source" / UNIT, course.root / "source" / ZH)
    converter(course, GenerateHomework).start()
    return course


@pytest.fixture
def course(once: TinyCourse, tmp_path: Path) -> TinyCourse:
    """A copy of that course."""
    return TinyCourse(Path(shutil.copytree(once.root, tmp_path / "course")), settings=SETTINGS)


def converter(course: TinyCourse, kind: type[BaseConverter], typed: str = UNIT, **selected: str) -> BaseConverter:
    """A converter, as a command on that assignment makes it."""
    by = course.api()
    for name, value in {"assignment_id": typed, **selected}.items():
        setattr(by.coursedir, name, value)
    return kind(coursedir=by.coursedir, parent=by)


def found(course: TinyCourse, *args: str, kind: type[BaseConverter] = AutogradeHomework, **selected: str) -> set[str]:
    """What a command is going to grade: learner, assignment and notebook."""
    made = converter(course, kind, *args, **selected)
    made.init_notebooks()
    root = course.root / "submitted"
    return {Path(path).relative_to(root).as_posix() for paths in made.assignments.values() for path in paths}


def graded(course: TinyCourse) -> set[str]:
    root = course.root / "autograded"
    return {path.relative_to(root).as_posix() for path in root.glob("*/*/*.ipynb")}


@pytest.fixture
def mixed(course: TinyCourse) -> TinyCourse:
    """Ada has handed in two notebooks, bai one of them in Chinese, cleo the other one in both languages."""
    for learner, name, unit in (
        ("ada", ONE, UNIT), ("ada", TWO, UNIT), ("bai", ONE, ZH), ("cleo", TWO, UNIT), ("cleo", TWO, ZH)
    ):  # fmt: skip
        course.hand_in(learner, name, RIGHT, unit)
    return course


def test_stocks_options_keep_their_meaning(mixed: TinyCourse) -> None:
    everything = {
        f"ada/{UNIT}/one.ipynb", f"ada/{UNIT}/two.ipynb", f"bai/{ZH}/one.ipynb",
        f"cleo/{UNIT}/two.ipynb", f"cleo/{ZH}/two.ipynb",
    }  # fmt: skip
    assert found(mixed) == everything
    assert found(mixed, ZH) == {each for each in everything if ZH in each}
    assert found(mixed, student_id="cleo") == {each for each in everything if "cleo" in each}
    assert found(mixed, student_id="bai") == {f"bai/{ZH}/one.ipynb"}
    assert found(mixed, notebook_id=TWO) == {each for each in everything if "two" in each}
    mixed.hand_in("dan", ONE, RIGHT, UNIT), mixed.hand_in("dan", TWO, RIGHT, ZH)
    assert found(mixed, student_id="dan", notebook_id=TWO) == {f"dan/{ZH}/two.ipynb"}


def test_by_force_all_are_graded_again_and_else_none(mixed: TinyCourse, caplog: pytest.LogCaptureFixture) -> None:
    def told(force: bool) -> list[str]:
        caplog.clear()
        grading = converter(mixed, AutogradeHomework)
        grading.force = force
        grading.start()
        return [record.getMessage().split()[0] for record in caplog.records if "existing assignment" in record.msg]

    caplog.set_level(logging.INFO)
    assert told(False) == []
    assert graded(mixed) == found(mixed)
    assert told(False) == ["Skipping"] * 4
    assert told(True) == ["Removing"] * 4


def test_where_all_speak_one_language_it_is_as_without(course: TinyCourse, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(NbGraderException) as stocks:
        converter(course, Autograde).init_notebooks()
    with pytest.raises(NbGraderException) as ours:
        found(course)
    assert str(ours.value) == str(stocks.value)
    course.hand_in("bai", ONE, RIGHT, ZH)
    caplog.clear()
    assert found(course) == {f"bai/{ZH}/one.ipynb"} and "No notebooks" not in caplog.text
    shutil.rmtree(course.root / "submitted")
    course.hand_in("ada", ONE, RIGHT)
    assert found(course) == found(course, kind=Autograde) == {f"ada/{UNIT}/one.ipynb"}


def test_formgrader_grades_what_its_button_stands_beside(mixed: TinyCourse, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, name in (
        (autogradeapp, "Autograde"),
        (generateassignmentapp, "GenerateAssignment"),
        (generatefeedbackapp, "GenerateFeedback"),
        *((api, name) for name in ("Autograde", "GenerateAssignment", "GenerateFeedback")),
    ):
        monkeypatch.setattr(module, name, getattr(module, name))  # put back afterwards
    one_homework_from_now_on()
    assert autogradeapp.Autograde is AutogradeHomework
    formgrader = NbGraderAPI(config=mixed.config())
    assert formgrader.autograde(UNIT, "cleo")["success"]
    assert graded(mixed) == {f"cleo/{UNIT}/two.ipynb"}
    assert formgrader.autograde(ZH, "cleo")["success"]
    assert graded(mixed) == {f"cleo/{UNIT}/two.ipynb", f"cleo/{ZH}/two.ipynb"}
    assert formgrader.generate_feedback(UNIT, "cleo")["success"]
    assert {path.name for path in (mixed.root / "feedback" / "cleo").iterdir()} == {UNIT}
    listed = {each["name"]: each["num_submissions"] for each in formgrader.get_assignments()}
    assert listed == {UNIT: 2, ZH: 2}


def test_pages_are_written_of_both(mixed: TinyCourse) -> None:
    converter(mixed, AutogradeHomework).start()
    converter(mixed, HomeworkFeedback, student_id="cleo").start()
    pages = {path.relative_to(mixed.root).as_posix() for path in mixed.root.glob("feedback/*/*/*.html")}
    assert pages == {f"feedback/cleo/{unit}/two.html" for unit in (UNIT, ZH)}


def test_what_is_released_and_collected_is_both_and_by_formgrader_one(course: TinyCourse, tmp_path: Path) -> None:
    exchange = tmp_path / "exchange"

    def transfer(kind: type, parent: type[LoggingConfigurable] = NbGrader, typed: str = UNIT, **selected: str) -> None:
        config = course.config()
        config.Exchange.root, config.ExchangeReleaseAssignment.force = str(exchange), True
        directory = CourseDirectory(config=config)
        for name, value in {"assignment_id": typed, **selected}.items():
            setattr(directory, name, value)
        kind(coursedir=directory, parent=parent(config=config)).start()

    def there(folder: Path, pattern: str = "*") -> set[str]:
        return {path.relative_to(folder).as_posix() for path in folder.glob(pattern)}

    transfer(ReleaseHomework, LoggingConfigurable)
    assert there(exchange / "tiny" / "outbound") == {UNIT}
    transfer(ReleaseHomework)
    assert there(exchange / "tiny" / "outbound") == {UNIT, ZH}
    for learner, unit in (("ada", UNIT), ("bai", ZH)):
        submit(exchange / "tiny", learner, unit, RIGHT)
    transfer(CollectHomework, LoggingConfigurable)
    assert there(course.root / "submitted", "*/*") == {f"ada/{UNIT}"}
    transfer(CollectHomework)
    assert there(course.root / "submitted", "*/*") == {f"ada/{UNIT}", f"bai/{ZH}"}


def test_what_stops_one_language_of_a_transfer_does_not_stop_the_other(course: TinyCourse, tmp_path: Path) -> None:
    config = course.config()
    config.Exchange.root = str(tmp_path / "exchange")
    directory = CourseDirectory(config=config, assignment_id=UNIT)
    released = ReleaseHomework(coursedir=directory, parent=NbGrader(config=config))
    outbound = tmp_path / "exchange" / "tiny" / "outbound"
    released.start()
    shutil.rmtree(outbound / ZH)
    with pytest.raises(ExchangeError, match=f"already exists.*{UNIT}$"):
        released.start()
    assert (outbound / ZH / f"{ONE}.ipynb").exists() and directory.assignment_id == UNIT


def test_a_translation_that_the_gradebook_lacks_is_told_and_the_others_are_graded(mixed, caplog) -> None:
    with Gradebook(f"sqlite:///{mixed.root / 'gradebook.db'}") as gradebook:
        gradebook.remove_assignment(ZH)
    with pytest.raises(NbGraderException):
        converter(mixed, AutogradeHomework).start()
    sentence = f"{ZH} was handed in, but is not in the gradebook: run `nbgrader generate_assignment {UNIT}`, then this"
    assert sum(sentence in record.getMessage() for record in caplog.records) == 1
    assert graded(mixed) == {f"ada/{UNIT}/one.ipynb", f"ada/{UNIT}/two.ipynb", f"cleo/{UNIT}/two.ipynb"}
    shutil.rmtree(mixed.root / "autograded")
    with pytest.raises(NbGraderException):
        converter(mixed, AutogradeHomework, student_id="bai").start()
    assert graded(mixed) == set()
    converter(mixed, GenerateHomework).start()
    converter(mixed, AutogradeHomework).start()
    assert graded(mixed) == found(mixed)


def test_a_translation_is_due_when_its_homework_is(mixed: TinyCourse, caplog: pytest.LogCaptureFixture) -> None:
    def due(**dates: str) -> dict[str, datetime | None]:
        with Gradebook(f"sqlite:///{mixed.root / 'gradebook.db'}") as gradebook:
            for name, date in dates.items():
                gradebook.update_or_create_assignment(name, duedate=date)
            return {each.name: each.duedate for each in gradebook.assignments}

    first, second = datetime(2026, 3, 1), datetime(2026, 4, 1)
    found(mixed)
    assert due() == {UNIT: None, ZH: None}
    due(**{UNIT: str(first)})
    found(mixed, ZH)
    assert due() == {UNIT: first, ZH: first} and "was due at another time" not in caplog.text
    due(**{UNIT: str(second)})
    found(mixed)
    assert due() == {UNIT: second, ZH: second} and "was due at another time" in caplog.text


# What is kept


def test_all_languages_are_judged_anew_and_asked_why(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    for learner, unit in (("ada", UNIT), ("ada", ZH), ("bai", ZH)):
        names = {"assignment": unit, "student": learner, "notebook": NOTEBOOK}
        record_of(names, [json.loads(json.dumps(handed_in(2).to_dict()))]).write()
    assert commands.main(["why", "ada", UNIT]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if line.startswith(NOTEBOOK)] == [NOTEBOOK, f"{NOTEBOOK} (zh)"]
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)  # the rubric, as its author has changed it
    assert commands.main(["rejudge", UNIT]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()[1:4]]
    assert rows == [["ada", CELL, "2", "1"], ["ada", CELL, "(zh)", "2", "1"], ["bai", CELL, "(zh)", "2", "1"]]
    assert commands.main(["rejudge", ZH]) == 0
    assert "2 verdicts change in 2 notebooks" in capsys.readouterr().out


def test_what_is_trained_beforehand_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for unit in (FIRST, f"{FIRST}_zh"):
        shutil.copytree(places.EXERCISES / FIRST, tmp_path / unit)
    monkeypatch.setattr(pretrain, "FOLDERS", (tmp_path,))
    assert pretrain.exercises_of(f"{FIRST}_zh") == pretrain.exercises_of(FIRST) != []
