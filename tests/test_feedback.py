"""The pages of feedback: what they say, and how that looks."""

from __future__ import annotations

import itertools
import re

import feedback_course
import numpy as np
import pytest
from feedback_course import (
    TESTS,
    UNIT,
    Course,
    Read,
    answer,
    cell,
    raised,
    rubrics_cell,
    test_cell,
)
from nbgrader.api import SubmittedNotebook
from test_rejudge import CELL, handed_in

from dropnorm import quiet
from dropnorm.curves import LearningCurves
from grader import __main__ as commands
from grader.autograde.judging import outputs
from grader.criteria import answers
from grader.handed import Retrained
from grader.judged import Judged
from grader.rubric import Finding, Status, Verdict

quiet.start()
course = feedback_course.course


def test_a_rubric_is_told_by_criterion_with_reason_and_next_step(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 1.0}, judged=[done])
    page = Read(course.page())
    assert "1 of 2 points" in page.course
    assert "Best epoch not yet 0 of 1" in page.course and "right 1 of 1" in page.course
    assert "Next step:" in page.course and "`" not in page.course
    assert "baseline_questions: 1 of 2" not in page.yours  # the report is not repeated as a text


SILENT = "Nothing could be handed over here: the kernel had stopped. A human will look at it. Mend that cell."


def test_where_nothing_was_handed_over_the_course_says_why(course: Course) -> None:
    course.graded(test_cell(CELL, "grade()", *outputs(CELL, None, SILENT)), silent=SILENT)
    page = Read(course.page())
    assert SILENT in page.course
    assert "handed over" not in page.yours and "ran to its end, and gave" not in page.course


def test_curves_stand_beside_the_references_band(course: Course) -> None:
    falling = np.linspace(0.3, 0.19, 50)
    runs = tuple(LearningCurves(falling, falling + seed / 100, falling, seeds=(seed,)) for seed in (0, 1, 2))
    found = (Finding("converged", 0.0, 1.5, "The validation loss ends too high."),)
    done = Judged(
        "spotify_curve",
        Verdict(Status.WRONG, found, 5.0),
        {"version": 1, "exercise": "spotify_model"},
        {"": Retrained(runs)},
    )
    course.graded(rubrics_cell(done), judged=[done])
    written = course.page()
    page = Read(written)
    (drawing,) = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert drawing["role"] == "img" and "validation loss at the end: 0.204" in drawing["aria-label"]
    assert "validation loss at the end 0.2045 outside at most 0.1944" in page.course
    assert "generalization gap at the end 0.01 outside at most 0.006836" in page.course
    assert "Trained anew from three seeds" in page.course


def test_curves_are_drawn_once_where_two_test_cells_rest_on_them(course: Course) -> None:
    falling = np.linspace(0.3, 0.19, 5)
    trained = {"same": Retrained((LearningCurves(falling, falling, falling, seeds=(0,)),) * 3)}
    account = {"version": 1, "exercise": "spotify_model"}
    done = [
        Judged(name, Verdict(Status.WRONG, (Finding("history", 0.0, 5.0, "Not yet."),), 5.0), account, trained)
        for name in ("spotify_curve", "spotify_own_model_loss")
    ]
    course.graded(*map(rubrics_cell, done), judged=done)
    page = Read(course.page())
    assert [tag for tag, _ in page.tags].count("svg") == 1
    assert page.course.index("Trained anew") > page.course.index("Criteria of spotify_own_model_loss")


def test_curves_that_cannot_be_drawn_cost_the_picture_only(course: Course) -> None:
    curves = LearningCurves(np.full(3, np.nan), np.full(3, np.nan), np.full(3, np.nan), seeds=(0,))
    found = (Finding("converged", 0.0, 1.5, "The losses are no numbers."),)
    for number, given in enumerate(({"stop": None}, {"stop": {"patience": "many"}}, "nothing")):
        course.notebook = f"lesson{number}"
        account = {"version": 1, "exercise": "spotify_model", "given": given}
        done = Judged("spotify_curve", Verdict(Status.WRONG, found, 5.0), account, {"": Retrained((curves,) * 3)})
        course.graded(rubrics_cell(done), judged=[done])
        assert "The losses are no numbers." in Read(course.page()).course


