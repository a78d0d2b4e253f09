"""Criteria about Dense layers: kinds and order, widths, activations, the output."""

from __future__ import annotations

import re
from typing import Any

from dropnorm.language import N_, _, listed, ngettext, sentences, spaced
from grader.criteria.errors import explain_error
from grader.criteria.kinds_output import end_of, kinds_output
from grader.criteria.layout import (
    ACTIVATION,
    BATCH_NORM,
    BENDING,
    DENSE,
    DROPOUT,
    HIDDEN,
    LIKE_BATCH_NORM,
    LIKE_DROPOUT,
    counted,
    each_of,
    ordinal,
    units_of,
    where_all,
)
from grader.facts import Operation
from grader.misconceptions import explain
from grader.rubric import HUMAN, Criterion, Fault

REARRANGING = ("reshape", "flatten", "permute")  # they compute nothing
MERGING = ("concatenate", "add", "average", "multiply", "maximum", "minimum", "subtract", "dot")
# Changed settings of a Dense layer that change what is learned (initial weights do so only by luck, or where all are
# equal: then a layer's units stay alike).
REGULARIZING = ("regularizer", "constraint", "lora")
CONSTANT = ("Zeros", "Ones", "Constant")


def layers(points: float) -> Criterion:
    """Kinds of layers and their order: as many Dense layers as asked, in one chain, none of another kind."""
    return Criterion("layers", "Kinds of layers and their order", points, _layers)


def units(points: float) -> Criterion:
    """The widths of the hidden layers."""
    return Criterion("units", "Units of the hidden layers", points, _units)


def activations(points: float) -> Criterion:
    """The activations behind the hidden layers, by their values."""
    return Criterion("activations", "Activations of the hidden layers", points, _activations)


def output(points: float) -> Criterion:
    """The output layer: its number of units, and the reference's activation or none."""
    return Criterion("output", "Output layer", points, _output)


def _layers(evidence: Any) -> tuple[Fault, ...]:
    facts, alignment = evidence.facts, evidence.alignment
    faults = [Fault(spaced(sentences(reason, _(HUMAN))), 0.0, "custom_layer", manual=True) for reason in facts.unjudged]
    # The model is of an earlier run of the cell, or was made before the error. `compile` has a criterion of its own.
    if evidence.error is not None and evidence.error != evidence.compile_error:
        name = evidence.exercise.model_name
        raised = explain_error(evidence.error, name)
        here = _("What is judged here is what `{name}` holds now.").format(name=name)
        faults.append(Fault(sentences(raised.message, here), 0.0, raised.misconception))
    has_output = alignment.output is not None
    dense = [step for step in alignment.seen.dense if step.kind == DENSE]
    further = len(facts.shapes) - 1  # outputs besides the first: each has a layer of its own, as a rule
    hidden = max(0, len(dense) - has_output - further)
    seen = {"layers": _hidden_and_output(hidden, has_output)}
    missing = sum(pair is None for pair in alignment.pairs[:-1])
    if missing:
        faults.append(Fault(explain("hidden_layer_missing", **seen), 1.0, "hidden_layer_missing"))
    if len(alignment.extra) > further:
        faults.append(Fault(explain("extra_hidden_layer", **seen), 1.0, "extra_hidden_layer"))
    if further:
        seen = {"model": evidence.exercise.model_name, "count": counted(len(facts.shapes), "output")}
        faults.append(Fault(explain("several_outputs", **seen), 1.0, "several_outputs"))
    elif not facts.chain:
        faults.append(Fault(explain("not_a_chain"), 0.5, "not_a_chain"))
    biases_asked = all(step.settings["use_bias"] for step in alignment.expected.dense)  # else a criterion of its own
    settings = _dense_settings(dense, alignment.output, biases_asked)
    return (*faults, *_not_dense(evidence), *_foreign_layers(evidence), *settings)


def _hidden_and_output(hidden: int, has_output: bool) -> str:
    """How many layers of both sorts a network has, in words that fit after "your network has"."""
    if not hidden:
        with_output = _("an output layer and no hidden Dense layer")
        return with_output if has_output else _("no output layer and no hidden Dense layer")
    both = _("{hidden_layers} and an output layer") if has_output else _("{hidden_layers} and no output layer")
    return both.format(hidden_layers=counted(hidden, "hidden Dense layer"))


