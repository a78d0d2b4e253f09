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
    """A released notebook as far as the cell ``last``, trained for two epochs, with what is ``written`` in its cells."""
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


@pytest.mark.parametrize("name", NAMES)
def test_an_error_before_the_first_question_is_told_by_the_first_test_cell(name: str, tmp_path: Path) -> None:
    part, wrong = BASELINE[name]
    done = run(up_to(name, f"{part}_questions", {f"{part}_answers": wrong}), tmp_path)
    assert set(outputs(done, "error")) == {f"{part}_answers"}
    said = outputs(done, "stdout")[f"{part}_questions"]
    assert said.startswith(f"{part}_questions: your cell raised an error") and "`histroy`" in said
    assert float(outputs(done, "execute_result")[f"{part}_questions"]) == 0.0
