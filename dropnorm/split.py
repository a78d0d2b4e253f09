"""The two parts of a data set that a training needs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Split:
    """Inputs and targets of the training part and of the validation part.

    ``X_train`` and ``X_valid`` have the shape ``(rows, features)``, ``y_train`` and ``y_valid`` ``(rows,)``.
    """

    X_train: np.ndarray
    y_train: np.ndarray
    X_valid: np.ndarray
    y_valid: np.ndarray
