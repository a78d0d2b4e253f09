"""The lessons as they are stored: short cells, predictions before results, links that lead somewhere."""

from __future__ import annotations

import re
import statistics
from typing import Any

import numpy as np
import pytest
from claims import LESSONS, Lesson
from matplotlib import pyplot

from dropnorm.places import NOTEBOOKS, ROOT

FIRST = LESSONS[0]
BY_LESSON = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)


@BY_LESSON
def test_it_is_stored_without_outputs(lesson: Lesson) -> None:
    notebook = lesson.notebook
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z0-9-]+", cell.id)
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@BY_LESSON
def test_cells_are_short_enough_to_read_at_a_glance(lesson: Lesson) -> None:
    code = [len(cell.source.splitlines()) for cell in lesson.cells if cell.cell_type == "code"]
    words = [len(cell.source.split()) for cell in lesson.cells if cell.cell_type == "markdown"]
    assert statistics.median(code) <= 6
    assert max(code) <= 20
    assert 14 <= statistics.median(words) <= 40


@BY_LESSON
def test_no_line_of_code_runs_out_of_its_cell(lesson: Lesson) -> None:
    lines = [line for cell in lesson.cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > 100] == []  # what JupyterLab shows in a window 1280 pixels wide


@BY_LESSON
def test_a_prediction_is_asked_for_before_its_result(lesson: Lesson) -> None:
    cells = lesson.cells
    asked = [place for place, cell in enumerate(cells) if "**Predict.**" in cell.source]
    assert len(asked) >= len(cells) / 14  # the first lesson: 15
    assert [place for place in asked if cells[place + 1].cell_type != "code"] == []


@BY_LESSON
def test_links_lead_to_files_of_the_course(lesson: Lesson) -> None:
    prose = "".join(cell.source for cell in lesson.cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", prose)
    assert len(links) >= 2  # the two exercises
    for link in links:
        assert (NOTEBOOKS / link).resolve().is_relative_to(ROOT)
        assert (NOTEBOOKS / link).is_file()


def test_ten_lines_of_numpy_equal_keras_in_both_modes() -> None:
    import keras

    names: dict[str, Any] = {"np": np}
    exec(FIRST.source("s5-numpy"), names)
    generator = np.random.default_rng(1)
    gamma, beta = generator.normal(size=(2, 5))
    layer = keras.layers.BatchNormalization()
    layer.build((None, 5))
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    mean, variance = np.zeros(5), np.ones(5)
    for training in (True, True, False, True, False):
        x = generator.normal(3, 2, size=(64, 5)).astype("float32")
        ours, mean, variance = names["batch_norm"](x, gamma, beta, mean, variance, training)
        np.testing.assert_allclose(ours, layer(x, training=training), rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(mean, layer.moving_mean, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(variance, layer.moving_variance, rtol=1e-4, atol=1e-5)


def test_the_numpy_lines_are_ten_and_a_signature() -> None:
    assert len(FIRST.source("s5-numpy").splitlines()) <= 11


def test_older_idioms_are_as_the_note_says() -> None:
    import keras

    with pytest.warns(UserWarning, match="input_shape"):
        keras.layers.Dense(4, input_shape=[11])
    assert "seaborn-whitegrid" not in pyplot.style.available
    assert "seaborn-v0_8-whitegrid" in pyplot.style.available


@BY_LESSON
def test_it_names_no_path_of_a_machine(lesson: Lesson) -> None:
    text = lesson.path.read_text(encoding="utf-8")
    assert not re.search(r"/home/|/work/|/root/|/tmp/|DROPNORM_DATA", text)
