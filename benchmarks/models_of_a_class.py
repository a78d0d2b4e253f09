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
from grader.operations import BATCH_NORM, RELU, dense, hidden
from grader.plausible import PLAUSIBLE, normalized, stack
from grader.spec import ModelSpec

# Of the wrong answers that the course's tables hold, these.
WRONG = {
    "spotify_model": ("on the inputs as well", "one rate slipped"),
    "concrete_model": (
        "before each activation, and first",
        "after the output as well",
        "shorter memory",
        "narrower",
        "two hidden layers",
        "the lesson's block",
    ),
}


def models(name: str) -> dict[str, ModelSpec]:
    """The models that several learners hand in for an exercise, the likeliest first."""
    if name == "spotify_own_model":
        return _own()
    declared = CANDIDATES[name]
    found: dict[ModelSpec, str] = {}
    for title, candidate in declared.items():  # some differ in their data only
        found.setdefault(candidate.spec, title)
    here = {title: spec for spec, title in found.items()}
    wrong = {title: PLAUSIBLE[name][title] for title in WRONG[name]}
    more = _spotify() if name == "spotify_model" else _concrete()
    return here | wrong | {title: replace(exercise(name).reference, operations=steps) for title, steps in more.items()}


def _spotify() -> dict[str, tuple[Operation, ...]]:
    return {  # in none of the course's tables
        "0.25": stack((128, 64), (0.25, 0.25)),
        "0.3 and 0.2": stack((128, 64), (0.3, 0.2)),
        "narrower": stack((96, 48), (0.3, 0.3)),
        "another layer": stack((128, 64, 64), (0.3, 0.3, 0.3)),
    }


def _concrete() -> dict[str, tuple[Operation, ...]]:
    return {
        "before each activation, without bias": exercise("placement_model").reference.operations,
        # Those below are in none of the course's tables.
        "first and last": (BATCH_NORM, *hidden(512) * 3, BATCH_NORM, dense(1)),
        "before each activation, and last": (*(dense(512), BATCH_NORM, RELU) * 3, BATCH_NORM, dense(1)),
        "256 wide": normalized(256, 256, 256),
        "narrowing": normalized(512, 256, 128),
    }


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
    return {title: replace(reference, operations=stack(*shape)) for title, shape in shapes.items()}


def nobody_elses(name: str, random: Random) -> Iterator[ModelSpec]:
    """Models that are in no table, each once, in an order of chance."""
    rates = [tenths / 20 for tenths in range(2, 14)]
    drawn: list[tuple[Operation, ...]]
    if name == "spotify_model":
        drawn = [stack((128, 64), pair) for pair in itertools.permutations(rates, 2)]
    elif name == "spotify_own_model":
        widths = itertools.product(range(48, 336, 16), range(32, 160, 16))
        drawn = [stack(pair, (rate, rate)) for pair in widths for rate in rates]
    else:
        drawn = [normalized(*each) for each in itertools.permutations((64, 128, 192, 256, 384, 512, 640), 3)]
    told = set(models(name).values())
    random.shuffle(drawn)
    for operations in drawn:
        spec = replace(exercise(name).reference, operations=operations)
        if spec not in told:
            yield spec
