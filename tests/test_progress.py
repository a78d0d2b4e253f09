"""Progress: one text output in a notebook, one line on stdout elsewhere, nothing on stderr."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from dropnorm.progress import EpochProgress, ProgressBar

CELLS = {
    "start": "from dropnorm import quiet\nquiet.start()\nimport numpy as np, keras\n"
    "from dropnorm.progress import EpochProgress, ProgressBar",
    "loop": "for _ in ProgressBar(range(7), desc='seeds', mininterval=0):\n    pass",
    "left": "for _ in ProgressBar(range(7), leave=False):\n    pass",
    "broken": "bar = ProgressBar(range(9), mininterval=0)\nfor step in bar:\n    if step == 4: break\nbar.close()",
    "fit": "model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])\nmodel.compile('sgd', 'mae')\n"
    "X, y = np.zeros((8, 2)), np.ones(8)\n"
    "history = model.fit(X, y, validation_data=(X, y), epochs=6, verbose=0, callbacks=[EpochProgress('wine')])",
    "threads": "import threading\n[thread for thread in threading.enumerate() if type(thread).__name__ == 'TMonitor']",
    "resumed": "history = model.fit(X, y, epochs=9, initial_epoch=6, verbose=0, callbacks=[EpochProgress()])",
}


@pytest.fixture(scope="module")
def outputs() -> dict[str, list]:
    """What each cell leaves in a saved page."""
    cells = [nbformat.v4.new_code_cell(source, id=name) for name, source in CELLS.items()]
    notebook = NotebookClient(nbformat.v4.new_notebook(cells=cells), timeout=120).execute()
    return {cell.id: cell.outputs for cell in notebook.cells}


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("loop", "seeds: 100%"), ("broken", "4/9"), ("fit", "6/6"), ("resumed", "9/9")],
)
def test_a_saved_page_shows_the_last_state_once_as_text(outputs: dict[str, list], cell: str, shown: str) -> None:
    (output,) = outputs[cell]
    assert output.output_type == "display_data"
    assert set(output.data) == {"text/plain"}
    assert shown in output.data["text/plain"]
    assert "\r" not in output.data["text/plain"]


def test_losses_stand_beside_the_epochs(outputs: dict[str, list]) -> None:
    text = outputs["fit"][0].data["text/plain"]
    assert text.startswith("wine: 100%")
    assert "val_loss=0." in text


def test_a_bar_that_is_not_left_leaves_an_empty_line(outputs: dict[str, list]) -> None:
    assert [output.data["text/plain"] for output in outputs["left"]] == [""]


def test_nothing_goes_to_stderr_in_a_notebook(outputs: dict[str, list]) -> None:
    assert outputs["start"] == []
    assert not [output for cell in outputs.values() for output in cell if output.output_type == "stream"]


def test_outside_a_notebook_it_is_a_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(ProgressBar(range(3), desc="files")) == [0, 1, 2]
    captured = capsys.readouterr()
    assert "files: 100%" in captured.out
    assert captured.err == ""


def test_epochs_are_counted_outside_a_notebook_too(capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mae")
    model.fit(np.zeros((4, 2)), np.ones(4), epochs=3, verbose=0, callbacks=[EpochProgress()])
    assert "3/3" in capsys.readouterr().out


def test_no_thread_is_left_that_would_show_something_below_another_cell(outputs: dict[str, list]) -> None:
    assert outputs["threads"][0].data["text/plain"] == "[]"
