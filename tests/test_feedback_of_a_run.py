"""Feedback on notebooks that were run by a real kernel, and whose code has sent out all that it could see."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from feedback_course import Read
from nbformat.v4 import new_code_cell
from tiny_course import ONE, TWO, UNIT, TinyCourse, cell, notebook

from grader.autograde.feedback.step import FeedbackPage, WriteFeedback

SECRET = "square(-17) == 289"
TESTS = f"assert square(2) == 4\n### BEGIN HIDDEN TESTS\nassert {SECRET}, 'negative'\n### END HIDDEN TESTS"
SEES = """
seen = []
get_ipython().events.register("pre_run_cell", lambda info: seen.append(info.raw_cell))

def square(x):
    print("asked for", x)
    seen.append(repr(x))
    return x * x if x > 0 else -1
"""
SENDS = """
import base64, os, sys
from pathlib import Path
from IPython.display import HTML, display

secret = "".join(seen) + os.getcwd() + sys.prefix
forms = [secret, secret.encode().hex(), base64.b64encode(secret.encode()).decode()]
for form in forms:
    print(form)
    display(HTML(f"<p>{form}</p>"))
Path("forged.html").write_text(secret)
Path("notes.txt").write_text(secret)
Path("two.html").write_text(secret)
raise ValueError(forms[1])
"""
READS = """
from pathlib import Path
answer = Path("notes.txt").read_text() if Path("notes.txt").exists() else "nothing"
share = 0.5
raise ValueError(answer.encode().hex())
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """Ada has seen the hidden tests of the first notebook, and sent them out of both."""
    course = TinyCourse(tmp_path_factory.mktemp("course"))
    course.make({"ada": {TWO: READS}})
    source = notebook("")
    source.cells = [cell("answer", "", solution=True), cell("test", TESTS, grade=True, locked=True, points=3)]
    nbformat.write(source, course.root / "source" / UNIT / f"{ONE}.ipynb")
    assert course.api().generate_assignment(UNIT)["success"]
    submitted = nbformat.read(course.root / "release" / UNIT / f"{ONE}.ipynb", as_version=4)
    assert SECRET not in submitted.cells[1].source
    submitted.cells[0].source = SEES
    submitted.cells.append(new_code_cell(SENDS))
    nbformat.write(submitted, course.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb")
    course.grade()
    course.settings["GenerateFeedback"] = {"preprocessors": [WriteFeedback], "exporter_class": FeedbackPage}
    made = course.api().generate_feedback(UNIT)
    assert made["success"], made
    return course


def test_the_code_has_seen_it_all_and_sent_it_out(course: TinyCourse) -> None:
    graded = (course.graded("ada") / f"{ONE}.ipynb").read_text(encoding="utf-8")
    assert SECRET.encode().hex() in graded and "asked for -17" in graded
    assert SECRET.encode().hex() in (course.graded("ada") / f"{TWO}.ipynb").read_text(encoding="utf-8")
    assert (course.graded("ada") / "notes.txt").exists() and (course.graded("ada") / "two.html").exists()


@pytest.mark.parametrize("name", [ONE, TWO])
def test_nothing_of_it_is_on_the_pages(course: TinyCourse, name: str) -> None:
    written = (course.root / "feedback" / "ada" / UNIT / f"{name}.html").read_text(encoding="utf-8")
    everything = " ".join(" ".join(Read(written).texts.values()).split())
    for piece in (
        "289",
        "-17",
        "negative",
        "2d3137",
        "323839",
        "grading-",
        "2f746d70",
        "site-packages",
        str(course.root),
    ):
        assert piece not in everything
    assert "Some tests of this assignment are not shown" in everything


def test_the_page_says_what_it_can(course: TinyCourse) -> None:
    page = Read((course.root / "feedback" / "ada" / UNIT / f"{ONE}.html").read_text(encoding="utf-8"))
    assert "test 0 of 3" in page.course and "It stopped at a test that is not shown." in page.course
    assert "def square(x):" in page.yours


def test_no_file_goes_along_that_was_written(course: TinyCourse) -> None:
    found = {path.name for path in (course.root / "feedback" / "ada" / UNIT).iterdir()}
    assert found == {f"{ONE}.html", f"{TWO}.html"}


def test_nbgraders_own_page_would_have_told(course: TinyCourse, tmp_path: Path) -> None:
    stock = TinyCourse(Path(shutil.copytree(course.root, tmp_path / "course")))
    assert stock.api().generate_feedback(UNIT)["success"]
    folder = stock.root / "feedback" / "ada" / UNIT
    assert "289" in (folder / f"{ONE}.html").read_text(encoding="utf-8") and (folder / "forged.html").exists()
