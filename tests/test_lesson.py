"""The lesson: it runs in silence, its figures can be read by ear, and what its prose claims comes out as measured."""

from __future__ import annotations

import json
import os
import re
import statistics
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from matplotlib import pyplot
from nbclient import NotebookClient

from dropnorm import datasets
from dropnorm.places import NOTEBOOKS, ROOT

LESSON = NOTEBOOKS / "01_dropout_and_batch_normalization.ipynb"

# What the prose says, as expressions over the notebook's own names: each must be true after a run, on either source.
CLAIMS = {
    "the plain network overfits": (
        "curves['no dropout'].gap[0] > 0.1 and curves['no dropout'].rise_after_best[0] > 0.01"
    ),
    "with dropout the logged gap is negative, the gap at inference positive and smaller than without": (
        "curves['dropout 0.3'].logged_gap[0] < 0 < curves['dropout 0.3'].gap[0] < curves['no dropout'].gap[0] / 2"
    ),
    "with dropout no unit is indispensable": "rises_plain.max() > 5 * rises_dropped.max()",
    "but the plain network starts lower": (
        "curves['no dropout'].last('loss_at_inference')[0] < curves['dropout 0.3'].last('loss_at_inference')[0]"
    ),
    "a mask for each row at each step": "len(np.unique(masks, axis=0)) == len(masks) == 24",
    "dropout keeps the mean and drops its rate": (
        "all(abs(o.mean() - 1) < 0.05 and abs((o == 0).mean() - r) < 0.02 for r, o in zip(rates, outputs))"
    ),
    "each committee beats its every member": (
        "mae(committee) < mae(members).min() and mae(trees.mean(axis=0)) < mae(trees).min()"
    ),
    "the full network is about as good as the committee": "abs(mae(full) - mae(committee)) < 0.015",
    "the forest wins": "mae(trees.mean(axis=0)) < min(mae(committee), mae(full))",
    "masked members err more alike than trees": "error_correlation(members) > error_correlation(trees)",
    "in all five seeds the five claims hold": "len(pairs) == 5 and pd.DataFrame(holds).sum().tolist() == [5] * 5",
    "dropout after the output predicts too low by the dropped share": "abs(ratio - 0.7) < 0.06",
    "narrow, dropout ruins": "narrow.loc[0.5] > 1.2 * narrow.loc[0.0]",
    "wide, dropout closes most of the gap and ruins nothing": (
        "wide['gap'].loc[0.5] < wide['gap'].loc[0.0] / 2 and "
        "wide['best validation loss'].loc[0.5] < 1.05 * wide['best validation loss'].loc[0.0]"
    ),
    "where the loss is reached without dropout, dropout takes more epochs": (
        "(epochs_needed[0.5] > epochs_needed[0.0])[np.isfinite(epochs_needed[0.0])].all()"
    ),
    "standardised inputs stand steps a hundred times larger": (
        "min(largest['standardised']) >= 50 * max(largest['raw'])"
    ),
    "some validation rows lie outside the training range, none outside that of all rows": (
        "outside(honest) > 0 and outside(leaky) == 0"
    ),
    "epsilon all but loses one column": "after.min() < 0.2 and after.drop(after.idxmin()).min() > 0.7",
    "momentum changes no training": "differences.max() < 0.001",
    "at momentum 0.9 inference lags less": "excesses[0] > 5 * abs(excesses[1])",
    "raw Concrete under SGD is stuck at predicting one number": (
        "min(rows['raw, none']) > 0.95 * constant and strength['raw, none', 0].last('val_loss')[0] < 1.2 * constant"
    ),
    "batch normalization first does what the scaler does": (
        "abs(np.median(rows['raw, first']) - np.median(rows['StandardScaler, none'])) < 1"
    ),
    "in the other two places the training gets going too": (
        "max(rows['raw, after each layer'] + rows['raw, between']) < 0.85 * constant"
    ),
    "raw Concrete under SGD reaches the target only with batch normalization": (
        "np.isinf(epochs_to['without'].loc['concrete', 'raw', 'sgd']) and "
        "np.isfinite(epochs_to['with'].loc['concrete', 'raw', 'sgd'])"
    ),
    "on Concrete it saves epochs, by the median": "(epochs_to['with'] < epochs_to['without']).loc['concrete'].all()",
    "fewer epochs need not mean fewer seconds": (
        "((epochs_to['with'] < epochs_to['without']) & (seconds_to['with'] > seconds_to['without'])).any()"
    ),
    "an epoch costs more": "(cost['with'] > 1.2 * cost['without']).all()",
    "on standardised wine under Adam it needs more epochs in every seed": (
        "(by_seed['with'] > by_seed['without']).loc['red-wine', 'standardised', 'adam'].all()"
    ),
    "on raw Concrete under SGD only batch normalization arrives": (
        "np.isinf(by_seed['without'].loc['concrete', 'raw', 'sgd']).all() and "
        "np.isfinite(by_seed['with'].loc['concrete', 'raw', 'sgd']).all()"
    ),
    "on raw inputs the weights of some columns move hundreds of times less, on standardised ones of none": (
        "moves['raw'].min() < 1 / 200 and moves['standardised'].min() > 1 / 10"
    ),
    "less than a third of the start is left after 22 epochs": "np.argmax(0.99 ** (5 * epochs) < 1 / 3) == 22",
    "deeper networks on raw Concrete: some stuck at the constant": "(abs(deeper_last / constant - 1) < 0.1).any()",
    "some far above it, their best epoch the last": (
        "(deeper_last > 1.5 * constant).any() and (deeper['best_epoch'][deeper_last > 1.5 * constant] == 100).all()"
    ),
    "some no number any more, and nothing else": (
        "deeper_last.isna().any() and ((abs(deeper_last / constant - 1) < 0.1) | (deeper_last > 1.5 * constant) "
        "| deeper_last.isna()).all() and len(deeper) == 5"
    ),
    "where there is little gap to close, dropout makes the loss worse": (
        "max(at_width['gap'].loc[8, 0.0], gaps_raw.loc['neither', 'gap']) < 0.08 and "
        "median.loc['dropout', 'raw'] > 1.1 * median.loc['neither', 'raw']"
    ),
    "the recipe's first validation losses are wild": (
        "wine_curves['raw'].val_loss[0, :10].max() > 3 and np.diff(wine_curves['raw'].val_loss[0, :10]).max() > 0"
    ),
    "five seeds of each": "(results.groupby(['inputs', 'network']).size() >= 5).all() and len(results) >= 75",
    "on raw wine the plain network reaches a lower loss than the recipe": "won['neither', 'both']['raw'] >= 4",
    "and without twins too": "won['neither', 'both']['raw, twins removed'] >= 4",
    "batch normalization rescues dropout on raw inputs": "won['both', 'dropout']['raw'] == 5",
    "and without twins it does too": "won['both', 'dropout']['raw, twins removed'] == 5",
    "standardised, dropout alone beats the plain network in most seeds, but by little": (
        "won['dropout', 'neither']['standardised'] >= 3 and np.ptp(median['standardised']) < 0.06"
    ),
    "without twins the order of the layers is less clear": (
        "won['both, batch normalization first', 'both']['raw, twins removed'] "
        "< won['both, batch normalization first', 'both']['raw']"
    ),
    "dropout alone on raw inputs looks like overfitting and is none": (
        "gaps_raw.loc['dropout', 'logged_gap'] > 0.3 and gaps_raw.loc['dropout', 'gap'] < 0.15"
    ),
    "dropout keeps the mean of activations, not the variance": (
        "abs(with_dropout.mean() - activations.mean()) < 0.02 and with_dropout.var() > 1.3 * activations.var()"
    ),
    "about a fifth of the validation rows have a twin": "0.15 < twin.mean() < 0.25",
    "the plain network has learned the twins by heart, and does worse on other wines": (
        "errors['no dropout'][twin].mean() < 0.8 * errors['dropout 0.3'][twin].mean() and "
        "errors['no dropout'][~twin].mean() > errors['dropout 0.3'][~twin].mean()"
    ),
    "so it does in every seed": (
        "(pairs['loss_on_twins_without'] < 0.9 * pairs['loss_on_twins_with']).all() and "
        "(pairs['loss_on_others_without'] > pairs['loss_on_others_with']).all()"
    ),
    "without twins the losses rise in nearly every row": "(change.loc[networks] > 0).sum() >= 4",
    "a row trained anew comes close": "abs(again['best_val_loss'] - stored['best_val_loss']) < 0.03",
}
# Names that the claims use beside the notebook's own.
PREPARE = """
at_width = runs.groupby(["width", "rate"])[["best validation loss", "gap"]].median()
narrow, wide = at_width["best validation loss"].loc[8], at_width.loc[256]
epochs_needed = reached.groupby(["width", "rate"])["epochs to 0.55"].median().unstack()
largest = {name: [learning_rates[np.array(r) < 1].max() for r in ratios] for name, ratios in steps.items()}
excesses = [(each.loss_at_inference - each.loss)[0, :20].mean() for each in lagging.values()]
epochs_to, seconds_to = groups["epochs_to_target"].median().unstack(), groups["seconds_to_target"].median().unstack()
won = {(a, b): (seeds[a] < seeds[b]).groupby("inputs").sum() for a, b in claims}
by_seed = speed.set_index(["data", "inputs", "optimizer", "seed", "network"])["epochs_to_target"].unstack()
deeper_last = deeper["last_val_loss"]
gaps_raw = raw[["logged_gap", "gap"]].median()
"""


