"""Layers of a learner's own: what they do is judged where it shows, else it is left to a human."""

from __future__ import annotations

from typing import Any

from dropnorm.language import _, sentences
from grader.rubric import HUMAN, Fault


def absent(evidence: Any, message: str) -> Fault:
    """The fault of a criterion that found no layer to look at.

    Where a layer of the learner's own is in the network it may do the work: then the points are open, not lost.
    """
    if evidence.facts.of_kind("custom"):
        message = sentences(_("Your own layer may do this, which cannot be told here."), _(HUMAN))
        return Fault(message, 1.0, "custom_layer", manual=True)
    return Fault(message, 1.0)
