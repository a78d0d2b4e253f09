"""The criterion about biases: none right before batch normalization, which subtracts it again; one anywhere else."""

from __future__ import annotations

from typing import Any

from dropnorm.language import _
from grader.criteria.layout import BATCH_NORM, DENSE, LIKE_BATCH_NORM, each_of
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault


def where_needed(points: float) -> Criterion:
    """A bias in every Dense layer but those that batch normalization follows at once."""
    return Criterion("bias", "Bias where it is needed, and only there", points, _where_needed)


def _where_needed(evidence: Any) -> tuple[Fault, ...]:
    """A layer is right if it is as asked, or as the rule has it in the learner's own order of layers.

    So batch normalization in another place, which is a matter of another criterion, is not counted twice.
    """
    alignment = evidence.alignment
    judged, idle, missing = 0, [], []
    for wanted, pair in zip(alignment.expected.dense, alignment.pairs, strict=True):
        seen = None if pair is None else alignment.seen.dense[pair]
        if seen is None or seen.kind != DENSE:
            continue
        judged += 1
        has, asked = bool(seen.settings["use_bias"]), wanted.settings["use_bias"]
        behind = alignment.seen.places[pair + 1].operations[:1]
        normalized = bool(behind) and behind[0].kind.startswith((BATCH_NORM, *LIKE_BATCH_NORM))
        if has != asked and has == normalized:
            (idle if has else missing).append(pair)
    if not judged:
        return (Fault(_("There is no Dense layer whose bias could be looked at."), 1.0),)
    faults, total = [], len(alignment.seen.dense)
    for key, numbers in (("bias_before_batch_norm", idle), ("bias_missing", missing)):
        if numbers:
            last = total > 1 and numbers == [total - 1] and alignment.output is not None
            which = _("your output layer") if last else each_of(numbers, total, "Dense")
            text = evidence.bias_given_as_text if key == "bias_before_batch_norm" else None
            key = key if text is None else "bias_by_text"
            faults.append(Fault(explain(key, which=which, text=text), len(numbers) / judged, key))
    return tuple(faults)