def _not_dense(evidence: Any) -> list[Fault]:
    """Layers of another kind that stand where a Dense layer should: one fault for each kind."""
    found: dict[str, int] = {}
    for step in evidence.alignment.seen.dense:
        if step.kind != DENSE:
            found[_named(step)] = found.get(_named(step), 0) + 1
    return [
        Fault(explain("not_dense", place=counted(number, "Dense layer"), layer=layer), 0.5 * number, "not_dense")
        for layer, number in found.items()
    ]


def _foreign_layers(evidence: Any) -> list[Fault]:
    """The layers of kinds that were not asked for: one fault for each kind, with all its places."""
    alignment, found = evidence.alignment, {}
    for place in alignment.seen.places:
        for step in place.operations:
            key = _foreign(step, evidence)
            if key:
                found.setdefault((key, _named(step)), []).append(place.number)
    hidden = len(alignment.seen.dense) - (alignment.output is not None)
    return [
        Fault(explain(key, where=where_all(dict.fromkeys(places), hidden), layer=layer), 0.5 * len(places), key)
        for (key, layer), places in found.items()
    ]


def _foreign(step: Operation, evidence: Any) -> str | None:
    """The misconception that a step of a kind that was not asked for stands for."""
    asked = {wanted.kind for wanted in evidence.reference.operations}
    if step.kind in asked or step.kind in (*BENDING, "custom", *REARRANGING):
        return None
    if step.kind in MERGING and not evidence.facts.chain:
        return None  # told as a branch already
    if step.kind == DROPOUT:
        return "dropout_not_asked"
    if step.kind == BATCH_NORM:
        return "batch_norm_not_asked"
    if DROPOUT in asked and step.kind.startswith(LIKE_DROPOUT):
        return "other_dropout"
    if BATCH_NORM in asked and step.kind.startswith(LIKE_BATCH_NORM):
        fixed = step.kind in ("normalization", "rescaling")
        return "standardised_in_model" if fixed else "other_normalization"
    return "other_layer"


def _dense_settings(dense: list[Operation], output: Operation | None, biases_asked: bool) -> list[Fault]:
    """What was changed in Dense layers besides their units: one fault for each change, with all its layers."""
    found: dict[tuple[str, str], list[int]] = {}
    for number, step in enumerate(dense):
        if not step.trainable:
            found.setdefault(("frozen_layer" if step.owned else "made_in_call", ""), []).append(number)
        changed = [name for name in step.settings if any(part in name for part in REGULARIZING)]
        if biases_asked and step.settings.get("use_bias") is False:
            changed.append("use_bias")
        for setting in changed:
            value = step.settings[setting]
            shown = value["class_name"] if isinstance(value, dict) else value
            found.setdefault(("regularized", f"{setting} = {shown}"), []).append(number)
        first = step.settings.get("kernel_initializer")
        if isinstance(first, dict) and first["class_name"] in CONSTANT and step is not output:
            found.setdefault(("constant_weights", f"kernel_initializer = {first['class_name']}"), []).append(number)
        if "steps" in step.settings:
            found.setdefault(("dense_over_steps", str(step.settings["steps"])), []).append(number)
    return [
        Fault(
            explain(key, which=each_of(numbers, len(dense), "Dense"), setting=setting),
            (0.25 if key == "regularized" else 0.5) * len(numbers),
            key,
        )
        for (key, setting), numbers in found.items()
    ]


def _units(evidence: Any) -> tuple[Fault, ...]:
    pairs = [(units_of(wanted), units_of(seen)) for wanted, seen in evidence.alignment.hidden if seen is not None]
    if not pairs:
        return (Fault(_("There is no hidden Dense layer whose units could be looked at."), 1.0),)
    wrong = [(number, seen) for number, (wanted, seen) in enumerate(pairs) if wanted != seen]
    if not wrong:
        return ()
    share = len(wrong) / len(pairs)
    if sorted(wanted for wanted, _ in pairs) == sorted(seen for _, seen in pairs):
        return (Fault(explain("widths_swapped"), share, "widths_swapped"),)
    if len(wrong) == len(pairs) > 1 and len({width for _, width in wrong}) == 1:
        message = explain("other_units", which=_("each hidden layer"), units=_wide(wrong[0][1]))
        return (Fault(message, share, "other_units"),)
    nth = _("your {ordinals} hidden layer")
    told = [(nth.format(ordinals=ordinal(number)), _wide(width)) for number, width in wrong]
    return tuple(
        Fault(explain("other_units", which=which, units=width), 1 / len(pairs), "other_units") for which, width in told
    )