def test_without_a_record_the_report_stands_among_the_learners_texts(course: Course) -> None:
    course.graded(rubrics_cell(handed_in(7)), scores={CELL: 1.0})
    page = Read(course.page())
    assert f"{CELL}: 1 of 2 points" in page.yours and "1 of 2 points" in page.course
    assert "gave this share of its points" in page.course


def test_a_record_of_another_run_says_nothing(course: Course) -> None:
    course.graded(rubrics_cell(handed_in(2)), scores={CELL: 2.0}, judged=[handed_in(7)])
    page = Read(course.page())
    assert "not yet" not in page.course and f"{CELL}: 2 of 2 points" in page.yours


def test_points_are_the_gradebooks_and_it_is_said_where_the_reasons_are_older(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 0.5}, judged=[done])
    page = Read(course.page())
    assert (
        "0.5 of 2 points" in page.course
        and "belong to an earlier score, 1: the gradebook says otherwise" in page.course
    )


def test_after_rejudging_the_page_says_what_the_gradebook_says(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 1.0}, judged=[done])
    assert "right 1 of 1" in Read(course.page()).course
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)  # the rubric, as its author has changed it
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    page = Read(course.page())
    assert "0 of 2 points" in page.course and "right 1 of 1" not in page.course
    assert page.course.count("not yet 0 of 1") == 2 and "earlier score" not in page.course


def by_hand(notebook: SubmittedNotebook) -> None:
    """What an instructor does in formgrader."""
    (grade,) = [each for each in notebook.grades if each.name == "words"]
    grade.manual_score, grade.extra_credit = 2.0, 0.5
    (comment,) = [each for each in notebook.comments if each.name == "words"]
    comment.manual_comment = "Good: **both** losses.\n\n<script>alert(1)</script>\n\nSee [this](https://example.org)."


def test_points_and_comments_by_hand_are_shown(course: Course) -> None:
    words = answer("words", "The logged loss …", words=True, grade=True, points=3)
    course.graded(words, cell("task", "Draw it.", words=True, task=True, locked=True, points=2), change=by_hand)
    written = course.page()
    page = Read(written)
    assert "answer in words 2.5 of 3" in page.course and "set these points by hand" in page.course
    assert "task 0 of 2" in page.course and "2.5 of 5 points" in " ".join(page.texts[""].split())
    assert "<strong>both</strong>" in written and ("a", {"href": "https://example.org"}) in page.tags
    assert "script" not in {tag for tag, _ in page.tags}
    assert "The logged loss …" in page.yours


def test_what_is_open_or_late_is_said(course: Course) -> None:
    def late_and_open(notebook: SubmittedNotebook) -> None:
        notebook.late_submission_penalty = 0.25
        notebook.grades[0].needs_manual_grade = True

    course.graded(test_cell("test", "assert x == 1"), scores={"test": 1.0}, change=late_and_open)
    page = Read(course.page())
    assert "0.25 points were taken off" in page.texts[""] and "still has to look at one part" in page.texts[""]
    assert "All 0.75 of 1" in page.course


def test_what_was_repaired_or_refused_is_said_at_the_top(course: Course) -> None:
    course.graded(
        test_cell("test", "assert x == 1"),
        repaired=["The cell `test` was put back.", "<b>Full points</b>"],
        refused="The file is no notebook: hand it in again.",
    )
    page = Read(course.page())
    for said in ("The cell `test` was put back.", "<b>Full points</b>", "The file is no notebook: hand it in again."):
        assert said in page.course
    assert "test 0 of 1" in page.course and "kept as you handed it in" in page.yours
    assert page.course.index("was not graded") < page.course.index("was repaired") < page.course.index("Points by cell")


