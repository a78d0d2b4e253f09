"""Pictures of vehicles, drawn by code: cars, buses and trucks from the side, 64 × 64 pixels in three colours.

What varies, and by how much, is in ``data/vehicles.md``. The colour of a vehicle does not tell its kind: it is drawn
from the same distribution for all three, or is the one that is asked for.

>>> vehicles = draw(1500, seed=0)
>>> X, y = vehicles.pictures.reshape(1500, PIXELS) / 255, vehicles.kinds
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dropnorm.language import _, current

KINDS = ("car", "bus", "truck")
SIZE = 64  # pixels of a side
PIXELS = SIZE * SIZE * 3  # inputs of a network that takes a picture as one row
COLOURS = {
    "blue": (45, 85, 195),
    "red": (200, 50, 45),
    "green": (50, 140, 75),
    "yellow": (225, 180, 50),
    "white": (228, 228, 222),
    "black": (45, 45, 50),
}

ROLLS = 60  # random numbers that every picture is given, more than any uses
AT_ONCE = 20  # pictures painted together: what they need fits into the processor's cache
TYRE, HUB, LAMP = (28, 28, 30), (170, 170, 175), (250, 225, 150)


@dataclass(frozen=True, eq=False)
class Vehicles:
    """Pictures and what they show.

    Attributes:
        pictures: ``(n, 64, 64, 3)``, uint8: rows from the top, red, green and blue from 0 to 255.
        kinds: ``(n,)``, integers: places in `KINDS`.
        colours: ``(n,)``, names out of `COLOURS`: what the body is painted in.
    """

    pictures: np.ndarray
    kinds: np.ndarray
    colours: np.ndarray

    def __len__(self) -> int:
        return len(self.kinds)


@dataclass(frozen=True, eq=False)
class VehicleParts:
    """The pictures to train on, to choose by, and to judge by once; no picture of one part is in another."""

    training: Vehicles
    validation: Vehicles
    test: Vehicles


def draw(count: int, seed: int, colour: str | None = None) -> Vehicles:
    """Draw that many pictures; the kinds take turns (car, bus, truck, car, …), so there are equally many of each.

    The same arguments give the same pictures. Each picture has a seed of its own: a longer draw begins with the
    shorter one, and one in another colour shows the same vehicles at the same places, painted anew.

    Args:
        count: how many, at least 1.
        seed: 0 or more; draws from different seeds have nothing in common.
        colour: one of `COLOURS` for all of them; without it each vehicle's colour is drawn.

    Raises:
        ValueError: an argument is not one of these; the message says which.
    """
    count, seed = _whole("count", count, 1), _whole("seed", seed, 0)
    if colour is not None and colour not in tuple(COLOURS):
        raise ValueError(
            _("There is no colour {colour}; choose one of {colours}, or None for any.").format(
                colour=repr(colour), colours=current().between_items.join(COLOURS)
            )
        )
    kinds = np.arange(count) % len(KINDS)
    chosen = np.empty(count, int)
    pictures = np.empty((count, SIZE, SIZE, 3), np.uint8)
    children = np.random.SeedSequence(seed).spawn(count)
    for kind in range(len(KINDS)):
        of_kind = np.flatnonzero(kinds == kind)
        for start in range(0, len(of_kind), AT_ONCE):
            places = of_kind[start : start + AT_ONCE]
            generators = [np.random.default_rng(children[place]) for place in places]
            rolls = np.stack([generator.random(ROLLS) for generator in generators]).astype(np.float32)
            chosen[places] = (rolls[:, 0] * len(COLOURS)).astype(int)
            if colour is not None:
                chosen[places] = list(COLOURS).index(colour)
            noise = np.stack([generator.standard_normal((SIZE, SIZE, 3), np.float32) for generator in generators])
            pictures[places] = _paint(kind, chosen[places], iter(rolls.T[1:]), noise)
    return Vehicles(pictures, kinds, np.array(list(COLOURS))[chosen])


def split_vehicles(training: int = 1500, validation: int = 600, test: int = 600, seed: int = 0) -> VehicleParts:
    """The three parts, each drawn from a seed of its own: ``3 * seed``, ``3 * seed + 1`` and ``3 * seed + 2``.

    Raises:
        ValueError: a count or the seed is not one that `draw` takes.
    """
    first = 3 * _whole("seed", seed, 0)
    return VehicleParts(draw(training, first), draw(validation, first + 1), draw(test, first + 2))


def _whole(name: str, number: int, least: int) -> int:
    """The number, if it is a whole one and not too small."""
    try:
        whole = operator.index(number)
    except TypeError:
        whole = least - 1
    if whole < least or isinstance(number, bool):
        raise ValueError(
            _("The {name} is a whole number of at least {least}, not {number}.").format(
                name=name, least=least, number=repr(number)
            )
        )
    return whole


Number = np.ndarray | float  # one a picture, or one for all
Colour = np.ndarray | tuple[int, int, int]
Between = Callable[[Number, Number], np.ndarray]  # a random number a picture, between two


@dataclass(frozen=True, eq=False)
class _Canvas:
    """Some pictures in the making, and where their vehicles are.

    Attributes:
        picture: ``(n, 3, 64, 64)``, float32, 0 to 255: painted over in place.
        along: ``(n, 1, 64)``: how far each column of pixels lies ahead of the rear bumper, in lengths of the vehicle.
        above: ``(n, 64, 1)``: how high each row of pixels lies above the road, in lengths of the vehicle.
        length: ``(n, 1, 1)``: of the vehicle, in pixels.
    """

    picture: np.ndarray
    along: np.ndarray
    above: np.ndarray
    length: np.ndarray

    def box(self, rear: Number, front: Number, low: Number, high: Number, colour: Colour, slant: float = 0) -> None:
        """Paint a box; with a slant its sides lean in, by that many lengths from the bottom to the top."""
        rear, front, low, high = (_each(edge) for edge in (rear, front, low, high))
        lean = slant * (self.above - low) / (high - low) if slant else 0
        inside = self._within(self.along - rear - lean) * self._within(front - lean - self.along)
        self._cover(inside * (self._within(self.above - low) * self._within(high - self.above)), colour)

    def disc(self, along: Number, above: Number, radius: Number, colour: Colour) -> None:
        """Paint a disc."""
        square = (self.along - _each(along)) ** 2 + (self.above - _each(above)) ** 2
        self._cover(self._within(_each(radius) - np.sqrt(square)), colour)

    def _within(self, depth: np.ndarray) -> np.ndarray:
        """How much of a pixel is covered whose middle lies that deep inside the edge: edges are not jagged."""
        return np.clip(depth * self.length + 0.5, 0, 1)

    def _cover(self, share: np.ndarray, colour: Colour) -> None:
        painted = np.asarray(colour, np.float32).reshape(-1, 3, 1, 1) - self.picture
        painted *= share[:, None]
        np.add(self.picture, painted, out=self.picture)


def _each(number: Number) -> np.ndarray:
    return np.asarray(number, np.float32).reshape(-1, 1, 1)


def _paint(kind: int, colours: np.ndarray, rolls: Iterator[np.ndarray], noise: np.ndarray) -> np.ndarray:
    """Pictures of one kind, ``(n, 64, 64, 3)``, uint8, from their colours, random numbers in [0, 1) and noise."""

    def between(low: Number, high: Number) -> np.ndarray:
        return low + (high - low) * next(rolls)

    def tint(dark: int, bright: int) -> np.ndarray:
        grey = between(dark, bright)
        return np.stack([grey + between(-22, 22) for _ in range(3)], axis=1)

    pixels = np.arange(SIZE, dtype=np.float32) + 0.5
    across, down = pixels[None, None, :], pixels[None, :, None]
    horizon, light, grain = between(20, 34), between(0.45, 1.05), between(3, 14)
    road = between(41, 47)  # the row on which the wheels stand
    picture = np.empty((len(colours), 3, SIZE, SIZE), np.float32)
    picture[:] = tint(120, 225)[..., None, None]
    scene = _Canvas(picture, across, _each(horizon) - down, _each(1))
    for _house in range(3):
        left = between(-8, 58)
        scene.box(left, left + between(6, 20), -2, between(0, 18), tint(85, 195))
    scene.box(-9, 73, -73, 0, tint(90, 180))
    scene.box(-9, 73, -73, horizon - road + 4, np.tile(between(85, 135)[:, None], 3))

    length = between(42, 48) * (1.075, 0.95, 0.88)[kind]  # the kinds show equally much of their paint
    middle = SIZE / 2 + between(-4, 4)
    forward = np.where(between(-1, 1) < 0, np.float32(-1), np.float32(1))
    along = _each(forward / length) * (across - _each(middle)) + 0.5
    vehicle = _Canvas(picture, along, (_each(road) - down) / _each(length), _each(length))
    body = np.array(list(COLOURS.values()), np.float32)[colours] * between(0.85, 1.1)[:, None]
    glass = np.array((75, 95, 115), np.float32) * between(0.6, 1.5)[:, None]
    vehicle.box(0.02, 0.98, -0.02, 0.04, (40, 40, 42))
    (_car, _bus, _truck)[kind](vehicle, body, glass, between)
    seen = picture.transpose(0, 2, 3, 1) * light[:, None, None, None] + noise * grain[:, None, None, None]
    return np.clip(seen, 0, 255).astype(np.uint8)


def _car(vehicle: _Canvas, body: np.ndarray, glass: np.ndarray, between: Between) -> None:
    belt, roof = between(0.25, 0.29), between(0.42, 0.49)
    rear, front = between(0.04, 0.16), between(0.70, 0.80)
    vehicle.box(rear, front, belt - 0.01, roof, body, slant=0.12)
    vehicle.box(rear + 0.05, front - 0.05, belt, roof - 0.04, glass, slant=0.1)
    vehicle.box((rear + front) / 2 - 0.03, (rear + front) / 2 + 0.01, belt, roof - 0.02, body)
    vehicle.box(0, 1, 0.08, belt, body)
    vehicle.box(0.95, 1, 0.19, 0.24, LAMP)
    _wheels(vehicle, (0.2, 0.8), between(0.085, 0.105))


def _bus(vehicle: _Canvas, body: np.ndarray, glass: np.ndarray, between: Between) -> None:
    roof, sill = between(0.42, 0.50), between(0.22, 0.26)
    vehicle.box(0, 1, 0.07, roof, body)
    for window in range(5):
        vehicle.box(0.04 + 0.16 * window, 0.17 + 0.16 * window, sill, roof - 0.06, glass)
    vehicle.box(0.86, 0.97, 0.12, roof - 0.06, glass)
    vehicle.box(0.97, 1, 0.12, 0.17, LAMP)
    _wheels(vehicle, (between(0.18, 0.26), 0.76), between(0.07, 0.09))


def _truck(vehicle: _Canvas, body: np.ndarray, glass: np.ndarray, between: Between) -> None:
    top, cab = between(0.48, 0.56), between(0.36, 0.42)
    vehicle.box(0, 1, 0.08, 0.13, (60, 60, 64))
    vehicle.box(0, between(0.62, 0.67), 0.12, top, body)
    vehicle.box(0.71, 1, 0.09, cab, body)
    vehicle.box(0.84, 0.98, cab - 0.15, cab - 0.03, glass)
    vehicle.box(0.96, 1, 0.13, 0.18, LAMP)
    radius = between(0.075, 0.09)
    _wheels(vehicle, (0.14, 0.34, 0.84), radius)


def _wheels(vehicle: _Canvas, places: tuple[Number, ...], radius: np.ndarray) -> None:
    for along in places:
        vehicle.disc(along, radius, radius, TYRE)
        vehicle.disc(along, radius, radius * 0.45, HUB)