def lesson() -> nbformat.NotebookNode:
    return nbformat.read(LESSON, as_version=4)


def source(cell_id: str) -> str:
    return next(cell.source for cell in lesson().cells if cell.id == cell_id)


@pytest.fixture(scope="module", params=["stand-in", pytest.param("official", marks=pytest.mark.full)])
def run(request: pytest.FixtureRequest) -> dict[str, Any]:
    """The lesson, run from top to bottom on one source, and what became of each claim."""
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DROPNORM_SOURCE", request.param)
            datasets.dataset("red-wine")
    except datasets.DataError as error:
        pytest.skip(f"THE LESSON WAS NOT RUN ON OFFICIAL DATA: {error}")
    told = {name: f"bool({expression})" for name, expression in CLAIMS.items()}
    verdicts = ", ".join(f"{name!r}: {expression}" for name, expression in told.items())
    notebook = lesson()
    notebook.cells += [
        nbformat.v4.new_code_cell("import json\n" + PREPARE, id="prepare"),
        nbformat.v4.new_code_cell(f"print(json.dumps({{{verdicts}}}))", id="verdicts"),
        nbformat.v4.new_code_cell("print(plt.get_fignums())", id="open-figures"),
    ]
    environment = os.environ | {"DROPNORM_SOURCE": request.param}
    client = NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(NOTEBOOKS)}})
    client.execute(env=environment)
    return {cell.id: cell.get("outputs", []) for cell in notebook.cells}


