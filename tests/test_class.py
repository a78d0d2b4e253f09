"""A class, from the assignment to the grades, by nbgrader's own commands; nobody's training is faked.

Points by rubric: a Spotify model is worth 10 for its structure and 5 for its curve, a network of one's own 5, a
Concrete model 10 and 5, each pair of questions 2. So Spotify's notebook has 26 points by machine, Concrete's 19, and
each has a question in words, 3 points by hand.
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from dropnorm import places
from grader import build
from grader.questions import SOLUTION

pytestmark = pytest.mark.full

ASSIGNMENT = "dropout_and_batchnorm"
SPOTIFY, CONCRETE = "1_spotify_dropout", "2_concrete_batchnorm"
SOLVED = {
    cell.id: "\n".join(SOLUTION.findall(cell.source))
    for name in (SPOTIFY, CONCRETE)
    for cell in nbformat.read(places.SOLUTIONS / ASSIGNMENT / f"{name}.ipynb", as_version=4).cells
    if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code"
}
IN_WORDS = "The logged loss is taken with dropout on."


@dataclass
class Learner:
    """One learner of the class: what is written into which cell, and what that is worth."""

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    on_time: bool = True


SPOTIFY_FULL = {
    "spotify_baseline_questions": 2,
    "spotify_structure": 10,
    "spotify_curve": 5,
    "spotify_questions": 2,
    "spotify_own_model_loss": 5,
    "spotify_own_questions": 2,
}
CONCRETE_FULL = {
    "concrete_baseline_questions": 2,
    "concrete_structure": 10,
    "concrete_curve": 5,
    "concrete_questions": 2,
}
FULL = SPOTIFY_FULL | CONCRETE_FULL
NOTHING = dict.fromkeys(FULL, 0)

UNUSUAL = {
    "spotify_model": """
import sys
import warnings

from tensorflow import keras as tfk

class Net(tfk.Model):
    def __init__(self, rate):
        super().__init__()
        self.hidden = [(tfk.layers.Dense(n), tfk.layers.Dropout(rate)) for n in (128, 64)]
        self.out = tfk.layers.Dense(1)

    def call(self, x, training=None):
        for dense, dropout in self.hidden:
            x = dropout(tfk.activations.relu(dense(x)), training=training)
        return self.out(x)

warnings.warn("this goes to standard error")
print("so does this", file=sys.stderr)
model = Net(rate=3 / 10)
""",
    "spotify_own_model": """
own_model = keras.Sequential()
own_model.add(keras.Input((18,)))
for units, rate in ((160, 0.3), (96, 0.3)):
    own_model.add(layers.Dense(units, activation=keras.activations.relu))
    own_model.add(layers.Dropout(rate))
own_model.add(layers.Dense(1))
""",
    "concrete_model": """
inputs = x = keras.Input((8,))
for _ in range(3):
    x = layers.BatchNormalization()(x)
    x = layers.Dense(512)(x)
    x = layers.Activation("relu")(x)
model = keras.Model(inputs, layers.Dense(1)(layers.BatchNormalization()(x)))
""",
}
HOME_MADE = """
class Mine(layers.Layer):
    def call(self, x, training=False):
        kept = keras.ops.cast(keras.random.uniform(keras.ops.shape(x)) > 0.3, "float32")
        return x * kept if training else x

