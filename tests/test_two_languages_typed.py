"""One homework in two languages, ``unit`` and ``unit_zh``: nbgrader's commands, as an instructor types them."""

from __future__ import annotations

import csv
import shutil
from itertools import pairwise

import nbformat
import pytest
from test_class import Course
from test_two_languages import HALF, RIGHT, ZH, submit
from tiny_course import ONE, UNIT, notebook

from dropnorm import places
from grader import __main__ as commands
from grader import build

HANDED_IN = {
    "ada": {UNIT: RIGHT},
    "bai": {ZH: RIGHT},
    "cleo": {UNIT: HALF, ZH: RIGHT},
    "dan": {UNIT: RIGHT, ZH: HALF},
}
WORTH = {RIGHT: 3.0, HALF: 0.5}


@pytest.fixture(scope="module")
def typed(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which all was typed for ``unit``, and handed in through the exchange in both languages."""
    course = Course(tmp_path_factory.mktemp("course"))
    shutil.copy(places.ROOT / build.CONFIG, course.folder)
    solved = f"### BEGIN SOLUTION\n{RIGHT}\n### END SOLUTION"
    for unit in (UNIT, ZH):
        (course.folder / "solutions" / unit).mkdir(parents=True)
        nbformat.write(notebook(solved), course.folder / "solutions" / unit / f"{ONE}.ipynb")
    for command in ("generate_assignment", "release_assignment"):
        course.said[command] = course.nbgrader(command, UNIT)
    for learner, handed in HANDED_IN.items():
        for unit, answer in handed.items():
            submit(course.folder / "exchange" / "dropnorm", learner, unit, answer)
    for command in ("collect", "autograde", "generate_feedback", "release_feedback"):
        course.said[command] = course.nbgrader(command, UNIT)
    course.said["export"] = course.nbgrader("export")
    return course


@pytest.mark.full
def test_what_is_generated_and_released_is_both(typed: Course) -> None:
    for folder in (typed.folder / "exercises", typed.folder / "exchange" / "dropnorm" / "outbound"):
        assert {path.name for path in folder.iterdir()} == {UNIT, ZH}
    assert "BEGIN SOLUTION" not in (typed.folder / "exercises" / ZH / f"{ONE}.ipynb").read_text()


@pytest.mark.full
def test_all_are_graded_in_one_run_and_equal_answers_get_equal_scores(typed: Course) -> None:
    assert "Graded 6 of 6 submissions" in typed.said["autograde"]
    with typed.gradebook() as gradebook:
        scores = {
            (submission.student_id, unit): submission.score
            for unit in (UNIT, ZH)
            for submission in gradebook.assignment_submissions(unit)
        }
    assert scores == {
        (learner, unit): WORTH[answer] for learner, handed in HANDED_IN.items() for unit, answer in handed.items()
    }
    assert not (typed.folder / ".grading" / "unfinished.json").exists()
    assert not list((typed.folder / ".grading" / "runs").iterdir())


@pytest.mark.full
def test_each_gets_a_page_on_what_was_handed_in(typed: Course) -> None:
    pages = {
        path.relative_to(typed.folder / "feedback").as_posix() for path in typed.folder.glob("feedback/*/*/*.html")
    }
    assert pages == {f"{learner}/{unit}/{ONE}.html" for learner, handed in HANDED_IN.items() for unit in handed}
    assert len(list((typed.folder / "exchange" / "dropnorm" / "feedback").glob("*.html"))) == len(pages)


@pytest.mark.full
def test_the_export_has_a_row_a_learner_and_says_who_handed_in_both(typed: Course) -> None:
    with (typed.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = [(row["student_id"], row["assignment"], float(row["score"])) for row in csv.DictReader(file)]
    assert sorted(rows) == [(learner, UNIT, 3.0) for learner in HANDED_IN]
    told = [line.split("] ", 1)[1] for line in typed.said["export"].splitlines() if "more than once" in line]
    assert told == [
        f"cleo handed in {UNIT} more than once: {ZH} with 3 of 3 points counts, not {UNIT} with 0.5 of 3 points.",
        f"dan handed in {UNIT} more than once: {UNIT} with 3 of 3 points counts, not {ZH} with 0.5 of 3 points.",
    ]


@pytest.mark.full
def test_the_record_of_verdicts_is_told_of_both(typed: Course, capsys, monkeypatch) -> None:
    monkeypatch.chdir(typed.folder)
    titles = {}
    for learner, unit in (("cleo", UNIT), ("cleo", ZH), ("ada", UNIT)):
        assert commands.main(["history", learner, unit]) == 0
        lines = capsys.readouterr().out.splitlines()
        titles[learner, unit] = [line for line, under in pairwise(lines) if under[:1] == "="]
    assert titles == {("cleo", UNIT): [ONE, f"{ONE} (zh)"], ("cleo", ZH): [f"{ONE} (zh)"], ("ada", UNIT): [ONE]}
