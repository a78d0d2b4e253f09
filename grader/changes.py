"""What differs between two specs, counted in what one would change by hand: the dropout, the optimizer, the epochs."""

from __future__ import annotations

import math
from collections.abc import Callable
from enum import Enum
from typing import Any

from dropnorm.language import N_
from grader.criteria.layout import BATCH_NORM, BENDING, DROPOUT, LIKE_BATCH_NORM, LIKE_DROPOUT, Layout, Place
from grader.facts import Operation
from grader.retraining import Stop, weights_of
from grader.spec import ModelSpec

NORMALIZATION = (BATCH_NORM, *LIKE_BATCH_NORM)
DROPPING = (DROPOUT, *LIKE_DROPOUT)
# Keras' own learning rates: who changes the optimizer and says nothing more has changed one thing.
RATES = {"adam": 0.001, "sgd": 0.01, "adamw": 0.001, "rmsprop": 0.001, "nadam": 0.001, "adamax": 0.001}

# What can be changed, in words that fit after "you changed" and are translated where they are told.
WIDTHS, FUNCTIONS = N_("the number or the widths of the layers"), N_("the activations")
WEIGHTS, PENALTY, BIAS = N_("the initial weights"), N_("a penalty on the weights"), N_("the biases")
FROZEN, OTHER = N_("which layers learn"), N_("other layers")
RATE, OPTIMIZER, TUNED = N_("the learning rate"), N_("the optimizer"), N_("the optimizer's settings")
DROPPED, NORMALIZED = N_("the dropout"), N_("the normalization")
EPOCHS, BATCH = N_("the number of epochs"), N_("the batch size")


class Direction(Enum):
    """Which way an amount was changed."""

    MORE, LESS = 1, -1


def changes(original: ModelSpec, mended: ModelSpec, stop: Stop | None = None) -> tuple[str, ...]:
    """What was changed, each thing once however many layers it concerns; empty where nothing was.

    A bias that is left out in front of a batch normalization belongs to the normalization, and a learning rate that is
    the new optimizer's own belongs to the optimizer. The loss is no matter of taste: it is not looked at.
    """
    before, after = Layout.of(original.operations), Layout.of(mended.operations)
    found = [name for name, told in LAYERS.items() if told(before) != told(after)]
    if len(before.dense) != len(after.dense):  # then places have moved; what stands in them is compared as a set
        found = [
            name for name in found if name == WIDTHS or _kinds(LAYERS[name](before)) != _kinds(LAYERS[name](after))
        ]
    return (*found, *_of_compile(original, mended), *_of_fit(original, mended, stop))


def direction(original: ModelSpec, mended: ModelSpec, what: str) -> Direction | None:
    """Which way something was changed; None where it has no amount, or some of it went up and some went down."""
    told = AMOUNTS.get(what, lambda spec: [])
    before, after = told(original), told(mended)
    if None in (*before, *after) or len(before) != len(after):
        return None
    signs = {math.copysign(1, new - old) for old, new in zip(before, after, strict=True) if new != old}
    return Direction(signs.pop()) if len(signs) == 1 else None


def _of_compile(original: ModelSpec, mended: ModelSpec) -> list[str]:
    old, new = original.compile, mended.compile
    if new.optimizer != old.optimizer:
        usual = new.learning_rate in (old.learning_rate, RATES.get(new.optimizer, new.learning_rate))
        return [OPTIMIZER] if usual else [OPTIMIZER, RATE]
    others = {name: value for name, value in new.settings.items() if name != "learning_rate_schedule"}
    found = [TUNED] if others != old.settings else []
    return found + ([RATE] if new.learning_rate != old.learning_rate else [])


def _of_fit(original: ModelSpec, mended: ModelSpec, stop: Stop | None) -> list[str]:
    found = [EPOCHS] if stop is not None or mended.fit.epochs != original.fit.epochs else []
    return found + ([BATCH] if mended.fit.batch_size != original.fit.batch_size else [])


def _placed(*kinds: str, settings: tuple[str, ...] = ()) -> Callable[[Layout], list[Any]]:
    """What stands of some kinds in each place, with those of its settings."""

    def told(layout: Layout) -> list[Any]:
        return [
            [(step.kind, step.forced_training, *(step.settings.get(name) for name in settings)) for step in steps]
            for steps in (place.of(*kinds) for place in layout.places)
        ]

    return told


def _dense(what: Callable[[Operation, Place], Any]) -> Callable[[Layout], list[Any]]:
    """What is told of each Dense layer and the place behind it."""
    return lambda layout: [what(step, place) for step, place in zip(layout.dense, layout.places[1:], strict=True)]


def _settings(*endings: str) -> Callable[[Operation, Place], Any]:
    return lambda step, place: {name: value for name, value in step.settings.items() if name.endswith(endings)}


def _bias(step: Operation, place: Place) -> bool:
    return bool(step.settings.get("use_bias")) or bool(place.of(BATCH_NORM))


def _others(layout: Layout) -> list[Any]:
    known = (*BENDING, *DROPPING, *NORMALIZATION)
    return [[step.kind for step in place.operations if not step.kind.startswith(known)] for place in layout.places]


LAYERS: dict[str, Callable[[Layout], list[Any]]] = {
    DROPPED: _placed(*DROPPING, settings=("rate", "stddev")),
    NORMALIZED: _placed(*NORMALIZATION, settings=("momentum", "epsilon", "center", "scale")),
    WIDTHS: _dense(lambda step, place: step.settings.get("units", step.width)),
    FUNCTIONS: _placed(*BENDING, settings=("function", "negative_slope", "alpha")),
    PENALTY: _dense(_settings("regularizer", "constraint")),
    WEIGHTS: _dense(_settings("initializer")),
    BIAS: _dense(_bias),
    FROZEN: lambda layout: [each.trainable for each in layout.dense],
    OTHER: _others,
}


def _dropped(spec: ModelSpec) -> list[float | None]:
    """The share of the values that is dropped in each place; None where it is noise that is added."""
    return [
        None if None in rates else 1 - math.prod(1 - rate for rate in rates)
        for rates in (
            [step.settings.get("rate") for step in place.of(*DROPPING)] for place in Layout.of(spec.operations).places
        )
    ]


# What has an amount, as a list that is compared entry by entry.
AMOUNTS: dict[str, Callable[[ModelSpec], list[Any]]] = {
    DROPPED: _dropped,
    WIDTHS: lambda spec: [weights_of(spec)],
    RATE: lambda spec: [spec.compile.learning_rate],
    EPOCHS: lambda spec: [spec.fit.epochs],
}


def _kinds(told: list[Any]) -> list[str]:
    """What is told of the places, wherever it stands and however often."""
    return sorted({repr(entry) for each in told for entry in (each if isinstance(each, list) else [each]) if entry})