model = keras.Sequential(
    [
        keras.Input((18,)),
        layers.Dense(128, activation="relu"),
        Mine(),
        layers.Dense(64, activation="relu"),
        Mine(),
        layers.Dense(1),
    ]
)
"""
ZERO_BASED = "baseline_best_epoch = int(np.argmin(baseline_history.history['val_loss']))\nbaseline_overfits = True"
LOGGED_GAP = (
    "best_epoch = int(np.argmin(history.history['val_loss'])) + 1\n"
    "gap = history.history['val_loss'][-1] - history.history['loss'][-1]"
)

CLASS = [
    Learner("ada", SOLVED, FULL),
    Learner("ben", SOLVED | UNUSUAL, FULL),
    Learner(
        "cleo",  # partly right
        {
            "spotify_baseline_answers": ZERO_BASED,
            "spotify_model": SOLVED["spotify_model"].replace("Dropout(0.3)", "Dropout(0.7)", 1),
            "spotify_answers": LOGGED_GAP,
            "concrete_model": SOLVED["concrete_model"],
            "concrete_answers": LOGGED_GAP,
        },
        NOTHING
        | {
            "spotify_baseline_questions": 1.5,  # the epoch is counted from 0: named, and half of its point
            "spotify_structure": 9,  # one of two rates: half of the 2 points for rates
            "spotify_curve": 4.5,  # the gap is closed by a rate of 0.7, too, but the validation loss stays high
            "spotify_questions": 1,  # a gap from the logged loss
            "concrete_structure": 10,
            "concrete_curve": 5,
            "concrete_questions": 1,  # the same again
        },
    ),
    Learner(
        "dan",  # wrong: the baselines again, and a test cell that gives itself full points
        {
            "spotify_model": "model = keras.models.clone_model(baseline)",
            "spotify_structure": "10.0",
            "concrete_model": "model = keras.models.clone_model(baseline)",
        },
        NOTHING
        | {
            "spotify_structure": 4,  # layers, units, activations, output, compiled; nothing of the 6 for dropout
            "spotify_curve": 2.5,  # not the 2 for the closed gap, not the 0.5 for the validation loss
            "concrete_structure": 4,  # nothing of the 6 for batch normalization
            "concrete_curve": 2,  # trained as asked on the right rows, but the curve fails
        },
    ),
    Learner("eve", {}, NOTHING),  # untouched
    Learner(
        "fay",  # broken cells: Keras raises at the first, Python at the second
        {
            "spotify_baseline_answers": SOLVED["spotify_baseline_answers"],
            "spotify_model": SOLVED["spotify_model"].replace("0.3", "30"),
            "concrete_baseline_answers": SOLVED["concrete_baseline_answers"],
            "concrete_model": SOLVED["concrete_model"].rstrip().removesuffix(")"),
        },
        NOTHING | {"spotify_baseline_questions": 2, "concrete_baseline_questions": 2},
    ),
    Learner(
        "gus",  # one notebook is missing; in the other a human must look at a layer of his own, which was never trained
        {"spotify_model": HOME_MADE, "spotify-fit": ""},
        NOTHING | {"spotify_structure": 4},
        without=(CONCRETE,),
    ),
    Learner(
        "hal",  # late
        {"concrete_model": SOLVED["concrete_model"]},
        NOTHING | {"concrete_structure": 10, "concrete_curve": 5},
        on_time=False,
    ),
]


@dataclass
class Course:
    """A course's folder, and nbgrader's commands in it."""

    folder: Path

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
    """A course in which everything has been done, from generating the assignment to exporting the grades."""
    course = Course(tmp_path_factory.mktemp("course"))
    shutil.copytree(places.SOLUTIONS, course.folder / "solutions")
    shutil.copy(places.ROOT / build.CONFIG, course.folder)
    course.nbgrader("generate_assignment", ASSIGNMENT)
    course.nbgrader("release_assignment", ASSIGNMENT)
    course.nbgrader("fetch_assignment", ASSIGNMENT, learner="ada")
    for learner in CLASS:
        if learner.name != "ada":  # fetching copies, and takes seconds: the others copy what one has fetched
            shutil.copytree(course.home("ada") / ASSIGNMENT, course.home(learner.name) / ASSIGNMENT)
    for learner in sorted(CLASS, key=lambda one: not one.on_time):
        for name in (SPOTIFY, CONCRETE):
            notebook = course.home(learner.name) / ASSIGNMENT / f"{name}.ipynb"
            if name in learner.without:
                notebook.unlink()
            else:
                fill_in(notebook, learner.cells)
        if not learner.on_time:
            course.nbgrader("db", "assignment", "add", ASSIGNMENT, f"--duedate={datetime.now(UTC)}")
        course.nbgrader("submit", ASSIGNMENT, learner=learner.name)
    course.nbgrader("collect", ASSIGNMENT)
    course.nbgrader("autograde", ASSIGNMENT)
    course.nbgrader("generate_feedback", ASSIGNMENT)
    course.nbgrader("release_feedback", ASSIGNMENT)
    course.nbgrader("fetch_feedback", ASSIGNMENT, learner="cleo")
    course.nbgrader("export")
    return course


def test_what_is_generated_is_what_the_repository_holds(course: Course) -> None:
    def content(folder: Path) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (folder / ASSIGNMENT).iterdir()}

    assert content(course.folder / "exercises") == content(places.EXERCISES)


@pytest.mark.parametrize("learner", CLASS, ids=lambda learner: learner.name)
def test_each_gets_the_points_that_the_work_is_worth(course: Course, learner: Learner) -> None:
    with course.gradebook() as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, learner.name)
        points = {
            grade.name: grade.auto_score
            for notebook in submission.notebooks
            for grade in notebook.grades
            if not grade.name.endswith("_in_words")
        }
    assert points == pytest.approx(learner.points, abs=0.01)


def test_the_late_one_is_known_to_be_late_and_keeps_the_points(course: Course) -> None:
    with course.gradebook() as gradebook:
        late = {one.student_id for one in gradebook.assignment_submissions(ASSIGNMENT) if one.total_seconds_late > 0}
    assert late == {learner.name for learner in CLASS if not learner.on_time}


def test_words_wait_for_a_human_and_only_where_there_are_any(course: Course) -> None:
    with course.gradebook() as gradebook:
        waiting = {one.student_id for one in gradebook.assignment_submissions(ASSIGNMENT) if one.needs_manual_grade}
    assert waiting == {learner.name for learner in CLASS if learner.cells}


def test_what_cannot_be_judged_is_flagged_and_nothing_else_is(course: Course) -> None:
    with course.gradebook() as gradebook:
        flagged = {
            (submission.student_id, grade.name)
            for submission in gradebook.assignment_submissions(ASSIGNMENT)
            for notebook in submission.notebooks
            for grade in notebook.grades
            if grade.needs_manual_grade and not grade.name.endswith("_in_words")
        }
    assert flagged == {("gus", "spotify_structure")}


def test_feedback_holds_the_reasons_and_neither_solutions_nor_the_marking_guide(course: Course) -> None:
    feedback = course.home("cleo") / ASSIGNMENT / "feedback"
    pages = [page.read_text(encoding="utf-8") for page in feedback.rglob("*.html")]
    assert len(pages) == 2
    assert any("70 %" in page and "9 of 10 points" in page for page in pages)
    assert not any("Marking guide" in page or "BEGIN SOLUTION" in page for page in pages)


def test_the_export_has_a_row_for_each_learner(course: Course) -> None:
    with (course.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {name: float(row["raw_score"]) for name, row in rows.items()} == pytest.approx(
        {learner.name: sum(learner.points.values()) for learner in CLASS}, abs=0.05
    )
    assert {float(row["max_score"]) for row in rows.values()} == {51.0}


@pytest.mark.parametrize(("learner", "verdict"), [("ada", "Success"), ("fay", "VALIDATION FAILED ON")])
def test_validate_says_what_grading_will(course: Course, learner: str, verdict: str) -> None:
    notebook = course.home(learner) / ASSIGNMENT / f"{CONCRETE}.ipynb"
    assert verdict in course.nbgrader("validate", str(notebook))
