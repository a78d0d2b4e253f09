"""One run of a lesson from top to bottom, and all that must be true of it: a base class of the lessons' tests.

Each lesson has a file of its own, ``tests/test_claims_<lesson>.py``, for files are what runs side by side.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from claims import LESSONS, Lesson
from claims.shown import english_in, numbers
from dropnorm import datasets
from dropnorm.places import NOTEBOOKS

SECONDS_A_CELL = 900
ADDED = "answered-fit"  # a cell of the tests
ANSWERED_FIT = (Path(__file__).parents[1] / "answered_fit.py").read_text(encoding="utf-8")
LANGUAGES = {"official": "zh", "stand-in": "qps"}  # by the source on which a lesson is run in it
# Judges each claim on its own: one that cannot be computed does not hide the others.
JUDGE = """
import json


def verdict(expression):
    try:
        return bool(eval(expression, globals()))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


print(json.dumps({slug: verdict(expression) for slug, expression in json.loads(CLAIMS).items()}))
"""


class RunOfALesson:
    """Subclasses say which lesson, and what a run of it shows.

    Attributes:
        name: as `Lesson.name`.
        drawings: so many figures at least.
        progress: the end of the line of progress that a cell leaves, by the cell's id.
        told: the data sets whose source is said, each once.
        sources: on which data it is run, and which tests that is among.
    """

    name: ClassVar[str]
    drawings: ClassVar[int] = 10
    progress: ClassVar[dict[str, str]] = {}
    told: ClassVar[tuple[str, ...]] = ()
    sources: ClassVar[dict[str, Any]] = {"stand-in": (), "official": pytest.mark.full}

    @classmethod
    def lesson(cls) -> Lesson | None:
        """The lesson, or None while there is no such notebook."""
        return next((lesson for lesson in LESSONS if lesson.name == cls.name), None)

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        lesson = self.lesson()
        if "claim" in metafunc.fixturenames:
            metafunc.parametrize("claim", lesson.claims if lesson else [])
        if "run" in metafunc.fixturenames:
            sources = [pytest.param(source, marks=mark) for source, mark in self.sources.items()]
            metafunc.parametrize("run", sources, indirect=True, scope="class")

    @pytest.fixture(scope="class")
    @classmethod
    def run(cls, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
        """A run on one source: the outputs of each cell, and what became of each claim."""
        lesson = cls.lesson()
        if lesson is None:
            pytest.skip(f"There is no notebook for '{cls.name}' yet.")
        try:
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("DROPNORM_SOURCE", request.param)
                datasets.dataset("red-wine")
        except datasets.DataError as error:
            pytest.skip(f"THE LESSON WAS NOT RUN ON OFFICIAL DATA: {error}")
        notebook, folder = lesson.notebook, tmp_path_factory.mktemp("trained")
        behind_the_imports(notebook, f"remember({str(folder)!r})")
        notebook.cells += [
            nbformat.v4.new_code_cell("print(plt.get_fignums())", id="open-figures"),
            nbformat.v4.new_code_cell(lesson.prepare, id="prepare"),
            nbformat.v4.new_code_cell(f"CLAIMS = {json.dumps(lesson.claims)!r}\n{JUDGE}", id="verdicts"),
        ]
        return Run(request.param, folder, executed(notebook, request.param))

    def test_what_the_prose_claims_comes_out_as_measured(self, run: Run, claim: str) -> None:
        verdict = json.loads(run.cells["verdicts"][-1].text)[claim]
        assert verdict is True, f"'{claim}' is {verdict}: {self.lesson().claims[claim]}"

    def test_it_runs_in_silence(self, run: Run) -> None:
        assert [output.text for output in outputs(run.cells) if output.get("name") == "stderr"] == []
        assert not [output for output in outputs(run.cells) if output.output_type == "error"]

    def test_every_figure_is_a_drawing_with_alternative_text(self, run: Run) -> None:
        displayed = [output.data for output in outputs(run.cells) if output.output_type == "display_data"]
        drawings = [data["text/html"] for data in displayed if "<svg" in data.get("text/html", "")]
        assert len(drawings) >= self.drawings
        for drawing in drawings:
            assert 'role="img"' in drawing
            assert len(re.search(r'aria-label="([^"]+)"', drawing)[1]) > 30
        assert not [data for data in displayed if any(kind.startswith("image/") for kind in data)]
        assert not [data for data in displayed if "text/plain" not in data]

    def test_figures_share_no_id_and_none_is_left_open(self, run: Run) -> None:
        page = "".join(output.data.get("text/html", "") for output in outputs(run.cells) if "data" in output)
        ids = re.findall(r'\bid="([^"]+)"', page)
        assert len(ids) == len(set(ids)) > 100
        assert run.cells["open-figures"][0].text.strip() == "[]"

    def test_each_training_leaves_one_line_of_progress(self, run: Run) -> None:
        for cell, end in self.progress.items():
            (output,) = run.cells[cell]
            assert set(output.data) == {"text/plain"}
            assert end in output.data["text/plain"]

    def test_the_source_is_said_once(self, run: Run) -> None:
        text = "".join(output.text for output in outputs(run.cells) if output.get("name") == "stdout")
        assert {data: text.count(f"{data}:") for data in self.told} == dict.fromkeys(self.told, 1)

    def test_in_another_language_it_shows_the_same_numbers(self, run: Run) -> None:
        """In Chinese on official data, in the language that is longer than English on stand-ins.

        Trainings are answered from the English run.
        """
        notebook = self.lesson().in_language(LANGUAGES[run.source])
        behind_the_imports(notebook, f"answer({str(run.trained)!r})")
        self.check_other_language(run, executed(notebook, run.source))

    def check_other_language(self, run: Run, cells: dict[str, list[Any]]) -> None:
        """A run in another language shows the numbers of the English one, and nothing in English."""
        differing = [name for name in cells if name != ADDED and numbers(cells[name]) != numbers(run.cells[name])]
        assert {name: (numbers(run.cells[name]), numbers(cells[name])) for name in differing} == {}
        assert [output.text for output in outputs(cells) if output.get("name") == "stderr"] == []
        left = {name: found for name in cells if (found := english_in(cells[name], self.lesson().notebook))}
        assert left == {}


@dataclass(frozen=True)
class Run:
    """What a run of a lesson on one source left: its long trainings in a folder, and the outputs of each cell."""

    source: str
    trained: Path
    cells: dict[str, list[Any]]


def behind_the_imports(notebook: nbformat.NotebookNode, call: str) -> None:
    """Call a function of `tests.answered_fit` behind the cell that starts TensorFlow; it leaves no name behind."""
    place = next(place for place, cell in enumerate(notebook.cells) if "quiet.start(" in cell.source)
    code = f"exec({ANSWERED_FIT!r}, answered := {{}})\neval({call!r}, answered)\ndel answered"
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(code, id=ADDED))


def executed(notebook: nbformat.NotebookNode, source: str) -> dict[str, list[Any]]:
    """The outputs of each cell of a notebook, by the cell's id."""
    resources = {"metadata": {"path": str(NOTEBOOKS)}}
    client = NotebookClient(notebook, timeout=SECONDS_A_CELL, resources=resources)
    try:
        client.execute(env=os.environ | {"DROPNORM_SOURCE": source})
    except CellExecutionError as error:
        pytest.fail(f"A lesson stops on {source} data: {error}", pytrace=False)
    return {cell.id: cell.get("outputs", []) for cell in notebook.cells}


def outputs(cells: dict[str, list[Any]]) -> list[Any]:
    """Those of all cells."""
    return [output for cell in cells.values() for output in cell]
