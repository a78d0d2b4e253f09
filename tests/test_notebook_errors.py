"""Errors of a learner's cells in a real kernel, each notebook run from the top as nbgrader runs it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import nbformat
import pytest

from tests.test_assignment import NAMES, outputs, released, run

BASELINE = {
    NAMES[0]: ("spotify_baseline", 'baseline_best_epoch = min(baseline_history.histroy["val_loss"])'),
    NAMES[1]: ("concrete_baseline", "baseline_finite = np.isfinite(baseline_history.histroy)"),
}


def up_to(name: str, last: str, written: Mapping[str, str]) -> nbformat.NotebookNode:
    """A released notebook as far as the cell ``last``, two epochs long, with what is ``written`` in its cells."""
    notebook = released(name)
    notebook.cells = notebook.cells[: 1 + [cell.id for cell in notebook.cells].index(last)]
    for cell in notebook.cells:
        if cell.id == "baseline-fit":
            cell.source = cell.source.replace("epochs=50", "epochs=2").replace("epochs=100", "epochs=2")
        elif cell.id in ("baseline-frame", "baseline-curves"):
            cell.source = ""
        cell.source = written.get(cell.id, cell.source)
    return notebook


@pytest.fixture(autouse=True)
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


@pytest.mark.parametrize("name", BASELINE)
def test_an_error_before_the_first_question_is_told_by_the_first_test_cell(name: str, tmp_path: Path) -> None:
    part, wrong = BASELINE[name]
    done = run(up_to(name, f"{part}_questions", {f"{part}_answers": wrong}), tmp_path)
    assert set(outputs(done, "error")) == {f"{part}_answers"}
    said = outputs(done, "stdout")[f"{part}_questions"]
    assert said.startswith(f"{part}_questions: your cell raised an error") and "`histroy`" in said
    assert float(outputs(done, "execute_result")[f"{part}_questions"]) == 0.0


def test_a_data_error_is_one_sentence_without_our_traceback(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "concrete.csv").write_text("cement,age\n1,2\n", encoding="utf-8")
    monkeypatch.setenv("DROPNORM_DATA", str(tmp_path))
    monkeypatch.delenv("DROPNORM_SOURCE")
    asked = {"wine": "There is no data set named 'wine'; the course has ", "concrete": "concrete.csv lacks columns "}
    new = nbformat.v4
    cells = [new.new_code_cell(f'pd.read_csv(datasets.path("{name}"))', id=name) for name in asked]
    cells = [new.new_code_cell("import pandas as pd\nfrom dropnorm import datasets", id="imports"), *cells]
    done = run(new.new_notebook(cells=cells), tmp_path)
    shown = {cell.id: output.traceback for cell in done.cells for output in cell.outputs}
    assert set(shown) == set(asked)
    for name, sentence in asked.items():
        assert len(shown[name]) == 1 and "\n" not in shown[name][0]
        assert sentence in shown[name][0]
