"""The cell of the second unit that trains takes callbacks in every form that the check calls right."""

from __future__ import annotations

from typing import Any

import keras
import nbformat
import numpy as np
import pytest

from dropnorm import places
from dropnorm.lab.live_curves import LiveCurves
from dropnorm.training import LossAtInference
from grader.fit_settings import read
from tests.answers import run

NOTEBOOK = places.SOLUTIONS / "placement_and_diagnosis" / "2_diagnosis.ipynb"
STOP = keras.callbacks.EarlyStopping(patience=1)


@pytest.mark.parametrize(
    "given",
    [{}, {"callbacks": None}, {"callbacks": []}, {"callbacks": STOP}, {"callbacks": [STOP]}, {"callbacks": (STOP,)}],
    ids=["nothing", "None", "empty", "one", "list", "tuple"],
)
def test_the_cell_that_trains_takes_the_callbacks_that_the_check_takes(given: dict[str, Any]) -> None:
    settings = {"epochs": 6, "batch_size": 4, **given}
    assert read(settings).faults == ()
    cell = next(cell.source for cell in nbformat.read(NOTEBOOK, as_version=4).cells if cell.id == "train")
    rows, model = np.zeros((4, 2), "float32"), keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.0), "mae")
    names: dict[str, Any] = {"LossAtInference": LossAtInference, "LiveCurves": LiveCurves, "np": np}
    names |= {"X_train": rows, "X_valid": rows, "y_train": rows[:, 0], "y_valid": rows[:, 0]}
    assert run({"train": cell}, names) == {}
    history = names["train"](model, settings).history
    assert len(history["loss_at_inference"]) == (2 if given.get("callbacks") else 6)
