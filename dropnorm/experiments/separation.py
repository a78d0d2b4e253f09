"""Blue cars and red cars in a Dense layer's outputs, and what batch normalization makes of the two clouds.

The same cars at the same places are painted twice, so nothing but the paint tells the clouds apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from dropnorm import clouds
from dropnorm.vehicles import KINDS, PIXELS, draw

CARS, BATCH, UNITS = 320, 64, 32
EPOCHS = 100  # of batches that the moving averages have seen: 1,000, after which 0.99 has forgotten how it began
KIND = KINDS.index("car")

# Where batch normalization takes its moments from.
BEFORE = "before"
MIXED, ONE_COLOUR = "mixed_batches", "one_colour_batches"  # training mode: each batch from its own moments
FROM_MIXED, FROM_ONE_COLOUR = "moving_from_mixed", "moving_from_one_colour"  # inference, after such batches
STATES = (BEFORE, MIXED, ONE_COLOUR, FROM_MIXED, FROM_ONE_COLOUR)


@dataclass(frozen=True)
class Separation:
    """One draw of cars and of a layer's weights."""

    seed: int


def cars(seed: int, count: int = CARS) -> tuple[np.ndarray, np.ndarray]:
    """Blue cars and the same cars in red, each ``(count, 12288)``; mean 0, standard deviation 1 over both, by pixel."""
    drawn = [draw(len(KINDS) * count, seed, colour) for colour in ("blue", "red")]
    blue, red = (each.pictures[each.kinds == KIND].reshape(count, PIXELS).astype(np.float32) for each in drawn)
    mean, variance = clouds.moments(np.concatenate([blue, red]))
    scale = np.sqrt(variance)
    return (blue - mean) / scale, (red - mean) / scale


def kernel(seed: int, inputs: int = PIXELS, units: int = UNITS) -> np.ndarray:
    """The weights of a Dense layer before training, ``(inputs, units)``: Glorot's uniform ones, as Keras draws them."""
    limit = np.sqrt(6 / (inputs + units))
    return np.random.default_rng(seed).uniform(-limit, limit, (inputs, units)).astype(np.float32)


def states(blue: np.ndarray, red: np.ndarray, seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The two clouds before batch normalization and after it, for each of `STATES`.

    Args:
        blue, red: a layer's outputs, ``(rows, units)``, as many of each; rows beyond whole batches are not allowed.
        seed: of the order in which rows make up batches.
    """
    generator = np.random.default_rng(seed)
    both, count = np.concatenate([blue, red]), len(blue)

    def mixed() -> np.ndarray:
        return generator.permutation(2 * count).reshape(-1, BATCH)

    def one_colour() -> np.ndarray:  # in turns: blue, red, blue, …
        of_each = [first + generator.permutation(count).reshape(-1, BATCH) for first in (0, count)]
        return np.stack(of_each, axis=1).reshape(-1, BATCH)

    def by_batch(orders: np.ndarray) -> np.ndarray:
        out = np.empty_like(both)
        for rows in orders:
            out[rows] = clouds.normalized(both[rows], *clouds.moments(both[rows]))
        return out

    def by_moving(order: Callable[[], np.ndarray]) -> np.ndarray:
        batches = (both[rows] for _ in range(EPOCHS) for rows in order())
        return clouds.normalized(both, *clouds.moving_moments(batches))

    made = (both, by_batch(mixed()), by_batch(one_colour()), by_moving(mixed), by_moving(one_colour))
    return {name: (values[:count], values[count:]) for name, values in zip(STATES, made, strict=True)}


def separate(job: Separation, count: int = CARS) -> dict[str, Any]:
    """One row: how far blue and red lie apart (`clouds.separation`) in each of `STATES`, and how far values spread.

    ``line_…`` is measured on the first direction of the plane that is fitted once, before batch normalization, on other
    cars; ``whole_…`` on all units together, ``unit_…`` on each alone, the median; ``deviation_…`` is the standard
    deviation of a unit over both colours, the median over units.
    """
    weights = kernel(job.seed)
    blue, red = (pictures @ weights for pictures in cars(2 * job.seed, count))
    line = clouds.plane(*(pictures @ weights for pictures in cars(2 * job.seed + 1, count)))[0].astype(np.float32)
    row = asdict(job)
    for name, (a, b) in states(blue, red, job.seed).items():
        row |= {
            f"line_{name}": clouds.separation(a @ line, b @ line),
            f"whole_{name}": clouds.separation(a, b),
            f"unit_{name}": float(np.median(clouds.separations(a, b))),
            f"deviation_{name}": float(np.median(np.concatenate([a, b]).std(axis=0))),
        }
    return row
