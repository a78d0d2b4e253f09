"""Criteria about dropout: where it stands, how much it drops, when it is on."""

from __future__ import annotations

from math import isclose, prod
from typing import Any

from dropnorm.language import N_, _, listed, ngettext, sentences
from grader.criteria.custom import absent
from grader.criteria.layout import (
    DROPOUT,
    LIKE_DROPOUT,
    arranged,
    counted,
    each_of,
    ordinal,
    same_but,
    where,
    where_all,
)
from grader.facts import Operation
from grader.misconceptions import explain
from grader.rubric import HUMAN, Criterion, Fault

SAME_RATE = 1e-3  # rates nearer than this are one rate
KINDS = (DROPOUT, *LIKE_DROPOUT)  # another kind in the place is a matter of the criterion "layers"


def places(points: float) -> Criterion:
    """Dropout in every place that the reference has it, and in no other."""
    return Criterion("dropout_places", "Places of dropout", points, _places)


def rates(points: float) -> Criterion:
    """The rates of the dropout layers that are there."""
    return Criterion("dropout_rates", "Dropout rates", points, _rates)


def modes(points: float) -> Criterion:
    """Dropout on in training and off at inference."""
    return Criterion("dropout_modes", "Dropout in training only", points, _modes)


def _table(evidence: Any) -> list[tuple[int, float | None, tuple[Operation, ...], int]]:
    """For each place: its number, the rate asked for or None, the dropout steps there, and how many places it spans."""
    rows = []
    for expected, seen in evidence.alignment.places():
        asked = [step.settings["rate"] for step in expected.of(DROPOUT)]
        spans = 0 if seen is None else seen.spans
        steps = () if seen is None else seen.standing_for(DROPOUT, LIKE_DROPOUT, len(asked))
        rows.append((expected.number, asked[0] if asked else None, steps, spans))
    return rows


def _places(evidence: Any) -> tuple[Fault, ...]:
    table = _table(evidence)
    asked = [number for number, rate, *_rest in table if rate is not None]
    hidden = len(evidence.alignment.hidden)
    last = table[-1][0]
    idle = len([step for step in evidence.facts.idle if step.kind.startswith(KINDS)])
    some = evidence.facts.of_kind(DROPOUT) or any(steps for *_place, steps, _spans in table)
    if not some and not idle and not evidence.facts.of_kind("custom"):
        baseline = same_but(DROPOUT, evidence.reference.operations, evidence.facts.operations)
        reason = _("Without one, its units can rely on one another.")
        if baseline:
            reason = _("It is the baseline's network still, and will overfit as the baseline did.")
        message = explain("no_dropout", model=evidence.exercise.model_name, reason=reason)
        return (Fault(message, 1.0, "no_dropout"),)
    missing = [n for n, rate, steps, spans in table if rate is not None and spans and not steps]
    own = [p.number for p, seen in evidence.alignment.places() if p.number in missing and seen.of("custom")]
    missing = [number for number in missing if number not in own]
    faults = []
    if idle and missing:
        idle = min(idle, len(missing))
        missing = missing[idle:]
        which = _("one of your Dropout layers") if idle == 1 else _("each of your {kind} layers").format(kind="Dropout")
        faults.append(Fault(explain("rate_zero", which=which), idle / len(asked), "rate_zero"))
    if own:
        own_layer = _("Whether your own layer {where} drops as asked cannot be told here.")
        message = sentences(own_layer.format(where=where_all(own, hidden)), _(HUMAN))
        faults.append(Fault(message, len(own) / len(asked), "custom_layer", manual=True))
    for number, rate, steps, spans in table:
        surplus = len(steps) - (rate is not None) * spans
        if surplus <= 0 or _together_right(steps, rate):
            continue
        behind = [n for n in missing if n > number]
        if number != last and behind:  # one too many here, one missing behind: it stands before its Dense layer
            missing.remove(behind[0])
            faults.append(Fault(_before(number, behind[0], steps, hidden), 1 / len(asked), "dropout_before_dense"))
        elif number == last:
            faults.append(Fault(explain("dropout_on_output"), 0.5, "dropout_on_output"))
        elif number == 0 and rate is None:
            faults.append(Fault(explain("dropout_on_inputs"), 0.5, "dropout_on_inputs"))
        else:
            count = counted(len(steps), "Dropout layer")
            how = next(arranged(seen, steps) for p, seen in evidence.alignment.places() if seen and p.number == number)
            message = explain("dropout_twice", count=count, where=where_all([number], hidden, how))
            faults.append(Fault(message, 0.5, "dropout_twice"))
    if 0 in missing:
        missing.remove(0)
        faults.append(Fault(explain("input_dropout_missing"), 1 / len(asked), "input_dropout_missing"))
    if missing:
        place = where_all(missing, hidden)
        faults.append(Fault(explain("dropout_missing", where=place), len(missing) / len(asked), "dropout_missing"))
    return tuple(faults)


def _together_right(steps: tuple[Operation, ...], rate: float | None) -> bool:
    """Whether several dropouts in a row drop together what one should: shares kept multiply."""
    if rate is None or len(steps) < 2 or any(step.kind != DROPOUT for step in steps):
        return False
    return isclose(1 - prod(1 - step.settings["rate"] for step in steps), rate, abs_tol=SAME_RATE)


