"""A new exercise is one file and one notebook: a toy is added to a copy of the course, built and graded by nbgrader."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from nbgrader.api import Gradebook

from dropnorm import places
from grader import build

TOY = Path(__file__).with_name("third_exercise") / "toy.py"
# What an author writes: cells by their `grade_id`, with nbgrader's roles; the solution, and what two learners hand in.
CLEAR = "from dropnorm import quiet\n\nquiet.start()\n\nimport keras\nfrom keras import layers\n\nmodel = None"
SOLUTION = """model = keras.Sequential(
    [
        keras.Input((8,)),
        layers.Dense(32, activation="relu"),
        layers.Dropout(0.2),
        layers.Dense(1),
    ]
)"""
KEPT_FOR_DROPPED = SOLUTION.replace("0.2", "0.8")
TEST = 'from grader.cells import grade\n\ngrade("toy_structure")'


def cell(name: str, source: str, **role: object) -> nbformat.NotebookNode:
    made = new_code_cell(source, id=name)
    made.metadata["nbgrader"] = {"grade_id": name, "schema_version": 3, "task": False, "locked": True} | role
    return made


def notebook(answer: str) -> nbformat.NotebookNode:
    """The source notebook, or a learner's, by what stands in the answer cell."""
    kernel = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}}
    cells = [
        cell("toy_clear", CLEAR, grade=False, solution=False),
        cell("toy_model", answer, grade=False, solution=True, locked=False),
        cell("toy_structure", TEST, grade=True, solution=False, points=6),
    ]
    return new_notebook(cells=cells, metadata=kernel)


def written(content: nbformat.NotebookNode, path: Path) -> None:
    path.parent.mkdir(parents=True)
    nbformat.write(content, path)


@pytest.mark.full
def test_a_third_exercise_takes_one_file_and_one_notebook(tmp_path: Path) -> None:
    course = tmp_path / "course"
    for name in ("dropnorm", "grader"):
        shutil.copytree(places.ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(places.ROOT / "data", course / "data", ignore=shutil.ignore_patterns("cache"))
    for name in ("nbgrader_config.py", "pyproject.toml", "README.md"):
        shutil.copy(places.ROOT / name, course)
    shutil.copy(TOY, course / "grader" / "exercises")  # the file
    marked = f"### BEGIN SOLUTION\n{SOLUTION}\n### END SOLUTION"
    written(notebook(marked), course / "solutions" / "toy_unit" / "1_toy.ipynb")  # the notebook

    environment = build.environment() | {"DROPNORM_SOURCE": "stand-in", "PYTHONPATH": str(course)}

    def run(*arguments: str) -> None:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=course, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    run("grader.build")
    handed_out = (course / "exercises" / "toy_unit" / "1_toy.ipynb").read_text(encoding="utf-8")
    assert "YOUR CODE HERE" in handed_out
    assert "Dropout(0.2)" not in handed_out

    run("nbgrader", "generate_assignment", "toy_unit")
    for learner, answer in {"ada": SOLUTION, "ben": KEPT_FOR_DROPPED}.items():
        written(notebook(answer), course / "submitted" / learner / "toy_unit" / "1_toy.ipynb")
    run("nbgrader", "autograde", "toy_unit")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        scores = {name: gradebook.find_submission("toy_unit", name).score for name in ("ada", "ben")}
    assert scores == {"ada": 6, "ben": 5}


def test_the_authors_page_shows_the_file_that_is_tried() -> None:
    page = (places.ROOT / "docs" / "authors.md").read_text(encoding="utf-8")
    assert f"```python\n{TOY.read_text(encoding='utf-8')}```" in page
