"""Criteria about batch normalization: where it stands, and that it learns and switches as it should."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dropnorm.language import _, listed, sentences
from grader.criteria.custom import absent
from grader.criteria.layout import (
    ACTIVATION,
    BATCH_NORM,
    BENDING,
    LIKE_BATCH_NORM,
    Place,
    arranged,
    counted,
    each_of,
    where_all,
)
from grader.facts import Operation
from grader.misconceptions import explain
from grader.rubric import HUMAN, Criterion, Fault

KINDS = (BATCH_NORM, *LIKE_BATCH_NORM)  # another kind in the place is a matter of the criterion "layers"
KEPT_AT_LEAST = 0.5  # a momentum below this is another library's, which counts the share of the new average
SMALL = 0.01  # an epsilon up to this is nothing beside the variance of a feature that varies
SHARES = {  # of the points; the others cost them all
    "batch_norm_uncentred": 0.5,
    "batch_norm_forced_in_calls": 0.5,
    "batch_norm_momentum": 0.25,
    "batch_norm_settings": 0.25,
    "batch_norm_unscaled": 0.0,  # the next Dense layer has weights and a bias for it
}


def places(points: float) -> Criterion:
    """Batch normalization in every place that the reference has it, and in no other."""
    return Criterion("batch_norm_places", "Places of batch normalization", points, _places)


def modes(points: float) -> Criterion:
    """Batch normalization that learns, uses the batch in training and the moving averages at inference."""
    return Criterion("batch_norm_modes", "Batch normalization learns", points, _modes)


def _places(evidence: Any) -> tuple[Fault, ...]:
    alignment = evidence.alignment
    hidden = len(alignment.hidden)
    rows = [(expected, seen) for expected, seen in alignment.places() if seen is not None]
    asked = sum(len(expected.of(BATCH_NORM)) for expected, _seen in rows)
    if not any(seen.of(*KINDS, "custom") for _expected, seen in rows):
        return (Fault(explain("no_batch_norm", model=evidence.exercise.model_name), 1.0, "no_batch_norm"),)
    if _before_each_dense(rows):
        return (Fault(explain("batch_norm_before_dense"), 1.0, "batch_norm_before_dense"),)
    faults, missing, swapped, own, doubled = [], [], [], [], {}
    for expected, seen in rows:
        wanted = expected.of(BATCH_NORM)
        found = seen.standing_for(BATCH_NORM, LIKE_BATCH_NORM, len(wanted))
        if not found and wanted:
            (own if seen.of("custom") else missing).append(expected.number)
        elif len(found) > len(wanted) * seen.spans:
            if expected.number == rows[-1][0].number:
                faults.append(Fault(explain("batch_norm_after_output"), 0.5, "batch_norm_after_output"))
            elif expected.number == 0 and not wanted:
                faults.append(Fault(explain("batch_norm_on_inputs"), 0.5, "batch_norm_on_inputs"))
            else:
                doubled.setdefault((len(found), arranged(seen, found)), []).append(expected.number)
        elif (
            wanted
            and seen.spans == 1
            and _order(seen)[-1:] != _order(expected)[-1:]
            and {ACTIVATION, BATCH_NORM} <= set(_order(seen))
        ):
            swapped.append(expected.number)
    for (number, how), twice in doubled.items():
        count, key = counted(number, "BatchNormalization layer"), "batch_norm_twice"
        message = explain(key, count=count, where=where_all(twice, hidden, how))
        faults.append(Fault(message, len(twice) / asked, key))
    if all(pair is None for pair in alignment.pairs[:-1]):
        whole = sum(len(place.of(BATCH_NORM)) for place in alignment.expected.places)
        nowhere = _("There is no hidden Dense layer whose outputs could be normalized.")
        faults.append(Fault(nowhere, 1 - asked / whole))
    if own:
        own_layer = _("Whether your own layer {where} normalizes as asked cannot be told here.")
        message = sentences(own_layer.format(where=where_all(own, hidden)), _(HUMAN))
        faults.append(Fault(message, len(own) / asked, "custom_layer", manual=True))
    if 0 in missing:
        missing.remove(0)
        faults.insert(0, Fault(explain("batch_norm_not_first"), 1 / asked, "batch_norm_not_first"))
    in_block = _stands_in_block(alignment.expected.places)
    if missing:
        place, key = where_all(missing, hidden), "batch_norm_missing_in_block" if in_block else "batch_norm_missing"
        faults.append(Fault(explain(key, where=place), len(missing) / asked, key))
    if swapped:
        place = where_all(swapped, hidden)
        key = "batch_norm_after_activation" if in_block else "batch_norm_before_activation"
        faults.append(Fault(explain(key, where=place), len(swapped) / asked, key))
    return tuple(faults)


def _stands_in_block(expected: Iterable[Place]) -> bool:
    """Whether the exercise has batch normalization between a Dense layer and its activation."""
    return any(_order(place)[:2] == [BATCH_NORM, ACTIVATION] for place in expected)


def _before_each_dense(rows: list[tuple[Place, Place]]) -> bool:
    """Whether it stands before each hidden Dense layer, where the exercise has it in the block behind."""
    expected, seen = (list(places) for places in zip(*rows, strict=True))
    shifted = [_order(place) for place in seen[: len(seen) - 2]]
    return (
        _stands_in_block(expected)
        and len(seen) > 2
        and shifted[0] == [BATCH_NORM]
        and all(order == [ACTIVATION, BATCH_NORM] for order in shifted[1:])
        and _order(seen[-2])[:2] != [BATCH_NORM, ACTIVATION]
    )


def _order(place: Any) -> list[str]:
    """The order of activation and normalization in a place, another kind of normalization counted as one."""
    return [BATCH_NORM if step.kind.startswith(KINDS) else ACTIVATION for step in place.of(*BENDING, *KINDS)]


def _modes(evidence: Any) -> tuple[Fault, ...]:
    steps = evidence.facts.of_kind(BATCH_NORM)
    if not steps:
        return (absent(evidence, _("There is no BatchNormalization layer that could learn.")),)
    named: dict[tuple[str, str], list[int]] = {}
    for number, step in enumerate(steps):
        key = _mode_of(step, evidence.facts.moving.get(step.layer))
        momentum = f"{step.settings['momentum']:g}" if key == "batch_norm_momentum" else ""
        if key:
            named.setdefault((key, momentum), []).append(number)
        for key, changed in _changed(step, evidence.facts.operations).items():
            named.setdefault((key, listed(changed)), []).append(number)
    faults = []
    for (key, setting), numbers in named.items():
        which = each_of(numbers, len(steps), "BatchNormalization")
        message = explain(key, which=which, momentum=setting, setting=setting)
        faults.append(Fault(message, SHARES.get(key, 1.0) * len(numbers) / len(steps), key))
    return tuple(faults)


def _mode_of(step: Operation, moving: bool | None) -> str | None:
    """The misconception in when and by what a layer normalizes, or None."""
    if step.inverted:
        return "training_inverted"
    if step.forced_training is not None:
        return "batch_norm_forced" if step.forced_training else "batch_norm_off"
    if step.forced_in_plain_calls:
        return "batch_norm_forced_in_calls"
    if not step.trainable:
        return "batch_norm_frozen" if step.owned else "made_in_call"
    if moving is False:
        return "batch_norm_not_moving"
    return "batch_norm_momentum" if step.settings["momentum"] < KEPT_AT_LEAST else None


def _changed(step: Operation, chain: tuple[Operation, ...]) -> dict[str, list[str]]:
    """The layer's settings that make it learn or compute something else, by the misconception behind them.

    How long its averages last is told apart, and an axis that is not the last raises an error. What the layer does not
    shift the next Dense layer can, unless an activation stands between and bends at the same point for ever.
    """
    behind = chain[chain.index(step) + 1 :][:1]
    bent = bool(behind) and behind[0].kind.startswith(BENDING)
    changed: dict[str, list[str]] = {}
    for name, value in step.settings.items():
        switch = name in ("center", "scale")
        told_elsewhere = name in ("axis", "momentum", "dtype") or value == {}
        if told_elsewhere or (switch and value) or (name == "epsilon" and value <= SMALL):
            continue
        shown = f"{name} = {value.get('class_name', 'given') if isinstance(value, dict) else value}"
        key = "batch_norm_uncentred" if name == "center" and bent else "batch_norm_unscaled"
        changed.setdefault(key if switch else "batch_norm_settings", []).append(shown)
    return changed
