"""What one unit makes of pictures of blue and red cars: the activations that `BatchNormLab` shows as vehicles.

The same cars are painted twice (`dropnorm.experiments.separation`), so nothing but the paint tells the colours apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from dropnorm import clouds
from dropnorm.experiments.separation import UNITS, cars, kernel
from dropnorm.lab.normalization import Normalization
from dropnorm.lab.numerals import signed
from dropnorm.language import N_, _, listed

CARS = 256  # of each colour
COLOURS = ("blue", "red")
MIXED, ONLY_BLUE, ONLY_RED, IN_TURN = "mixed", "only blue", "only red", "in turn"
MAKE_UPS = {  # with what they are called
    MIXED: N_("mixed"),
    ONLY_BLUE: N_("only blue"),
    ONLY_RED: N_("only red"),
    IN_TURN: N_("in turn"),
}


class Colours(NamedTuple):
    """Activations of blue and of red cars, ``(rows,)`` each, and the rows of the batch of which they are shares."""

    blue: np.ndarray
    red: np.ndarray
    rows: int


@dataclass(frozen=True)
class ColouredBatch:
    """A batch of one or both colours.

    Attributes:
        blue, red: activations ``(rows,)``; where the batch is of one colour, the other holds the same cars painted
            otherwise, for comparison, and is no part of the batch.
        colours: those that are in the batch.
    """

    blue: np.ndarray
    red: np.ndarray
    colours: tuple[str, ...]

    @property
    def values(self) -> np.ndarray:
        """The batch, ``(rows,)``: the blue ones first."""
        return np.concatenate([getattr(self, colour) for colour in self.colours])

    def states(self, normalization: Normalization) -> tuple[Colours, Colours, Colours]:
        """Both colours before, after in training mode, and after at inference.

        In training mode a batch of one colour goes by its own statistics, and so does the other colour's.
        """
        blue, red, modes = self.blue, self.red, normalization
        if len(self.colours) == 2:
            both = modes.training(self.values)
            trained = both[: len(blue)], both[len(blue) :]
        else:
            trained = modes.training(blue), modes.training(red)
        made = ((blue, red), trained, (modes.inference(blue), modes.inference(red)))
        return tuple(Colours(*pair, len(self.values)) for pair in made)


class VehicleBatches:
    """Batches of one unit's activations.

    The unit is one of a Dense layer of 32 with its first weights, before any training: the one that tells the two
    colours apart best. Its activations have mean 0 and standard deviation 1 over as many blue cars as red ones.

    Args:
        seed: of pictures, weights and batches. The first call for a seed draws some 1,500 pictures: about a second.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.unit, self._activations = _activations(seed)

    def batch(self, make_up: str, number: int, size: int, shift: float = 0.0, scale: float = 1.0) -> ColouredBatch:
        """A batch, of cars drawn with replacement; ``shift`` and ``scale`` are put on the activations.

        Args:
            make_up: one of `MAKE_UPS`; in turn, the batches of odd numbers are blue.
            number: which batch, from 0.
            size: its rows; of a mixed one, half are blue.
        """
        random = np.random.default_rng((self.seed, 4, number))
        colours = {MIXED: COLOURS, ONLY_BLUE: COLOURS[:1], ONLY_RED: COLOURS[1:]}.get(make_up)
        if colours is None:
            colours = COLOURS[:1] if number % 2 else COLOURS[1:]
        rows = ((size + 1) // 2, size // 2) if make_up == MIXED else (size, size)
        first = random.integers(0, CARS, 2 * size)
        chosen = (first[: rows[0]], first[size : size + rows[1]] if make_up == MIXED else first[: rows[1]])
        blue, red = (
            (shift + scale * values[places]).astype("float32")
            for values, places in zip(self._activations, chosen, strict=True)
        )
        return ColouredBatch(blue, red, colours)

    def own(self, make_up: str) -> tuple[float, float]:
        """Mean and standard deviation, before shift and scale, that the moving averages go to."""
        blue, red = self._activations
        if make_up == MIXED:
            return 0.0, 1.0
        if make_up == IN_TURN:  # averages of means and of variances: what lies between the colours is in no batch
            return 0.0, float(np.sqrt((blue.var() + red.var()) / 2))
        only = blue if make_up == ONLY_BLUE else red
        return float(only.mean()), float(only.std())


def what(batch: ColouredBatch, unit: int) -> str:
    """Whose activations these are."""
    told = {"blue": _("{count} blue"), "red": _("{count} red")}
    counts = listed(told[colour].format(count=len(getattr(batch, colour))) for colour in batch.colours)
    return _("unit {unit} of {units} for pictures of {counts} cars").format(unit=unit, units=UNITS, counts=counts)


def apart(batch: ColouredBatch, normalization: Normalization) -> str:
    """How far the two colours lie apart, before and after."""
    states = batch.states(normalization)
    before, trained, inferred = (signed(clouds.separation(each.blue, each.red)) for each in states)
    if len(batch.colours) == 2:
        told = _(
            "Blue and red, the distance of their means over the spread within: {before} before, {training} in training "
            "mode, {inference} at inference: one affine map for both colours."
        )
    elif batch.colours == COLOURS[:1]:
        told = _(
            "Blue and red, the distance of their means over the spread within: {before} before, {training} in training "
            "mode, where the same cars in red make a batch of their own: pulled together; {inference} at inference, "
            "where both go by the same moving averages."
        )
    else:
        told = _(
            "Blue and red, the distance of their means over the spread within: {before} before, {training} in training "
            "mode, where the same cars in blue make a batch of their own: pulled together; {inference} at inference, "
            "where both go by the same moving averages."
        )
    return told.format(before=before, training=trained, inference=inferred)


@lru_cache(4)
def _activations(seed: int) -> tuple[int, tuple[np.ndarray, np.ndarray]]:
    """The unit that is shown, counted from 1, and its activations of the blue and of the red cars, ``(CARS,)`` each."""
    weights = kernel(seed)
    blue, red = (pictures @ weights for pictures in cars(seed, CARS))
    unit = int(np.argmax([clouds.separation(a, b) for a, b in zip(blue.T, red.T, strict=True)]))
    both = np.concatenate([blue[:, unit], red[:, unit]]).astype(float)
    both = (both - both.mean()) / both.std()
    return unit + 1, (both[:CARS], both[CARS:])
