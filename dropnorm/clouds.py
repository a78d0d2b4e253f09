"""Two clouds of points, how far apart they lie, and what batch normalization makes of them, in plain NumPy.

A cloud is an array ``(rows, features)``: what a layer makes of some rows, for example of pictures of blue vehicles.

>>> axes = plane(blue, red)                                 # fitted once, on the clouds before batch normalization
>>> separation(blue @ axes[0], red @ axes[0])               # before
>>> mean, variance = moments(np.concatenate([blue, red]))   # of a mixed batch
>>> separation(normalized(blue, mean, variance) @ axes[0], normalized(red, mean, variance) @ axes[0])
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

EPSILON, MOMENTUM = 1e-3, 0.99  # Keras' defaults of BatchNormalization


def separation(a: np.ndarray, b: np.ndarray) -> float:
    """The distance of two clouds' centres over the spread within them; 0 where the centres coincide.

    The spread within is the root of the mean squared distance of a point from the centre of its own cloud, both clouds
    counting alike. For one feature it is |mean of a − mean of b| over the standard deviation within.

    Args:
        a, b: ``(rows, features)``, or ``(rows,)`` for one feature.
    """
    a, b = (np.asarray(cloud, float).reshape(len(cloud), -1) for cloud in (a, b))
    distance = np.linalg.norm(a.mean(axis=0) - b.mean(axis=0))
    return float(distance / np.sqrt((a.var(axis=0).sum() + b.var(axis=0).sum()) / 2))


def separations(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """`separation` of each feature alone, ``(features,)``; features that never vary are left out.

    A map ``s x + t`` of a feature, the same for both clouds, leaves its number as it is, whatever s and t are (s ≠ 0).
    """
    within = np.sqrt((a.var(axis=0, dtype=float) + b.var(axis=0, dtype=float)) / 2)
    apart = np.abs(a.mean(axis=0, dtype=float) - b.mean(axis=0, dtype=float))
    varying = within > 1e-6 * within.max()
    return apart[varying] / within[varying]


def plane(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Two directions to look along, ``(2, features)``, of length 1 and at right angles: ``a @ plane(a, b).T``.

    The first is the line on which the two clouds lie farthest apart, by their spread within (Fisher 1936: the inverse
    of the covariance within, times the difference of the centres); the second that of the largest spread that is left.
    """
    a, b = np.asarray(a, float), np.asarray(b, float)
    within = (np.cov(a, rowvar=False) + np.cov(b, rowvar=False)) / 2
    first = np.linalg.pinv(within) @ (a.mean(axis=0) - b.mean(axis=0))
    first /= np.linalg.norm(first)
    both = np.concatenate([a, b])
    left = (both - both.mean(axis=0)) @ (np.eye(len(first)) - np.outer(first, first))
    return np.stack([first, np.linalg.svd(left, full_matrices=False)[2][0]])


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of each feature, both ``(features,)``: what batch normalization takes from a batch."""
    return values.mean(axis=0), values.var(axis=0)


def moving_moments(batches: Iterable[np.ndarray], momentum: float = MOMENTUM) -> tuple[np.ndarray, np.ndarray]:
    """The moving averages of mean and variance after these batches, as Keras keeps them: from 0 and 1 on.

    Each batch moves them by ``moving = momentum · moving + (1 − momentum) · batch's``.
    """
    mean, variance = 0.0, 1.0
    for batch in batches:
        of_batch = moments(batch)
        mean = momentum * mean + (1 - momentum) * of_batch[0]
        variance = momentum * variance + (1 - momentum) * of_batch[1]
    return np.asarray(mean), np.asarray(variance)


def normalized(values: np.ndarray, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
    """Batch normalization with γ = 1 and β = 0 (Ioffe & Szegedy 2015): ``(values − mean) / √(variance + ε)``."""
    return (values - mean) / np.sqrt(variance + EPSILON)
