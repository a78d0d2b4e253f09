"""The pages of feedback: no hidden test, no solution, no path of the machine gets out."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import feedback_course
import pytest
from feedback_course import (
    HIDDEN,
    TESTS,
    Course,
    Read,
    answer,
    cell,
    displayed,
    printed,
    raised,
    rubrics_cell,
    test_cell,
)
from test_rejudge import CELL, handed_in

from dropnorm import quiet
from grader.autograde.feedback.words import without_paths
from grader.judged import Judged
from grader.rubric import Finding, Status, Verdict

quiet.start()
course = feedback_course.course


def forms(secret: str) -> dict[str, str]:
    """A secret as a learner's code may send it out."""
    raw = secret.encode()
    return {
        "plain": secret,
        "hex": raw.hex(),
        "hex in pairs": raw.hex(" "),
        "base64": base64.b64encode(raw).decode(),
        "base64, broken": " ".join(re.findall(".{8}", base64.b64encode(raw).decode())),
        "backwards": secret[::-1],
        "repr": repr(secret),
    }


PLACES = {
    "printed in an answer": lambda text: answer("answer", "x = 1", printed(text)),
    "printed in a plain cell": lambda text: cell("plain", "x = 1", printed(text)),
    "printed in a test cell": lambda text: test_cell("another", "assert f()", printed(text)),
    "a share in a test cell": lambda text: test_cell("another", "f()", displayed(text_plain=text)),
    "raised in an answer": lambda text: answer("answer", "x = 1", raised("ValueError", text, 1, text)),
    "raised in a test cell": lambda text: test_cell("another", "assert f()", raised("ValueError", text, 1, text)),
    "the name of an error": lambda text: test_cell("another", "assert f()", raised(text, "", 1)),
    "displayed": lambda text: answer("answer", "x = 1", displayed(text_html=f"<p>{text}</p>", text_markdown=text)),
    "drawn": lambda text: answer("answer", "x = 1", displayed(image_png=text, image_svg_xml=f"<svg>{text}</svg>")),
    "metadata": lambda text: answer("answer", "x = 1", comment=text, score=text),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_form_of_a_hidden_test_gets_out(course: Course, place: str) -> None:
    for number, (form, text) in enumerate(forms(HIDDEN).items()):
        course.notebook = f"lesson{number}"
        failed = raised("AssertionError", "of negative numbers", 3, HIDDEN)
        course.graded(test_cell("test", TESTS, failed, points=2), PLACES[place](text))
        page = Read(course.page())
        everything = " ".join(" ".join(page.texts.values()).split())
        assert "stopped at a test that is not shown" in page.course
        for piece in (text, HIDDEN, "-17", "of negative", "HIDDEN TESTS"):
            assert piece not in everything, form


def test_a_line_that_is_not_hidden_is_shown_beside_one_that_is(course: Course) -> None:
    course.graded(test_cell("test", TESTS, raised("AssertionError", "", 5)))
    page = Read(course.page())
    assert "assert square(0) == 0" in page.course and "289" not in page.course


def test_tests_hidden_in_one_notebook_silence_the_others(course: Course) -> None:
    course.graded(test_cell("test", TESTS))
    course.notebook = "second"
    course.graded(answer("answer", "x = 1", raised("ValueError", "6173736572742073", 1)))
    assert "6173736572742073" not in course.page()


def test_where_tests_are_hidden_a_verdict_has_the_courses_words_alone(course: Course) -> None:
    said = "`best` is '-17 289', one less than the epoch's number."
    found = (
        Finding("baseline_best_epoch", 0.5, 1.0, said, "epoch_from_zero"),
        Finding("baseline_overfits", 0.0, 1.0, "What -17 289 gives."),
    )
    done = Judged(CELL, Verdict(Status.WRONG, found, 2.0), handed_in(7).account)
    course.graded(test_cell("test", TESTS), rubrics_cell(done), scores={CELL: 0.5}, judged=[done])
    page = Read(course.page())
    assert "289" not in page.course and "… is …, one less" in page.course
    assert "one less than the epoch's number" in page.course and "What has to be added" in page.course
    assert "some of its tests are hidden" in page.course


def test_other_words_may_hide_as_well(course: Course) -> None:
    course.settings = {"ClearHiddenTests": {"begin_test_delimeter": "VON HIER", "end_test_delimeter": "BIS HIER"}}
    tests = f"# VON HIER\n{HIDDEN}\n# BIS HIER"
    course.graded(test_cell("test", tests, raised("AssertionError", "289", 2), printed("289")))
    assert "289" not in "".join(Read(course.page()).texts.values())


def test_solutions_and_marking_guides_are_cut_out_of_whatever_is_shown(course: Course) -> None:
    guide = "### BEGIN SOLUTION\n**Marking guide**\n### END SOLUTION\nmine\n=== BEGIN MARK SCHEME ===\n1 point: 289"
    course.graded(answer("words", guide, words=True, grade=True, points=3))
    page = Read(course.page())
    assert "mine" in page.yours and "Marking guide" not in page.yours and "289" not in page.yours


PATHS = [
    ("No such file: '/home/ada.lovelace/course/gradebook.db'", "No such file: '[a path]'"),
    ("File /opt/venv/lib/python3.11/site-packages/keras/x.py:12, in f", "File [a path]:12, in f"),
    (r"C:\Users\teacher\course\x.csv is missing", "[a path] is missing"),
    ("see ~teacher/notes", "see [a path]"),
    ("file:///srv/course", "file://[a path]"),
    ("2f6f70742f636f757273652f736974652d7061636b61676573", "[…]"),
    ("L29wdC9jb3Vyc2Uvc2l0ZS1wYWNrYWdlcy9ncmFkZXI=", "[…]"),
    ("train/valid, 1/2 and data/tracks.csv stay", "train/valid, 1/2 and data/tracks.csv stay"),
    ("`baseline_best_epoch` and restore_best_weights stay", "`baseline_best_epoch` and restore_best_weights stay"),
]


@pytest.mark.parametrize(("said", "shown"), PATHS)
def test_paths_of_the_machine_are_taken_out(said: str, shown: str) -> None:
    assert without_paths(said) == shown


@pytest.mark.parametrize("said", [said for said, shown in PATHS if said != shown])
def test_paths_stand_nowhere_on_a_page(course: Course, said: str) -> None:
    found = (Finding("baseline_best_epoch", 0.0, 1.0, said), Finding("baseline_overfits", 0.0, 1.0))
    done = Judged(CELL, Verdict(Status.WRONG, found, 2.0), handed_in(7).account)
    course.graded(
        answer("answer", "open(name)", raised("OSError", said, 1, said)),
        test_cell("test", "assert f()", printed(said), raised("OSError", said, 1, said)),
        rubrics_cell(done),
        judged=[done],
        repaired=[said],
    )
    written = course.page()
    course.notebook = "refused"
    course.graded(answer("answer", "x = 1"), refused=said)
    written += course.page()
    assert said not in written and "site-packages" not in written
    assert str(course.root) not in written and str(Path.home()) + "/" not in written
