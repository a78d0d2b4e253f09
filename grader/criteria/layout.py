"""How a network's steps are laid out: its Dense layers, and what stands in the places before, between and after them.

The Dense layers are the backbone. `align` pairs those of a learner's network with those of the reference, so that one
layer too many or too few shifts nothing else; what stands in the places is then compared place by place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dropnorm.language import N_, _, listed, ngettext
from grader.facts import Operation

DENSE, ACTIVATION, DROPOUT, BATCH_NORM = "dense", "activation", "dropout", "batch_normalization"
BENDING = (ACTIVATION, "p_re_lu")  # an activation that learns its slope is a layer with weights in Keras

# Kinds that learners take for Dropout, and for BatchNormalization.
LIKE_DROPOUT = ("alpha_dropout", "gaussian_dropout", "gaussian_noise", "spatial_dropout")
LIKE_BATCH_NORM = (
    "layer_normalization",
    "group_normalization",
    "rms_normalization",
    "unit_normalization",
    "normalization",
    "rescaling",
)


@dataclass(frozen=True)
class Place:
    """What stands in one place: before the first Dense layer (number 0), after the n-th (number n).

    ``spans`` counts the places of a learner's network that it covers: more than one where extra layers stand between.
    """

    number: int
    operations: tuple[Operation, ...] = ()
    spans: int = 1

    def of(self, *kinds: str) -> tuple[Operation, ...]:
        """The steps of some kinds, in order; a kind may be the beginning of a name (``spatial_dropout``)."""
        return tuple(step for step in self.operations if step.kind.startswith(kinds))

    def standing_for(self, kind: str, relatives: tuple[str, ...], wanted: int) -> tuple[Operation, ...]:
        """The steps of a kind; where they are fewer than ``wanted``, its relatives stand in for those that are missing.

        That a relative is not the kind itself is told by the criterion on kinds of layers.
        """
        own = [step for step in self.operations if step.kind == kind]
        others = [step for step in self.of(*relatives) if step.kind != kind][: max(0, wanted - len(own))]
        return tuple(step for step in self.operations if step in (*own, *others))


@dataclass(frozen=True)
class Layout:
    """Dense layers in order, and the places around them: one place more than there are Dense layers.

    Another layer that multiplies by weights stands where a Dense layer should, and counts as one here.
    """

    dense: tuple[Operation, ...]
    places: tuple[Place, ...]

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> Layout:
        """The layout of a chain of steps."""
        dense: list[Operation] = []
        around: list[list[Operation]] = [[]]
        for step in operations:
            if step.kind == DENSE or step.width is not None:
                dense.append(step)
                around.append([])
            else:
                around[-1].append(step)
        return cls(tuple(dense), tuple(Place(n, tuple(steps)) for n, steps in enumerate(around)))


@dataclass(frozen=True)
class Alignment:
    """The reference's layout and a learner's, Dense layer by Dense layer.

    Attributes:
        expected: the reference's layout.
        seen: the learner's.
        pairs: for each Dense layer of the reference the number of the learner's that takes its part, or None.
        extra: the learner's Dense layers that take no part.
    """

    expected: Layout
    seen: Layout
    pairs: tuple[int | None, ...]
    extra: tuple[int, ...]

    @property
    def hidden(self) -> tuple[tuple[Operation, Operation | None], ...]:
        """The hidden Dense layers: the reference's, and the learner's in its part or None."""
        return tuple(
            (wanted, None if number is None else self.seen.dense[number])
            for wanted, number in zip(self.expected.dense[:-1], self.pairs[:-1], strict=True)
        )

    @property
    def output(self) -> Operation | None:
        """The learner's output layer, or None where there is none."""
        return None if self.pairs[-1] is None else self.seen.dense[self.pairs[-1]]

    def places(self) -> tuple[tuple[Place, Place | None], ...]:
        """The reference's places and what stands there in the learner's network; None where the layer is missing.

        A place reaches to the next Dense layer that takes a part, over extra layers between. What stands behind extra
        layers in front of all others is in none of the reference's places.
        """
        starts: list[int | None] = [0, *(None if pair is None else pair + 1 for pair in self.pairs)]
        result = []
        for number, (place, start) in enumerate(zip(self.expected.places, starts, strict=True)):
            if start is None:
                result.append((place, None))
                continue
            later = [1] if number == 0 else [s for s in starts[number + 1 :] if s is not None]
            stop = min(later) if later else len(self.seen.places)
            steps = [step for found in self.seen.places[start:stop] for step in found.operations]
            result.append((place, Place(number, tuple(steps), stop - start)))
        return tuple(result)

    def behind_extra_layers_in_front(self) -> tuple[Operation, ...]:
        """What stands between extra Dense layers in front and the first Dense layer that takes a part."""
        first = next((pair for pair in self.pairs if pair is not None), 0)
        return tuple(step for place in self.seen.places[1 : first + 1] for step in place.operations)

    def directly_after(self, number: int) -> Place | None:
        """What stands directly behind the Dense layer that takes the part of the reference's ``number``-th (from 0)."""
        pair = self.pairs[number]
        return None if pair is None else self.seen.places[pair + 1]


