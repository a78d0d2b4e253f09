"""Models that a class plausibly hands in, beside those that bands are fitted on (`grader.candidates`), as specs.

Wrong answers of the rubrics' tables (``tests/answers/``), and designs that suggest themselves where a network of one's
own is asked for. `python -m grader pretrain` trains them beforehand; nothing else hangs on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from grader.exercises import exercise
from grader.facts import Operation
from grader.operations import BATCH_NORM, RELU, dense, dropout, hidden
from grader.spec import ModelSpec


def _specs(name: str, networks: dict[str, tuple[Operation, ...]]) -> dict[str, ModelSpec]:
    """Networks that are compiled and trained as an exercise asks."""
    return {title: replace(exercise(name).reference, operations=steps) for title, steps in networks.items()}


def stack(widths: Sequence[int], rates: Sequence[float]) -> tuple[Operation, ...]:
    """Hidden layers, each with dropout of its rate behind it, and the output."""
    pairs = zip(widths, rates, strict=True)
    return (*(step for units, rate in pairs for step in hidden(units, rate)), dense(1))


def normalized(*widths: int, norm: Operation = BATCH_NORM) -> tuple[Operation, ...]:
    """Hidden layers and the output, each with a normalization before it."""
    return (*(step for units in widths for step in (norm, *hidden(units))), norm, dense(1))


def _designs() -> dict[str, tuple[Operation, ...]]:
    """One rate for all hidden layers of a common shape."""
    shapes = {(64, 32): (0.1, 0.2, 0.3), (128, 64): (0.1, 0.2, 0.4, 0.6), (256, 128): (0.2, 0.3, 0.4, 0.6)}
    shapes |= {(256, 256): (0.3, 0.5), (512, 256): (0.5, 0.6), (256,): (0.3, 0.5), (128, 64, 32): (0.2, 0.3)}
    return {
        f"{', '.join(map(str, widths))} at {rate}": stack(widths, [rate] * len(widths))
        for widths, rates in shapes.items()
        for rate in rates
    }


_BLOCK = (dense(512), BATCH_NORM, RELU)
_SHORTER = replace(BATCH_NORM, settings={**BATCH_NORM.settings, "momentum": 0.9})
PLAUSIBLE: dict[str, dict[str, ModelSpec]] = {
    "spotify_model": _specs(
        "spotify_model",
        {
            "on the inputs as well": (dropout(0.3), *stack((128, 64), (0.3, 0.3))),
            "on the inputs alone": (dropout(0.3), *stack((128, 64), (0, 0))),
            "one rate slipped": stack((128, 64), (0.3, 0.03)),
        },
    ),
    "spotify_own_model": _specs("spotify_model", _designs()),
    "concrete_model": _specs(
        "concrete_model",
        {
            "before each activation, and first": (BATCH_NORM, *_BLOCK * 3, dense(1)),
            "after the output as well": (*normalized(512, 512, 512), BATCH_NORM),
            "shorter memory": normalized(512, 512, 512, norm=_SHORTER),
            "narrower": normalized(128, 128, 128),
            "two hidden layers": normalized(512, 512),
            "the lesson's block": (*(*hidden(512, 0.3), BATCH_NORM) * 3, dense(1)),
        },
    ),
}
