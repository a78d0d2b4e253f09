"""The models that a class hands in, as specs: those that several learners come to, and those that are nobody else's.

What the course declares as a candidate is among them under its own name; `python -m grader pretrain` foresees it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from grader.candidates import CANDIDATES, REFERENCE
from grader.exercises import exercise
from grader.facts import Operation
from grader.operations import BATCH_NORM, RELU, dense, dropout, hidden
from grader.spec import ModelSpec


def models(name: str) -> dict[str, ModelSpec]:
    """The models that several learners hand in for an exercise, the likeliest first."""
    if name == "spotify_own_model":
        return _own()
    declared = CANDIDATES[name]
    found: dict[ModelSpec, str] = {}
    for title, candidate in declared.items():  # some differ in their data only
        found.setdefault(candidate.spec, title)
    here = {title: spec for spec, title in found.items()}
    more = _spotify() if name == "spotify_model" else _concrete()
    return here | {title: replace(exercise(name).reference, operations=steps) for title, steps in more.items()}


def _stack(widths: Sequence[int], rates: Sequence[float]) -> tuple[Operation, ...]:
    """Hidden layers, each with dropout of its rate behind it, and the output."""
    pairs = zip(widths, rates, strict=True)
    return (*(step for units, rate in pairs for step in hidden(units, rate)), dense(1))


def _normalized(*widths: int, norm: Operation = BATCH_NORM) -> tuple[Operation, ...]:
    """Hidden layers and the output, each with a normalization before it."""
    return (*(step for units in widths for step in (norm, *hidden(units))), norm, dense(1))


def _spotify() -> dict[str, tuple[Operation, ...]]:
    return {
        "on the inputs as well": (dropout(0.3), *_stack((128, 64), (0.3, 0.3))),
        "one rate slipped": _stack((128, 64), (0.3, 0.03)),
        # The answers above are in the rubric's own tables; those below are in none.
        "0.2": _stack((128, 64), (0.2, 0.2)),
        "0.3 and 0.2": _stack((128, 64), (0.3, 0.2)),
        "half as wide": _stack((64, 32), (0.3, 0.3)),
        "another layer": _stack((128, 64, 32), (0.3, 0.3, 0.3)),
    }


def _concrete() -> dict[str, tuple[Operation, ...]]:
    block = (dense(512), BATCH_NORM, RELU)
    return {
        "before each activation, without bias": exercise("placement_model").reference.operations,
        "before each activation, and first": (BATCH_NORM, *block * 3, dense(1)),
        "after the output as well": (*_normalized(512, 512, 512), BATCH_NORM),
        "shorter memory": _normalized(512, 512, 512, norm=_memory(0.9)),
        "narrower": _normalized(128, 128, 128),
        "two hidden layers": _normalized(512, 512),
        "the lesson's block": (*(*hidden(512, 0.3), BATCH_NORM) * 3, dense(1)),
        # The answers above are in the course's own tables; those below are in none.
        "first and last": (BATCH_NORM, *hidden(512) * 3, BATCH_NORM, dense(1)),
        "before each activation, and last": (*block * 3, BATCH_NORM, dense(1)),
        "256 wide": _normalized(256, 256, 256),
        "narrowing": _normalized(512, 256, 128),
    }


def _memory(momentum: float) -> Operation:
    return replace(BATCH_NORM, settings={**BATCH_NORM.settings, "momentum": momentum})


def _own() -> dict[str, ModelSpec]:
    shapes: dict[str, tuple[Sequence[int], Sequence[float]]] = {
        REFERENCE: ((192, 64), (0.4, 0.2)),
        "the one before": ((128, 64), (0.3, 0.3)),
        "twice as wide, 0.5": ((256, 128), (0.5, 0.5)),
        "twice as wide": ((256, 128), (0.3, 0.3)),
        "0.5": ((128, 64), (0.5, 0.5)),
        "three layers": ((128, 64, 32), (0.3, 0.3, 0.3)),
        "half as wide": ((64, 32), (0.2, 0.2)),
        "one layer": ((256,), (0.5,)),
        "as wide again": ((256, 256), (0.5, 0.5)),
        "0.6 in wide layers": ((512, 256), (0.6, 0.6)),
        "0.1": ((128, 64), (0.1, 0.1)),
        "0.6": ((128, 64), (0.6, 0.6)),
        "four layers": ((128, 128, 64, 64), (0.2, 0.2, 0.2, 0.2)),
        "no dropout": ((128, 64), (0, 0)),
        "small": ((32, 16), (0.1, 0.1)),
        "falling rates": ((256, 128, 64), (0.5, 0.3, 0.1)),
    }
    reference = exercise("spotify_model").reference
    return {title: replace(reference, operations=_stack(*shape)) for title, shape in shapes.items()}


def nobody_elses(name: str, random: Random) -> Iterator[ModelSpec]:
    """Models that are in no table, each once, in an order of chance."""
    rates = [tenths / 20 for tenths in range(2, 14)]
    drawn: list[tuple[Operation, ...]]
    if name == "spotify_model":
        drawn = [_stack((128, 64), pair) for pair in itertools.permutations(rates, 2)]
    elif name == "spotify_own_model":
        widths = itertools.product(range(48, 336, 16), range(32, 160, 16))
        drawn = [_stack(pair, (rate, rate)) for pair in widths for rate in rates]
    else:
        drawn = [_normalized(*each) for each in itertools.permutations((64, 128, 192, 256, 384, 512, 640), 3)]
    told = set(models(name).values())
    random.shuffle(drawn)
    for operations in drawn:
        spec = replace(exercise(name).reference, operations=operations)
        if spec not in told:
            yield spec
