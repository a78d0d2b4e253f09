"""What can be wrong with the loss of a network that tells kinds apart: the labels' form, scores, a loss for two."""

from __future__ import annotations

from typing import Any

from grader.misconceptions import explain
from grader.rubric import Fault
from grader.spec_rules import LOGITS, SUM

OF_NUMBERS, OF_ROWS = "sparse_categorical_crossentropy", "categorical_crossentropy"
# On one-hot rows the divergence from them is the cross-entropy.
CROSS_ENTROPIES = (OF_NUMBERS, OF_ROWS, "kl_divergence")


def is_cross_entropy(loss: str) -> bool:
    """Whether a loss is the mean cross-entropy of kinds, in whichever form it takes labels and predictions."""
    name, *added = loss.split(":")
    return name in CROSS_ENTROPIES and SUM not in added


def takes_rows(loss: str) -> bool:
    """Whether a loss takes labels as one-hot rows, not as numbers."""
    return loss.partition(":")[0] != OF_NUMBERS


def class_loss_faults(evidence: Any) -> tuple[Fault, ...] | None:
    """The faults of a loss of kinds; None where it is another loss altogether."""
    loss, model = evidence.facts.compiled.loss, evidence.exercise.model_name
    name, *added = loss.split(":")
    if name == "binary_crossentropy":
        return (Fault(explain("binary_loss"), 0.5, "binary_loss"),)
    if not is_cross_entropy(loss):
        return None
    faults = []
    if LOGITS in added and evidence.ends_in_softmax:
        faults.append(Fault(explain("softmax_and_logits", model=model), 0.5, "softmax_and_logits"))
    # Trained with it, the labels had the form that it takes: perhaps they were changed in the call of `fit`.
    if not evidence.steps_taken and evidence.labels is not None:
        if evidence.labels == "one-hot" and not takes_rows(loss):
            faults.append(Fault(explain("labels_one_hot", targets=evidence.exercise.arrays[1]), 0.5, "labels_one_hot"))
        elif evidence.labels == "numbers" and takes_rows(loss):
            faults.append(Fault(explain("labels_numbers", targets=evidence.exercise.arrays[1]), 0.5, "labels_numbers"))
    return tuple(faults)
