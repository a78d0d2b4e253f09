"""A class of eight in two languages: graded in one run, equal answers get equal points; nobody's training is faked."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import nbformat
import pytest
from classroom import CLASS, CONCRETE, FIRST, SPOTIFY, UNITS, Learner
from feedback_course import Read
from test_class import Course, fill_in

from dropnorm import places
from grader import build
from grader.autograde.ledger import Ledger

pytestmark = pytest.mark.full

FIRST_ZH = f"{FIRST}_zh"
ADA, BEN, CLEO = (next(each for each in CLASS if each.name == name) for name in ("ada", "ben", "cleo"))
UNTOUCHED = Learner("untouched", notebooks=(SPOTIFY, CONCRETE))
SPEAKERS = {  # who hands in what in which language
    "ada": {FIRST: ADA}, "an": {FIRST_ZH: ADA},
    "ben": {FIRST: BEN}, "bo": {FIRST_ZH: BEN},
    "cleo": {FIRST: CLEO}, "chen": {FIRST_ZH: CLEO},
    "dana": {FIRST: UNTOUCHED, FIRST_ZH: ADA},
    "fei": {FIRST_ZH: ADA},  # writes English into a Chinese notebook, and the other notebook is the English one
}  # fmt: skip
IN_CHINESE = "记录下来的训练损失是在暂退法开启时计算的。"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of eight in two languages, graded by the commands that are typed for the homework."""
    course = Course(tmp_path_factory.mktemp("course"))
    for unit in (FIRST, FIRST_ZH):
        shutil.copytree(places.SOLUTIONS / unit, course.folder / "solutions" / unit)
    shutil.copy(places.ROOT / build.CONFIG, course.folder)
    course.nbgrader("generate_assignment", FIRST)
    for learner, handed in SPEAKERS.items():
        for unit, wrote in handed.items():
            for name in {*wrote.notebooks} & {*UNITS[FIRST]}:
                path = course.folder / "submitted" / learner / unit / f"{name}.ipynb"
                path.parent.mkdir(parents=True, exist_ok=True)
                given = FIRST if (learner, name) == ("fei", CONCRETE) else unit
                shutil.copy(course.folder / "exercises" / given / path.name, path)
                fill_in(path, wrote.cells)
                if unit == FIRST_ZH and learner != "fei":
                    answer_in_chinese(path)
    patient = "--Execute.timeout=1800"  # whoever else uses the machine: this is no test of how fast it is
    course.said["autograde"] = course.nbgrader("autograde", FIRST, patient)
    course.nbgrader("generate_feedback", FIRST)
    course.said["export"] = course.nbgrader("export")
    return course


def answer_in_chinese(path: Path) -> None:
    content = nbformat.read(path, as_version=4)
    for cell in content.cells:
        if cell.id.endswith("_in_words"):
            cell.source = IN_CHINESE
    nbformat.write(content, path)


def handed(course: Course, learner: str, unit: str) -> dict[str, float]:
    """The points of a submission's test cells by machine."""
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(unit, learner)
        grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
        return {grade.name: grade.auto_score for grade in grades if not grade.name.endswith("_in_words")}


def test_all_are_graded_in_one_run_and_equal_answers_get_equal_points(course: Course) -> None:
    assert "9 of 9 submissions" in course.said["autograde"]
    for learner, submissions in SPEAKERS.items():
        for unit, wrote in submissions.items():
            got = handed(course, learner, unit)
            assert got == pytest.approx(wrote.points_in(FIRST), abs=0.01), (learner, unit)


def test_equal_models_are_trained_once(course: Course) -> None:
    specs: dict[tuple[str, str], dict[str, list[str]]] = {}

    def visit(entry, _: str) -> None:
        unit, learner, _ = entry.names
        specs.setdefault((learner, unit), {}).update(entry.noted.specs)

    Ledger(course.folder).read(visit)
    for english, chinese in (("ada", "an"), ("ben", "bo"), ("cleo", "chen"), ("ada", "fei"), ("ada", "dana")):
        assert specs[english, FIRST] == specs[chinese, FIRST_ZH] != {}


def test_the_export_has_a_row_each_and_the_better_one_counts(course: Course) -> None:
    with (course.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student_id"], row["assignment"]): float(row["raw_score"]) for row in csv.DictReader(file)}
    worth = {name: sum(next(reversed(each.values())).points_in(FIRST).values()) for name, each in SPEAKERS.items()}
    assert rows == pytest.approx({(name, FIRST): points for name, points in worth.items()}, abs=0.05)
    said = [line for line in course.said["export"].splitlines() if "more than once" in line]
    assert len(said) == 1 and "dana" in said[0] and f": {FIRST_ZH} with" in said[0]


def test_pages_are_in_the_language_that_was_handed_in(course: Course) -> None:
    for learner, submissions in SPEAKERS.items():
        for unit in submissions:
            pages = sorted((course.folder / "feedback" / learner / unit).glob("*.html"))
            assert pages
            for page in pages:
                said = Read(page.read_text(encoding="utf-8")).course
                chinese = sum("\u4e00" <= letter <= "\u9fff" for letter in said)
                assert (chinese > len(said) / 10) if unit == FIRST_ZH else not chinese, page
