"""The data sets as the lesson splits and prepares them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from dropnorm import datasets
from dropnorm.split import Split

RAW, WITHOUT_TWINS, STANDARDISED = "raw", "raw, twins removed", "standardised"
INPUTS = (RAW, WITHOUT_TWINS, STANDARDISED)


def split(data: str, inputs: str) -> Split:
    """A data set as the lessons split it: 70 % for training by ``sample(frac=0.7, random_state=0)``.

    Args:
        data: "red-wine" or "concrete".
        inputs: one of `INPUTS`: as they are; without repeated rows, which are removed before the split; or scaled to
            mean 0 and standard deviation 1 of the training part.
    """
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
