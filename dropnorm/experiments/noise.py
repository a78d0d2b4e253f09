"""Batch normalization undone: noise of a random mean and a random scale behind it, after Santurkar et al. (2018)."""

from __future__ import annotations

import numpy as np

from dropnorm.sweep.layers import Layer

MEANS, SCALES, JITTER = 0.5, 1.25, 0.1


class Noise(Layer):
    """In training ``x · scale + mean``: what batch normalization has pinned is anywhere again, and anew in every step.

    Each unit draws a mean between ±`MEANS` and a scale between 1 and `SCALES` for the step; each entry moves its own by
    up to ±`JITTER` (mean) and by a normal deviate of `JITTER` (scale). At inference nothing is done.

    Args:
        seed: of the noise; steps count from 0, and `step` may be set to draw a step's noise again.
    """

    def __init__(self, seed: int) -> None:
        self.seed, self.step = seed, 0

    def forward(self, x: np.ndarray, training: bool) -> np.ndarray:
        if not training:
            return x
        generator = np.random.default_rng((self.seed, self.step))
        self.step += 1
        units = x.shape[1]
        mean = generator.uniform(-MEANS, MEANS, units) + generator.uniform(-JITTER, JITTER, x.shape)
        scale = generator.uniform(1, SCALES, units) + JITTER * generator.standard_normal(x.shape)
        self.scale = scale.astype(x.dtype)
        x *= self.scale
        x += mean.astype(x.dtype)
        return x

    def backward(self, gradient: np.ndarray, wanted: bool = True) -> np.ndarray | None:
        gradient *= self.scale
        return gradient
