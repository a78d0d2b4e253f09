"""The output of a network that tells kinds apart: a unit for each kind, one softmax over them, nothing else."""

from __future__ import annotations

from typing import Any

from dropnorm.language import _, listed, sentences
from grader.criteria.layout import counted, units_of
from grader.misconceptions import explain
from grader.rubric import Fault
from grader.spec_rules import LOGITS


def kinds_output(evidence: Any) -> tuple[Fault, ...]:
    """The faults of the output layer and of what bends it.

    Without a softmax it is as good where the loss is told to expect scores: that is said, and nothing is taken off.
    """
    alignment, shapes = evidence.alignment, evidence.facts.shapes
    if alignment.output is None:
        last = alignment.seen.dense[-1:]
        end = end_of(counted_units(units_of(last[0])) if last else None)
        return (Fault(explain("kinds_output_missing", end=end), 1.0, "kinds_output_missing"),)
    units = units_of(alignment.output)
    if units != evidence.data.kinds:  # what then bends them follows from it
        return (Fault(explain("other_kinds_units", units=counted_units(units)), 1.0, "other_kinds_units"),)
    faults = []
    if len(shapes) == 1 and shapes[0] != (evidence.data.kinds,):
        faults.append(Fault(explain("other_kinds_shape", shape=shapes[0]), 1.0, "other_kinds_shape"))
    fault = _bent(evidence)
    return (*faults, fault) if fault else tuple(faults)


def _bent(evidence: Any) -> Fault | None:
    functions, compiled = evidence.output_functions, evidence.facts.compiled
    if functions == ("softmax",) or "unknown" in functions:
        return None  # what cannot be told is a matter of the criterion "layers", and a human's
    if not functions:
        if compiled is not None and LOGITS in compiled.loss:
            alike = _("Your network gives scores, and the loss is told to expect them: that trains alike.")
            return Fault(sentences(alike, _("To read probabilities, take a softmax of what it predicts.")), 0.0)
        return Fault(explain("softmax_missing"), 0.5, "softmax_missing")
    if functions == ("sigmoid",):
        return Fault(explain("output_sigmoid"), 0.5, "output_sigmoid")
    if set(functions) == {"softmax"}:
        return Fault(explain("softmax_twice"), 0.5, "softmax_twice")
    named = listed(name or "PReLU" for name in functions)
    return Fault(explain("other_kinds_activation", functions=named), 0.5, "other_kinds_activation")


def end_of(units: str | None) -> str:
    """What a network without an output layer ends with: a hidden layer of so many units; None where there is none."""
    return _("no Dense layer at all") if units is None else _("a hidden layer of {units}").format(units=units)


def counted_units(units: int) -> str:
    """``one unit``, ``two units``."""
    return counted(units, "unit")
