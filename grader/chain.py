"""The steps of a model, from its runs in both modes: which it takes, which are forced, which change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from dropnorm.language import _
from grader.facts import Operation
from grader.steps import DEAF, Step, Steps, changes_nothing, in_words, is_dropout, steps_of

POSITIVE = {"relu", "leaky_relu"}  # f(c x) = c f(x) for c >= 0, so that dropout may as well come after them
SCALING_KINDS = ("rescaling", "normalization")


def follow(model: Any, training: Any, inference: Any, part: Callable[[], Any]) -> Steps:
    """The steps of a model from its run in training mode, checked against its other runs (`grader.tracing.Run`).

    Args:
        model: the model.
        training: the run in training mode, in which every step shows.
        inference: the run at inference, from which dropout may be absent.
        part: makes a run at inference on a part of the rows; called where a scaling must be held against another batch.
    """
    steps, resting = steps_of(model, training), steps_of(model, inference)
    unjudged = list(steps.unjudged)
    if _scalings(steps):
        unjudged += _mark_scalings_of_the_batch(steps, [resting, steps_of(model, part())])
    _mark_forced(steps, inference)
    if _lasting(steps) != _lasting(resting) and not unjudged:
        unjudged.append(_("This model takes other steps in training than at inference."))
    drawn, still = ([s for s in each.steps if s.call is None and _drops(s)] for each in (steps, resting))
    if still and len(still) != len(drawn):
        unjudged.append(_("This model drops at inference in one place and not in another."))
    for step in drawn if still else ():
        step.operations = [replace(operation, forced_training=True) for operation in step.operations]
    return Steps(steps.steps, steps.chain, tuple(dict.fromkeys(unjudged)))


def simplify(operations: list[Operation]) -> tuple[Operation, ...]:
    """The steps in one order where several orders do the same, without those that change nothing.

    Dropout scales each number by zero or by a positive factor, so before or after a relu it does the same: the relu is
    put first. A relu after a relu changes nothing: it is left out, as is what `changes_nothing`.
    """
    ordered = [operation for operation in operations if not changes_nothing(operation)]
    moved = True
    while moved:
        moved = False
        for i in range(len(ordered) - 1):
            if ordered[i].kind == "dropout" and ordered[i + 1].settings.get("function") in POSITIVE:
                ordered[i], ordered[i + 1] = ordered[i + 1], ordered[i]
                moved = True
    kept: list[Operation] = []
    for operation in ordered:
        again = kept and operation.kind == kept[-1].kind == "activation" and operation.settings == kept[-1].settings
        if not (again and operation.settings["function"] == "relu"):
            kept.append(operation)
    return tuple(kept)


def _scalings(steps: Steps) -> list[tuple[Step, int]]:
    """Where plain functions scale: the steps and the places of the operations in them."""
    return [(step, i) for step in steps.steps for i, op in enumerate(step.operations) if op.kind in SCALING_KINDS]


def _mark_scalings_of_the_batch(steps: Steps, others: list[Steps]) -> list[str]:
    """Make scalings that another mode or another batch changes steps of one's own; the reasons for a human to look."""
    reasons = []
    compared = [_scalings(other) for other in others]
    for number, (step, i) in enumerate(_scalings(steps)):
        operation = step.operations[i]
        rest = [found[number][0].operations[found[number][1]] for found in compared if number < len(found)]
        if len(rest) < len(others) or not all(_alike(operation, other) for other in rest):
            step.operations[i] = Operation("custom", operation.layer)
            said = _("What {name} computes depends on the batch or on the mode.")
            reasons.append(said.format(name=in_words(operation.layer)))
    return reasons


def _alike(first: Operation, second: Operation) -> bool:
    """Whether two scalings agree, up to what estimating them from values leaves open."""
    a, b = ([np.atleast_1d(value) for value in op.settings.values()] for op in (first, second))
    return first.kind == second.kind and all(
        x.shape == y.shape and np.allclose(x, y, rtol=1e-2, atol=1e-2 * np.abs(x).max())
        for x, y in zip(a, b, strict=True)
    )


def _mark_forced(steps: Steps, inference: Any) -> None:
    """Mark the steps whose layers were told to train in a run at inference, or only in calls that name no mode."""
    told = _told(inference)
    seen: Counter[int] = Counter()
    for step in steps.steps:
        if step.call is None:
            continue
        layer = step.call.layer
        forced = told.get((id(layer), seen[id(layer)]))
        seen[id(layer)] += 1
        # A functional model keeps `training=True` in its graph's node, but what `fit` and `predict` say comes first.
        in_node = any(node.arguments.kwargs.get("training") for node in layer._inbound_nodes)
        for i, operation in enumerate(step.operations):
            if operation.kind not in DEAF and (forced or in_node):
                step.operations[i] = replace(
                    operation,
                    forced_training=True if forced else None,
                    forced_in_plain_calls=not forced,
                    inverted=bool(forced) and operation.forced_training is False,
                )


def _told(run: Any) -> dict[tuple[int, int], bool | None]:
    """The ``training`` that each layer was told, by the layer and the number of its call."""
    told: dict[tuple[int, int], bool | None] = {}
    seen: Counter[int] = Counter()
    for call in run.recorder.calls:
        told[id(call.layer), seen[id(call.layer)]] = call.training
        seen[id(call.layer)] += 1
    return told


def _lasting(steps: Steps) -> list[tuple[str, Any]]:
    """What the steps do apart from dropout, which is no step at inference, and from the numbers of scalings."""
    lasting = [op for op in simplify(steps.operations) if not is_dropout(op)]
    return [(op.kind, None if op.kind in SCALING_KINDS else op.settings) for op in lasting]


def _drops(step: Step) -> bool:
    return any(is_dropout(operation) for operation in step.operations)
