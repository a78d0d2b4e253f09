"""A class, from the assignment to the grades, by the commands that README lists; nobody's training is faked."""

from __future__ import annotations

import csv
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from classroom import CLASS, CONCRETE, FIRST, IN_WORDS, SECOND, UNITS, Learner
from nbgrader.api import Gradebook

from dropnorm import places
from grader import build

pytestmark = pytest.mark.full


def instructors_commands() -> list[list[str]]:
    """What README tells instructors to type, in its order: the arguments of each nbgrader command."""
    section = (places.ROOT / "README.md").read_text(encoding="utf-8").split("\n## You teach\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("nbgrader ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@dataclass
class Course:
    """A course's folder, and nbgrader's commands in it."""

    folder: Path
    said: dict[str, str] = field(default_factory=dict)  # by each of README's commands

    def nbgrader(self, *arguments: str, learner: str = "teacher") -> str:
        """What the command says when it is typed by that person; it must succeed."""
        own = self.home(learner) / "jupyter"
        env = build.environment() | {
            "DROPNORM_SOURCE": "stand-in",
            "JUPYTER_CONFIG_DIR": str(own),
            "JUPYTER_DATA_DIR": str(own),  # where nbgrader remembers what this person has submitted
        }
        for name in ("JUPYTER_CONFIG_PATH", "DROPNORM_EXCHANGE"):
            env.pop(name, None)
        print(f"{datetime.now():%H:%M:%S} nbgrader {' '.join(arguments)}", flush=True)
        command = [sys.executable, "-m", "nbgrader", *arguments]
        if learner != "teacher":
            command += [f"--student={learner}", f"--Exchange.assignment_dir={self.home(learner)}"]
        done = subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True)
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def home(self, learner: str) -> Path:
        """Where a learner works."""
        return self.folder / "homes" / learner

    def gradebook(self) -> Gradebook:
        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}", course_id="dropnorm")


