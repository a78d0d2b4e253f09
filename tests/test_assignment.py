"""The assignments as they are stored, as they are handed out, and as they run."""

from __future__ import annotations

import itertools
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbgrader.converters import Autograde
from traitlets.config import Config

from dropnorm import places
from grader import build
from grader.assignments import assignments
from grader.exercises import EXERCISES
from grader.questions import SOLUTION
from grader.translating import making

ASSIGNMENTS = {
    "dropout_and_batchnorm": ("1_spotify_dropout", "2_concrete_batchnorm"),
    "placement_and_diagnosis": ("1_placement", "2_diagnosis"),
}
FOLDER = {name: assignment for assignment, names in ASSIGNMENTS.items() for name in names}
NAMES = tuple(FOLDER)
STUB, TEXT_STUB = "# YOUR CODE HERE", "YOUR ANSWER HERE"
RUBRICS = {rubric.name: rubric for exercise in EXERCISES.values() for rubric in exercise.rubrics.values()}


def source(name: str) -> nbformat.NotebookNode:
    return nbformat.read(places.SOLUTIONS / FOLDER[name] / f"{name}.ipynb", as_version=4)


def released(name: str) -> nbformat.NotebookNode:
    return nbformat.read(places.EXERCISES / FOLDER[name] / f"{name}.ipynb", as_version=4)


def roles(notebook: nbformat.NotebookNode) -> dict[str, dict]:
    return {c.id: c.metadata.nbgrader for c in notebook.cells if "nbgrader" in c.metadata}


def run(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """The notebook, run to its end in a kernel of its own, on the data that the environment asks for."""
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": folder}}
    ).execute()
    return notebook


def with_short_baselines(notebook: nbformat.NotebookNode, epochs: int) -> nbformat.NotebookNode:
    """The notebook, its baselines trained for so few epochs."""
    for cell in notebook.cells:
        if cell.id.endswith("baseline-fit"):
            cell.source = re.sub(r"epochs=\d+", f"epochs={epochs}", cell.source)
        elif cell.id == "baseline-frame":
            cell.source = ""  # it shows epochs that these do not have
    return notebook