def units_of(step: Operation) -> int:
    """How many numbers a Dense layer, or the layer in its place, gives."""
    return step.settings["units"] if step.kind == DENSE else step.width or 0


def arranged(place: Place, steps: Iterable[Operation]) -> str:
    """How several steps of a place stand to one another, as a message about ``{where}`` that is still to be translated.

    Empty where nothing is to be said of it.
    """
    numbers = [number for number, step in enumerate(place.operations) if step in steps]
    if place.spans > 1 or not numbers:
        return ""
    between = place.operations[numbers[0] : numbers[-1]]
    bent = any(step.kind in BENDING for step in between)
    return N_("on both sides of an activation {where}") if bent else N_("one after the other {where}")


def align(expected: Layout, seen: Layout) -> Alignment:
    """Pair the Dense layers of two layouts: as many equal widths as can be, in order (edit distance).

    A layer of another width counts 1, a missing or an extra layer 1.2: two swapped widths are two wrong widths and not
    a layer missing and another one too many.
    """
    wanted, found = ([units_of(step) for step in layout.dense] for layout in (expected, seen))
    rows, columns = len(wanted), len(found)
    cost = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows, -1, -1):
        for j in range(columns, -1, -1):
            options = _options(cost, wanted, found, i, j)
            cost[i][j] = min((total for total, _ in options), default=0.0)
    pairs: list[int | None] = [None] * rows
    extra: list[int] = []
    i = j = 0
    while i < rows or j < columns:
        _, move = min(_options(cost, wanted, found, i, j))
        if move == "a pair":
            pairs[i] = j
        elif move == "extra":
            extra.append(j)
        i, j = i + (move != "extra"), j + (move != "missing")
    return Alignment(expected, seen, tuple(pairs), tuple(extra))


def _options(cost: list[list[float]], wanted: list, found: list, i: int, j: int) -> list[tuple[float, str]]:
    """What can be done with the i-th wanted and the j-th found layer, with what it and all that follows costs."""
    options = []
    if i < len(wanted) and j < len(found):
        options.append((round((wanted[i] != found[j]) + cost[i + 1][j + 1], 6), "a pair"))
    if j < len(found):
        options.append((round(1.2 + cost[i][j + 1], 6), "extra"))
    if i < len(wanted):
        options.append((round(1.2 + cost[i + 1][j], 6), "missing"))
    return options


def same_but(kind: str, expected: Iterable[Operation], seen: Iterable[Operation]) -> bool:
    """Whether a network is the reference without its layers of one kind, as the baseline is."""
    rest = [(step.kind, dict(step.settings)) for step in expected if step.kind != kind]
    found = [(step.kind, step.settings) for step in seen]
    return len(rest) == len(found) and all(
        wanted == other and all(given.get(name) == value for name, value in settings.items())
        for (wanted, settings), (other, given) in zip(rest, found, strict=True)
    )