def fill_in(notebook: Path, cells: dict[str, str]) -> None:
    """Write into the cells of that name, as a learner would."""
    content = nbformat.read(notebook, as_version=4)
    for cell in content.cells:
        if cell.id in cells:
            cell.source = cells[cell.id]
        elif cells and cell.id.endswith("_in_words"):
            cell.source = IN_WORDS
    nbformat.write(content, notebook)


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A course in which everything has been done, from generating the first assignment to exporting the grades of both.

    README's commands name the first unit; the second is graded by the same ones, into the same gradebook.
    """
    course = Course(tmp_path_factory.mktemp("course"))
    shutil.copytree(places.SOLUTIONS, course.folder / "solutions")
    shutil.copy(places.ROOT / build.CONFIG, course.folder)
    commands = instructors_commands()
    for unit in UNITS:
        for command, *arguments in commands:
            if FIRST in arguments or (unit == FIRST and command == "validate"):
                if command == "collect":
                    hand_in(course, unit)
                named = [unit if argument == FIRST else argument for argument in arguments]
                course.said[command] = course.nbgrader(command, *named)
    (export,) = [one for one in commands if one[0] == "export"]
    course.nbgrader(*export)
    course.nbgrader("fetch_feedback", FIRST, learner="cleo")
    return course


def hand_in(course: Course, unit: str) -> None:
    """Each learner of the class fetches, works and submits; the assignment is due before the last of them do."""
    learners = [learner for learner in CLASS if learner.hands_in(unit)]
    course.nbgrader("fetch_assignment", unit, learner="ada")
    for learner in learners:
        if learner.name != "ada":  # fetching copies, and takes seconds: the others copy what one has fetched
            shutil.copytree(course.home("ada") / unit, course.home(learner.name) / unit)
    for learner in sorted(learners, key=lambda one: not one.on_time):
        for name in UNITS[unit]:
            notebook = course.home(learner.name) / unit / f"{name}.ipynb"
            if name in learner.notebooks:
                fill_in(notebook, learner.cells)
            else:
                notebook.unlink()
        if not learner.on_time:
            course.nbgrader("db", "assignment", "add", unit, f"--duedate={datetime.now(UTC)}")
        course.nbgrader("submit", unit, learner=learner.name)


@pytest.mark.parametrize("unit", UNITS)
def test_what_is_generated_is_what_the_repository_holds(course: Course, unit: str) -> None:
    def content(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (folder / unit).iterdir()}

    assert content(course.folder / "exercises") == content(places.EXERCISES)


@pytest.mark.parametrize(
    ("learner", "unit"),
    [
        pytest.param(learner, unit, id=f"{learner.name}-{unit}")
        for learner in CLASS
        for unit in UNITS
        if learner.hands_in(unit)
    ],
)
def test_each_gets_the_points_that_the_work_is_worth(course: Course, learner: Learner, unit: str) -> None:
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(unit, learner.name)
        points = {
            grade.name: grade.auto_score
            for notebook in submission.notebooks
            for grade in notebook.grades
            if not grade.name.endswith("_in_words")
        }
    assert points == pytest.approx(learner.points_in(unit), abs=0.01)


def test_the_late_one_is_known_to_be_late_and_keeps_the_points(course: Course) -> None:
    with course.gradebook() as gradebook:
        late = {
            (one.student_id, unit)
            for unit in UNITS
            for one in gradebook.assignment_submissions(unit)
            if one.total_seconds_late > 0
        }
    assert late == {(learner.name, FIRST) for learner in CLASS if not learner.on_time}


@pytest.mark.parametrize("unit", UNITS)
def test_words_wait_for_a_human_and_only_where_there_are_any(course: Course, unit: str) -> None:
    with course.gradebook() as gradebook:
        waiting = {one.student_id for one in gradebook.assignment_submissions(unit) if one.needs_manual_grade}
    assert waiting == {learner.name for learner in CLASS if learner.cells and learner.hands_in(unit)}


def test_what_cannot_be_judged_is_flagged_and_nothing_else_is(course: Course) -> None:
    with course.gradebook() as gradebook:
        flagged = {
            (submission.student_id, grade.name)
            for unit in UNITS
            for submission in gradebook.assignment_submissions(unit)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade and not grade.name.endswith("_in_words")
        }
    assert flagged == {("fay", "spotify_structure")}


def test_feedback_holds_the_reasons_and_neither_solutions_nor_the_marking_guide(course: Course) -> None:
    feedback = course.home("cleo") / FIRST / "feedback"
    pages = [page.read_text(encoding="utf-8") for page in feedback.rglob("*.html")]
    assert len(pages) == 2
    assert any("70 %" in page and "9 of 10 points" in page for page in pages)
    (diagnosis,) = (course.folder / "feedback" / "cleo" / SECOND).glob("*.html")
    pages.append(diagnosis.read_text(encoding="utf-8"))
    assert "2.5 of 4 points" in pages[-1]
    assert all("<svg" in page and "Next step:" in page for page in pages)
    secrets = ("Marking guide", "BEGIN SOLUTION", "site-packages", str(places.ROOT), str(course.folder))
    assert not [secret for secret in secrets for page in pages if secret in page]


def test_the_export_has_a_row_for_each_learner_and_unit(course: Course) -> None:
    with (course.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {(row["student_id"], row["assignment"]): row for row in csv.DictReader(file)}
    expected = {(one.name, unit): sum(one.points_in(unit).values()) for one in CLASS for unit in UNITS}
    assert {key: float(row["raw_score"]) for key, row in rows.items()} == pytest.approx(expected, abs=0.05)
    assert {(unit, float(row["max_score"])) for (_, unit), row in rows.items()} == {(FIRST, 51.0), (SECOND, 80.0)}


def test_what_is_right_ran_in_silence(course: Course) -> None:
    """In grading, where trainings are answered; at home it does as well: tests/test_assignment.py."""
    for unit, notebooks in UNITS.items():
        for name in notebooks:
            cells = nbformat.read(course.folder / "autograded" / "ada" / unit / f"{name}.ipynb", as_version=4).cells
            outputs = [output for cell in cells for output in cell.get("outputs", ())]
            assert outputs and not [output for output in outputs if output.output_type == "error"]
            assert not [output.text for output in outputs if output.get("name") == "stderr"]


def test_validate_finds_no_fault_in_the_solutions(course: Course) -> None:
    assert "Success" in course.said["validate"]


@pytest.mark.long  # tests/test_walkthrough.py presses Validate
def test_validate_says_what_grading_will(course: Course) -> None:
    notebook = course.home("fay") / FIRST / f"{CONCRETE}.ipynb"
    assert "VALIDATION FAILED ON" in course.nbgrader("validate", str(notebook))