def outputs(notebook: nbformat.NotebookNode, kind: str) -> dict[str, str]:
    """The text of one kind of output (a stream's name, "error" or "execute_result") by the cells that have it."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.output_type == kind:
                found[cell.id] = output.evalue if kind == "error" else output.data["text/plain"]
            elif output.output_type == "stream" and output.name == kind:
                found[cell.id] = found.get(cell.id, "") + output.text
    return found


# As it is stored


def test_these_are_all_assignments() -> None:
    languages = ("", *(f"_{language.code}" for language in making.languages()))
    assert assignments() == sorted(f"{name}{language}" for name in ASSIGNMENTS for language in languages)
    assert {path.stem for path in places.SOLUTIONS.glob("*/*.ipynb")} == set(NAMES)


@pytest.mark.parametrize("folder", [places.SOLUTIONS, places.EXERCISES])
@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_stored_without_outputs(folder: Path, name: str) -> None:
    stored = json.loads((folder / FOLDER[name] / f"{name}.ipynb").read_text(encoding="utf-8"))
    nbformat.validate(stored)
    assert set(stored["metadata"]) <= {"kernelspec", "language_info"}  # no widget state
    for cell in stored["cells"]:
        assert not cell.get("outputs") and cell.get("execution_count") is None, cell["id"]


def test_each_rubric_has_a_locked_test_cell_worth_its_points() -> None:
    cells = {id: role for name in NAMES for id, role in roles(source(name)).items()}
    tests = {id: role for id, role in cells.items() if role.grade and not role.solution}
    assert {id: role.points for id, role in tests.items()} == {name: r.maximum for name, r in RUBRICS.items()}
    assert all(role.locked and role.grade_id == id for id, role in tests.items())


def test_each_question_has_an_answer_cell() -> None:
    cells = {id: role for name in NAMES for id, role in roles(source(name)).items()}
    for name in EXERCISES:
        assert (cells[name].solution, cells[name].grade, cells[name].grade_id) == (True, False, name)


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_cleared_by_a_locked_cell_just_before(name: str) -> None:
    cells = [cell for cell in source(name).cells if cell.cell_type == "code"]
    for before, cell in itertools.pairwise(cells):
        role = cell.metadata.get("nbgrader")
        if role and role.solution:
            assert before.metadata.nbgrader.locked, cell.id
            assert "= None" in before.source, cell.id


# As it is handed out


def test_the_build_leaves_no_difference() -> None:
    stored = {p.relative_to(places.EXERCISES): p.read_bytes() for p in places.EXERCISES.rglob("*.ipynb")}
    assert build.generate() == stored


def test_a_build_replaces_only_what_differs_and_removes_what_has_no_source(tmp_path: Path) -> None:
    content = {Path("a/1.ipynb"): b"new", Path("a/2.ipynb"): b"same"}
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.ipynb").write_bytes(b"old")
    (tmp_path / "a/2.ipynb").write_bytes(b"same")
    (tmp_path / "a/3.ipynb").write_bytes(b"gone")
    (tmp_path / "a/mine.txt").write_bytes(b"a note")
    untouched = (tmp_path / "a/2.ipynb").stat().st_mtime_ns
    assert build.write(content, tmp_path) == ["updated 1.ipynb", "removed 3.ipynb, which has no source any more"]
    assert {p.name: p.read_bytes() for p in (tmp_path / "a").iterdir()} == {
        "1.ipynb": b"new",
        "2.ipynb": b"same",
        "mine.txt": b"a note",
    }
    assert (tmp_path / "a/2.ipynb").stat().st_mtime_ns == untouched
    assert build.write(content, tmp_path) == []


def test_a_build_without_sources_says_so(tmp_path: Path) -> None:
    with pytest.raises(build.BuildError, match="no notebook in"):
        build.generate(tmp_path)


def test_a_build_that_nbgrader_refuses_says_why_and_changes_nothing(tmp_path: Path) -> None:
    notebook = source(NAMES[0])
    notebook.cells[0].source = "### BEGIN SOLUTION"
    folder = tmp_path / "solutions" / FOLDER[NAMES[0]]
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / "broken.ipynb")
    (tmp_path / build.CONFIG).write_bytes((places.ROOT / build.CONFIG).read_bytes())
    with pytest.raises(build.BuildError, match="no end solution statement"):
        build.generate(tmp_path)
    assert not (tmp_path / "exercises").exists()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_released_holds_no_solution_and_no_marking_guide(name: str) -> None:
    hidden, shown = set(), set()
    for cell in source(name).cells:
        for region in SOLUTION.findall(cell.source):
            hidden |= {line.strip() for line in region.splitlines()}
        shown |= {line.strip() for line in SOLUTION.sub("", cell.source).splitlines()}
    secrets = {line for line in hidden - shown if len(line) > 3}
    assert any("Marking guide" in line for line in secrets) and any("layers." in line for line in secrets)
    handed_out = released(name)
    lines = {line.strip() for cell in handed_out.cells for line in cell.source.splitlines()}
    assert not secrets & lines
    assert "SOLUTION" not in json.dumps(handed_out)
    for cell in handed_out.cells:
        role = cell.metadata.get("nbgrader", {})
        if role.get("solution"):
            assert cell.source == (STUB if cell.cell_type == "code" else TEXT_STUB)
        elif role.get("grade"):
            assert cell.source == f'from grader.cells import grade\n\ngrade("{cell.id}")'


# As it runs


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


@pytest.mark.long  # tests/test_class.py runs them all, trainings answered, and validates one as it runs here
@pytest.mark.usefixtures("stand_ins")  # the references on official data: tests/test_rubric_curves.py
@pytest.mark.parametrize("name", NAMES)
def test_the_solutions_run_silently_and_get_full_points(name: str, tmp_path: Path) -> None:
    done = run(source(name), tmp_path)
    assert outputs(done, "error") == {}
    assert outputs(done, "stderr") == {}
    results = outputs(done, "execute_result")
    points = {cell.id: cell.metadata.nbgrader.points for cell in done.cells if cell.id in RUBRICS}
    assert {id: float(results[id]) for id in points} == points
    assert all("not yet" not in text for text in outputs(done, "stdout").values())


@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", NAMES)
def test_an_untouched_notebook_runs_to_its_end_and_nothing_in_it_is_called_wrong(name: str, tmp_path: Path) -> None:
    done = run(with_short_baselines(released(name), 2), tmp_path)
    assert outputs(done, "error") == {}
    assert outputs(done, "stderr") == {}
    results, said = outputs(done, "execute_result"), outputs(done, "stdout")
    tests = [cell.id for cell in done.cells if cell.id in RUBRICS]
    assert [float(results[id]) for id in tests] == [0.0] * len(tests)
    assert all(said[id].startswith(f"{id}: not started") for id in tests)
    assert not any("not yet" in text for text in said.values())


# nbgrader's settings


def settings(**variables: str) -> dict:
    """nbgrader's settings as its loader reads them, in a process with these environment variables."""
    code = (
        "import json; from traitlets.config.loader import PyFileConfigLoader as Loader; "
        f"print(json.dumps(Loader('nbgrader_config.py', {str(places.ROOT)!r}).load_config(), default=str))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_exchange_is_in_the_clone_unless_another_folder_is_named(tmp_path: Path) -> None:
    assert Path(settings(DROPNORM_EXCHANGE="")["Exchange"]["root"]) == places.ROOT / "exchange"
    elsewhere = tmp_path / "shared" / "exchange"
    assert Path(settings(DROPNORM_EXCHANGE=str(elsewhere))["Exchange"]["root"]) == elsewhere
    assert elsewhere.is_dir()


def test_nbgrader_grades_as_ever_and_flags_what_is_open() -> None:
    steps = [step.rpartition(".")[2].strip("'>") for step in settings()["Autograde"]["autograde_preprocessors"]]
    stock = [step.__name__ for step in Autograde.autograde_preprocessors.default()]
    added = ("JudgeOutside", "FlagForHumans", "NoteVerdict")
    assert [step.replace("WarmExecute", "Execute") for step in steps if step not in added] == stock
    assert steps.index("JudgeOutside") == steps.index("WarmExecute") + 1
    assert steps.index("FlagForHumans") == steps.index("SaveAutoGrades") + 1
    assert steps.index("NoteVerdict") == steps.index("AssignLatePenalties") + 1


def test_no_step_of_nbgraders_finds_a_setting_that_it_does_not_know(caplog: pytest.LogCaptureFixture) -> None:
    """It would say so at every notebook of a class."""
    config = Config(settings())
    for step in {*Autograde.sanitize_preprocessors.default(), *Autograde.autograde_preprocessors.default()}:
        step(config=config, log=logging.getLogger("step"))
    assert caplog.messages == []


def test_nbgrader_leaves_the_clone_clean() -> None:
    paths = (
        "exchange/x",
        "submitted/a/x",
        "autograded/a/x",
        "feedback/a/x",
        "gradebook.db",
        "grades.csv",
        "my-course/x",
    )
    done = subprocess.run(["git", "check-ignore", *paths], cwd=places.ROOT, capture_output=True, text=True)
    if done.returncode == 128:
        pytest.skip("this copy of the course is no git clone: nothing could make it unclean")
    assert tuple(done.stdout.split()) == paths