# Words for 0, 1, 2, …, and for the first, the second, …; larger numbers stand in digits.
NUMBERS = N_("no one two three four five six seven eight nine ten")
ORDINALS = N_("first second third fourth fifth sixth seventh eighth")


def ordinal(number: int) -> str:
    """A place in a row in words: 0 is ``first``."""
    words = _(ORDINALS).split()
    return words[number] if number < len(words) else _("{number}th").format(number=number + 1)


def where(place: int, hidden: int) -> str:
    """A place in words, by its number and the number of hidden Dense layers."""
    if place == 0:
        return _("before the first Dense layer")
    return _after([place]) if place <= hidden else _("after the output layer")


def where_all(places: Iterable[int], hidden: int, how: str = "") -> str:
    """Several places in words: ``after the first and second hidden layers``; and ``how`` (`arranged`) steps stand."""
    places = list(places)
    inner = [number for number in places if 0 < number <= hidden]
    words = [where(number, hidden) for number in places if number not in inner]
    if inner:
        words.append(_after(inner))
    return _(how).format(where=listed(words)) if how else listed(words)


def _after(places: list[int]) -> str:
    """Places behind hidden layers in words."""
    several = _("after the {ordinals} hidden layers") if len(places) > 1 else _("after the {ordinals} hidden layer")
    return several.format(ordinals=listed(ordinal(number - 1) for number in places))


def each_of(numbers: list[int], total: int, kind: str) -> str:
    """Some of a learner's layers of one kind, as a singular: ``each of your first and third Dense layers``.

    Args:
        numbers: their numbers among the layers of that kind, from 0.
        total: how many there are.
        kind: its name in Keras; or `HIDDEN`.
    """
    one, every, nth, some = _of_hidden() if kind == HIDDEN else _of_kind()
    if total == 1:
        return one.format(kind=kind)
    if len(numbers) == total:
        return every.format(kind=kind)
    return (nth if len(numbers) == 1 else some).format(ordinals=listed(map(ordinal, numbers)), kind=kind)


HIDDEN = "hidden"


def _of_kind() -> tuple[str, str, str, str]:
    return (
        _("your {kind} layer"),
        _("each of your {kind} layers"),
        _("your {ordinals} {kind} layer"),
        _("each of your {ordinals} {kind} layers"),
    )


def _of_hidden() -> tuple[str, str, str, str]:
    return (
        _("your hidden layer"),
        _("each of your hidden layers"),
        _("your {ordinals} hidden layer"),
        _("each of your {ordinals} hidden layers"),
    )


COUNTED = {
    "Dense layer": lambda number: ngettext("{count} Dense layer", "{count} Dense layers", number),
    "hidden Dense layer": lambda number: ngettext("{count} hidden Dense layer", "{count} hidden Dense layers", number),
    "Dropout layer": lambda number: ngettext("{count} Dropout layer", "{count} Dropout layers", number),
    "BatchNormalization layer": lambda number: ngettext(
        "{count} BatchNormalization layer", "{count} BatchNormalization layers", number
    ),
    "output": lambda number: ngettext("{count} output", "{count} outputs", number),
    "unit": lambda number: ngettext("{count} unit", "{count} units", number),
    "epoch": lambda number: ngettext("{count} epoch", "{count} epochs", number),
    "step": lambda number: ngettext("{count} step", "{count} steps", number),
    "thing": lambda number: ngettext("{count} thing", "{count} things", number),
}


def counted(number: int, noun: str) -> str:
    """A number of things in words: ``no Dense layer``, ``one Dense layer``, ``two Dense layers``. Nouns: `COUNTED`."""
    words = _(NUMBERS).split()
    return COUNTED[noun](max(number, 1)).format(count=words[number] if number < len(words) else number)
