"""The two parts of a data set that a training needs, and the data sets as the lessons split them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dropnorm import datasets

RAW, WITHOUT_TWINS, STANDARDISED = "raw", "raw, twins removed", "standardised"
INPUTS = (RAW, WITHOUT_TWINS, STANDARDISED)


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs and targets of the training part and of the validation part.

    ``X_train`` and ``X_valid`` have the shape ``(rows, features)``, ``y_train`` and ``y_valid`` ``(rows,)``.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray


def split(data: str, inputs: str) -> Split:
    """A data set as the lessons split it: 70 % for training by ``sample(frac=0.7, random_state=0)``.

    Args:
        data: "red-wine" or "concrete".
        inputs: one of `INPUTS`: as they are; without repeated rows, which are removed before the split; or scaled to
            mean 0 and standard deviation 1 of the training part.
    """
    import pandas as pd  # half a second: a process that only trains is handed its split, and reads no table

    entry = datasets.dataset(data)
    frame = pd.read_csv(entry.path)
    if inputs == WITHOUT_TWINS:
        frame = frame.drop_duplicates()
    training = frame.sample(frac=0.7, random_state=0)
    validation = frame.drop(training.index)
    X, X_valid = (part.drop(columns=entry.target).to_numpy(np.float64) for part in (training, validation))
    if inputs == STANDARDISED:
        mean, scale = X.mean(axis=0), X.std(axis=0)
        X, X_valid = (X - mean) / scale, (X_valid - mean) / scale
    y, y_valid = (part[entry.target].to_numpy(np.float32) for part in (training, validation))
    return Split(X.astype(np.float32), y, X_valid.astype(np.float32), y_valid)