def outputs(run: dict[str, Any]) -> list[Any]:
    return [output for cell in run.values() for output in cell]


def test_it_runs_in_silence(run: dict[str, Any]) -> None:
    said = [output.text for output in outputs(run) if output.get("name") == "stderr"]
    assert said == []
    assert not [output for output in outputs(run) if output.output_type == "error"]


@pytest.mark.parametrize("claim", CLAIMS)
def test_what_the_prose_claims_comes_out_as_measured(run: dict[str, Any], claim: str) -> None:
    assert json.loads(run["verdicts"][0].text)[claim], CLAIMS[claim]


def test_every_figure_is_a_drawing_with_alternative_text(run: dict[str, Any]) -> None:
    displayed = [output.data for output in outputs(run) if output.output_type == "display_data"]
    drawings = [data["text/html"] for data in displayed if "<svg" in data.get("text/html", "")]
    assert len(drawings) >= 20
    for drawing in drawings:
        assert 'role="img"' in drawing
        assert len(re.search(r'aria-label="([^"]+)"', drawing)[1]) > 30
    assert not [data for data in displayed if any(kind.startswith("image/") for kind in data)]
    assert not [data for data in displayed if "text/plain" not in data]


def test_figures_share_no_id_and_none_is_left_open(run: dict[str, Any]) -> None:
    page = "".join(output.data.get("text/html", "") for output in outputs(run) if "data" in output)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) > 100
    assert run["open-figures"][0].text.strip() == "[]"