def _wide(units: int) -> str:
    return ngettext("{count} unit", "{count} units", units).format(count=units)


def _activations(evidence: Any) -> tuple[Fault, ...]:
    alignment, faults = evidence.alignment, []
    hidden = [n for n, (_, seen) in enumerate(alignment.hidden) if seen is not None and seen.kind == DENSE]
    if not hidden:
        return (Fault(_("There is no hidden Dense layer whose activation could be looked at."), 1.0),)
    bare: list[int] = []
    others: dict[tuple[str, str], list[int]] = {}
    for number in hidden:
        wanted = _functions(alignment.expected.places[number + 1].of(ACTIVATION))
        steps = alignment.directly_after(number)
        seen = _functions(steps.of(*BENDING))
        if seen == wanted or (steps.of("custom") and not seen) or "unknown" in seen:
            continue  # what cannot be told is a matter of the criterion "layers", and a human's
        if not seen:
            bare.append(number)
        else:
            key = "activation_twice" if len(seen) > len(wanted) else "other_activation"
            others.setdefault((key, listed(seen)), []).append(number)
    if bare:
        several = len(bare) > 1
        has = _("your {ordinals} hidden layer has no activation.")
        have = _("your {ordinals} hidden layers have no activation.")
        seen = (have if several else has).format(ordinals=listed(map(ordinal, bare)))
        message = explain("activation_missing", seen=seen)
        faults.append(Fault(message, len(bare) / len(hidden), "activation_missing"))
    for (key, functions), numbers in others.items():
        layer = each_of(numbers, len(hidden), HIDDEN)
        message = explain(key, which=layer, function=functions, functions=functions)
        faults.append(Fault(message, len(numbers) / len(hidden), key))
    for function in _functions(alignment.seen.places[0].of(*BENDING)):
        faults.append(Fault(explain("activation_on_inputs", function=function), 0.5, "activation_on_inputs"))
    return tuple(faults)


def _functions(steps: tuple[Operation, ...]) -> list[str]:
    """The names of activations; one that learns its slope has no function, but a layer of its own."""
    return [str(step.settings.get("function", "unknown")) if step.kind == ACTIVATION else "PReLU" for step in steps]


REASONS = {
    "relu": N_(
        "It makes every negative value zero, and zero passes no gradient: a network that begins there stays there."
    ),
    "sigmoid": N_("It squeezes every prediction between 0 and 1, and learns slowly near both ends."),
    "softmax": N_("With one output it always gives 1, whatever the inputs are."),
    "tanh": N_("It squeezes every prediction between -1 and 1."),
}
OTHER_REASON = N_("A number on an open scale needs an output that is free to take any value.")


def _output(evidence: Any) -> tuple[Fault, ...]:
    alignment = evidence.alignment
    if evidence.data.kinds:
        return kinds_output(evidence)
    if alignment.output is None:
        last = alignment.seen.dense[-1:]
        end = end_of(_wide(units_of(last[0])) if last else None)
        return (Fault(explain("output_missing", end=end), 1.0, "output_missing"),)
    faults = []
    units, shapes = units_of(alignment.output), evidence.facts.shapes
    if units != units_of(alignment.expected.dense[-1]):
        faults.append(Fault(explain("other_output_units", units=_wide(units)), 1.0, "other_output_units"))
    elif len(shapes) == 1 and shapes[0] not in ((1,), ()):
        faults.append(Fault(explain("other_output_shape", shape=shapes[0]), 1.0, "other_output_shape"))
    for function in _functions(alignment.seen.places[-1].of(*BENDING)):
        reason = REASONS.get(function, OTHER_REASON)
        message = explain("output_activation", function=function, reason=_(reason))
        faults.append(Fault(message, 1.0, "output_activation"))
    return tuple(faults)


# Class names whose capitals do not follow from snake case.
NAMES = {"rms_normalization": "RMSNormalization", "lstm": "LSTM", "gru": "GRU", "simple_rnn": "SimpleRNN"}


def _named(step: Operation) -> str:
    """A layer's kind as it is written in code: ``alpha_dropout`` is ``AlphaDropout``."""
    name = NAMES.get(step.kind) or "".join(part[:1].upper() + part[1:] for part in step.kind.split("_"))
    return "`" + re.sub(r"([123])d$", r"\1D", name) + "`"
