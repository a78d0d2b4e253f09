"""The masks of dropout: which entries are kept, drawn from a stream of its own for each layer of each run."""

from __future__ import annotations

import numpy as np

STEPS = 2**16  # a rate is rounded to a multiple of 1/65536, at most 7.7e-6 away: far below what any run could show


class MaskStream:
    """A new mask at every draw, one entry for each unit of each row.

    The numbers behind the masks depend on the seed and the layer's place, not on the rate: two rates of one seed drop
    nested sets of units, which takes some chance out of their comparison (common random numbers).

    Args:
        seed: the run's seed.
        place: which of the network's dropout layers this is, from 0.
        rate: the share dropped, at least 0 and below 1.
    """

    def __init__(self, seed: int, place: int, rate: float) -> None:
        self._bits = np.random.SFC64(np.random.SeedSequence((seed, 1, place)))
        self._threshold = np.uint16(round(rate * STEPS))
        self._kept = np.empty(0, bool)

    def draw(self, shape: tuple[int, int]) -> np.ndarray:
        """The next mask, ``(rows, units)``, True where an entry is kept; the array is used again by the next draw."""
        size = shape[0] * shape[1]
        if len(self._kept) < size:
            self._kept = np.empty(size, bool)
        numbers = self._bits.random_raw((size + 3) // 4).view(np.uint16)[:size]
        return np.greater_equal(numbers, self._threshold, out=self._kept[:size]).reshape(shape)