def test_each_training_leaves_one_line_of_progress(run: dict[str, Any]) -> None:
    for cell, end in {"s1-fit": "150/150", "s2-fit": "150/150", "s6-fit": "100/100", "s3-width-run": "18/18"}.items():
        (output,) = run[cell]
        assert set(output.data) == {"text/plain"}
        assert end in output.data["text/plain"]


def test_the_source_is_said_once(run: dict[str, Any]) -> None:
    told = [output.text for output in outputs(run) if output.get("name") == "stdout"]
    assert sum(text.count("red-wine:") for text in told) == 1


def test_it_is_stored_without_outputs() -> None:
    notebook = lesson()
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        assert re.fullmatch(r"[a-z0-9-]+", cell.id)
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


def test_cells_are_short_enough_to_read_at_a_glance() -> None:
    code = [len(cell.source.splitlines()) for cell in lesson().cells if cell.cell_type == "code"]
    words = [len(cell.source.split()) for cell in lesson().cells if cell.cell_type == "markdown"]
    assert statistics.median(code) <= 6
    assert max(code) <= 20
    assert 14 <= statistics.median(words) <= 40


def test_no_line_of_code_runs_out_of_its_cell() -> None:
    lines = [line for cell in lesson().cells if cell.cell_type == "code" for line in cell.source.splitlines()]
    assert [line for line in lines if len(line) > 100] == []  # what JupyterLab shows in a window 1280 pixels wide


def test_a_prediction_is_asked_for_before_its_result() -> None:
    cells = lesson().cells
    asked = [place for place, cell in enumerate(cells) if "**Predict.**" in cell.source]
    assert len(asked) >= 15
    assert [place for place in asked if cells[place + 1].cell_type != "code"] == []


def test_links_lead_to_files_of_the_course() -> None:
    prose = "".join(cell.source for cell in lesson().cells if cell.cell_type == "markdown")
    links = re.findall(r"\]\((?!https?://)([^)]+)\)", prose)
    assert len(links) == 2
    for link in links:
        assert (NOTEBOOKS / link).resolve().is_relative_to(ROOT)
        assert (NOTEBOOKS / link).is_file()


def test_ten_lines_of_numpy_equal_keras_in_both_modes() -> None:
    import keras

    names: dict[str, Any] = {"np": np}
    exec(source("s5-numpy"), names)
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
    assert len(source("s5-numpy").splitlines()) <= 11


def test_older_idioms_are_as_the_note_says() -> None:
    import keras

    with pytest.warns(UserWarning, match="input_shape"):
        keras.layers.Dense(4, input_shape=[11])
    assert "seaborn-whitegrid" not in pyplot.style.available
    assert "seaborn-v0_8-whitegrid" in pyplot.style.available


def test_it_names_no_path_of_a_machine() -> None:
    text = Path(LESSON).read_text(encoding="utf-8")
    assert not re.search(r"/home/|/work/|/root/|/tmp/|DROPNORM_DATA", text)