def test_what_stopped_a_notebook_is_said_at_the_top(course: Course) -> None:
    said = "Cell 'answer' of lesson: This cell took more than 2 GB of memory, so the kernel was ended."
    course.graded(test_cell("test", "assert x == 1"), stopped=[said])
    page = Read(course.page())
    assert page.course.index("was stopped before its end") < page.course.index(said)


def test_where_tests_are_hidden_it_is_not_said_which_limit_stopped_a_notebook(course: Course) -> None:
    """A learner's code could choose the limit by what it saw."""
    hidden = test_cell("test", "### BEGIN HIDDEN TESTS\nassert x == 1\n### END HIDDEN TESTS")
    course.graded(hidden, stopped=["Cell 'answer' of lesson: This cell took more than 2 GB of memory."])
    assert "2 GB" not in Read(course.page()).course


def test_what_stopped_a_notebook_in_another_form_is_not_said(course: Course) -> None:
    course.graded(test_cell("test", "assert x == 1"), stopped={"of": "another form"})
    assert "was stopped" not in Read(course.page()).course


def test_an_ordinary_test_cell_says_where_it_stopped(course: Course) -> None:
    tests = "assert square(2) == 4\nassert square(3) == 9, 'three'"
    failed = raised("AssertionError", "three", 2)
    course.graded(
        answer("answer", "def square(x): return 2 * x"),
        test_cell("test", tests, failed),
        test_cell("passed", "assert True"),
        scores={"passed": 1.0},
    )
    page = Read(course.page())
    assert "It stopped with an error" in page.course and "assert square(3) == 9, 'three'" in page.course
    assert "All of its tests passed." in page.course
    assert "AssertionError: three" in page.yours and "def square" in page.yours


LIMITS = {
    "KernelDied": "The kernel ended in this cell",
    "CellTimeoutError": "This cell took more time than a cell has",
    "NotRun": "This cell was not run",
    "NoTime": "This cell was not run",
}


@pytest.mark.parametrize("hides", [False, True], ids=["plain", "hidden"])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_told_where_tests_are_hidden_too(course: Course, limit: str, hides: bool) -> None:
    ended = raised(limit, "More than 4 GB.", 0)
    course.graded(
        answer("answer", "while True: pass", ended), test_cell("test", TESTS if hides else "assert f()", ended)
    )
    page = Read(course.page())
    assert LIMITS[limit] in page.course
    not_run = limit in ("NotRun", "NoTime")
    if not not_run:
        assert ("answer: " + LIMITS[limit] if hides else f"answer: {limit}: More than 4 GB.") in page.yours
    assert ("More than 4 GB." in page.yours) != (hides or not_run)


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_can_be_read_in_light_in_dark_and_on_paper(course: Course) -> None:
    course.graded(answer("answer", "x = 1"))
    themes = re.findall(r":root \{(.+?)\}", course.page(), re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        grounds = [luminance(colours.pop(name)) for name in ("ground", "panel")]
        colours.pop("line")
        for name, colour in colours.items():
            for ground in grounds:
                lighter, darker = sorted((luminance(colour), ground), reverse=True)
                assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, colour)


def test_headings_and_tables_are_told_to_those_who_do_not_see_them(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), answer("answer", "x = 1"), scores={CELL: 1.0}, judged=[done])
    tags = Read(course.page()).tags
    assert tags[0] == ("html", {"lang": "en"})
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in own for tag, own in tags if tag == "th")
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table") > 0
    known = [own["id"] for _, own in tags if own.get("id")]
    assert len(known) == len(set(known))
    links = {own["href"][1:] for tag, own in tags if tag == "a"}
    assert links <= set(known) and {own.get("aria-labelledby") for _, own in tags} - {None} <= set(known)
