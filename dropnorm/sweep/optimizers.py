"""SGD and Adam on a vector of weights, with Keras' own constants and order of operations.

Keras keeps a learning rate, and takes powers of Adam's betas, from single precision also where weights are double.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Optimizer(Protocol):
    """Moves the weights by their gradients, both ``(weights,)``; ``gradients`` may be overwritten."""

    def apply(self, weights: np.ndarray, gradients: np.ndarray) -> None: ...


class SGD:
    """``w − η g``, as ``keras.optimizers.SGD`` without momentum; its learning rate η is 0.01 by default."""

    def __init__(self, learning_rate: float = 0.01) -> None:
        self.learning_rate = learning_rate

    def apply(self, weights: np.ndarray, gradients: np.ndarray) -> None:
        gradients *= gradients.dtype.type(np.float32(self.learning_rate))
        weights -= gradients


class Adam:
    """Kingma & Ba (2015) as ``keras.optimizers.Adam`` has it: ε = 1e-7 beside the root, not within its correction."""

    BETA_1, BETA_2, EPSILON = 0.9, 0.999, 1e-7

    def __init__(self, learning_rate: float = 0.001) -> None:
        self.learning_rate, self.steps = learning_rate, 0
        self._moments: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None

    def apply(self, weights: np.ndarray, gradients: np.ndarray) -> None:
        if self._moments is None:
            self._moments = (np.zeros_like(weights), np.zeros_like(weights), np.empty_like(weights))
        mean, square, change = self._moments
        self.steps += 1
        kind = weights.dtype.type  # Keras takes the powers in the weights' precision: at step 1 that moves α by 6e-6
        powers = (np.power(kind(np.float32(beta)), kind(self.steps)) for beta in (self.BETA_1, self.BETA_2))
        first, second = (kind(1) - power for power in powers)
        alpha = kind(np.float32(self.learning_rate)) * np.sqrt(second) / first
        np.subtract(gradients, mean, out=change)
        change *= kind(1 - self.BETA_1)
        mean += change
        gradients *= gradients
        gradients -= square
        gradients *= kind(1 - self.BETA_2)
        square += gradients
        np.sqrt(square, out=change)
        change += kind(self.EPSILON)
        np.divide(mean, change, out=change)
        change *= alpha
        weights -= change