def _before(here: int, missing: int, steps: tuple[Operation, ...], hidden: int) -> str:
    seen = _("a Dropout layer stands {here}, and none {missing}.")
    if here:
        seen = ngettext(
            "{count} stands {here}, and none {missing}.", "{count} stand {here}, and none {missing}.", len(steps)
        )
    count = counted(len(steps), "Dropout layer")
    seen = seen.format(count=count, here=where(here, hidden), missing=where(missing, hidden))
    return explain("dropout_before_dense", seen=seen)


def _rates(evidence: Any) -> tuple[Fault, ...]:
    table = _table(evidence)
    wanted = next(rate for number, rate, *_rest in table if rate is not None and number)
    in_front = [s for s in evidence.alignment.behind_extra_layers_in_front() if s.kind.startswith(KINDS)]
    judged = []  # (rate, the rate that its place asks for)
    for _number, rate, steps, _spans in (table[0], (0, None, in_front, 0), *table[1:]):
        asked = wanted if rate is None else rate
        together = _together_right(steps, rate)
        judged += [
            (asked if together else float(step.settings["rate"]), asked) for step in steps if "rate" in step.settings
        ]
    if not in_front and not any(steps for *_place, steps, _spans in table):
        return (absent(evidence, _("There is no Dropout layer whose rate could be looked at.")),)
    if _swapped(judged):
        return (Fault(explain("rates_swapped"), 1.0, "rates_swapped"),)
    named: dict[tuple[str, float, bool], list[int]] = {}
    for number, (rate, asked) in enumerate(judged):
        if not isclose(rate, asked, abs_tol=SAME_RATE):
            named.setdefault((_name_of(rate, asked), rate, rate > asked), []).append(number)
    faults = []
    for (key, rate, more), numbers in named.items():
        message = explain(key, seen=_seen(key, rate, more, numbers, len(judged)))
        faults.append(Fault(message, len(numbers) / len(judged), key))
    return tuple(faults)


# What is seen of a rate, by the misconception in it: of one layer or of each, and of several.
SEEN = {
    "rate_one": (N_("{which} drops everything: the rate is 1."), N_("{which} drop everything: the rate is 1.")),
    "rate_kept": (N_("{which} drops {percent} of its inputs."), N_("{which} drop {percent} of their inputs.")),
    "more": (
        N_("{which} drops {percent} of its inputs, more than the exercise asks for."),
        N_("{which} drop {percent} of their inputs, more than the exercise asks for."),
    ),
    "less": (
        N_("{which} drops {percent} of its inputs, less than the exercise asks for."),
        N_("{which} drop {percent} of their inputs, less than the exercise asks for."),
    ),
}


def _seen(key: str, rate: float, more: bool, numbers: list[int], total: int) -> str:
    """What is seen of a rate in some of the layers, in a sentence."""
    of_one, of_several = SEEN[key if key != "other_rate" else "more" if more else "less"]
    if len(numbers) == total > 1:
        seen, which = of_one, _("each of your {kind} layers")
    elif len(numbers) == 1:
        seen, which = of_one, _("your {ordinals} {kind} layer")
    else:
        seen, which = of_several, _("your {ordinals} {kind} layers")
    return _(seen).format(
        which=which.format(ordinals=listed(map(ordinal, numbers)), kind="Dropout"),
        percent=_("{number} %").format(number=f"{100 * rate:.4g}"),
    )


def _swapped(judged: list[tuple[float, float]]) -> bool:
    """Whether two rates are asked for, and each stands in all places of the other."""
    asked = {rate for _, rate in judged}
    return len(asked) == 2 and all(
        isclose(rate, *(asked - {own}), abs_tol=SAME_RATE) and not isclose(rate, own, abs_tol=SAME_RATE)
        for rate, own in judged
    )


def _name_of(rate: float, asked: float) -> str:
    if isclose(rate, 1 - asked, abs_tol=SAME_RATE):
        return "rate_kept"
    return "rate_one" if rate == 1 else "other_rate"


def _modes(evidence: Any) -> tuple[Fault, ...]:
    steps = [step for step in evidence.facts.operations if step.kind.startswith(KINDS)]
    faults = []
    if not steps:
        return (absent(evidence, _("There is no Dropout layer that could be on or off.")),)
    named: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        key = _mode_of(step)
        if key:
            named.setdefault(key, []).append(number)
    for key, numbers in named.items():
        share = 0.5 if key == "dropout_forced_in_calls" else 1.0
        message = explain(key, which=each_of(numbers, len(steps), "Dropout"))
        faults.append(Fault(message, share * len(numbers) / len(steps), key))
    return tuple(faults)


def _mode_of(step: Operation) -> str | None:
    """The misconception in when and how a dropout layer draws its masks, or None."""
    if step.inverted:
        return "training_inverted"
    if step.forced_training is not None:
        return "dropout_forced" if step.forced_training else "dropout_off"
    if step.forced_in_plain_calls:
        return "dropout_forced_in_calls"
    return "dropout_noise_shape" if step.settings.get("noise_shape") is not None else None
