"""The criterion about `compile`: optimizer, learning rate, loss."""

from __future__ import annotations

from math import isclose
from typing import Any

from grader.criteria.class_loss import class_loss_faults, is_cross_entropy
from grader.criteria.errors import COMPILES, explain_error
from grader.criteria.layout import listed
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault


def compiled(points: float) -> Criterion:
    """Compiled as the exercise gives it: optimizer and loss count one half each."""
    return Criterion("compile", "Compile: optimizer and loss", points, _compiled)


def _compiled(evidence: Any) -> tuple[Fault, ...]:
    seen, asked = evidence.facts.compiled, evidence.reference.compile
    name, error = evidence.exercise.model_name, evidence.compile_error
    if seen is None:
        not_compiled = Fault(explain("not_compiled", model=name), 1.0, "not_compiled")
        return (not_compiled if error is None else explain_error(error, name, COMPILES),)
    faults = []
    if error is not None:  # compiled once, then again with an error
        fault = explain_error(error, name, COMPILES)
        message = f"{fault.message} What is judged here is how `{name}` is compiled now."
        faults.append(Fault(message, 0.0, fault.misconception))
    if seen.optimizer != asked.optimizer:
        message = explain("other_optimizer", model=name, optimizer=seen.optimizer)
        faults.append(Fault(message, 0.5, "other_optimizer"))
    else:
        rate = seen.learning_rate
        if rate is None:
            faults.append(Fault(explain("other_learning_rate", rate="a schedule"), 0.5, "other_learning_rate"))
        elif not isclose(rate, asked.learning_rate, rel_tol=1e-3):
            faults.append(Fault(explain("other_learning_rate", rate=f"{rate:.4g}"), 0.5, "other_learning_rate"))
        others = {name: value for name, value in seen.settings.items() if value != asked.settings.get(name)}
        if (weights := others.pop("loss_weights", None)) is not None:
            key = "metrics_unnamed" if "'" in repr(weights) else "loss_weighted"
            faults.append(Fault(explain(key, model=name, weights=weights), 0.25, key))
        extra = [f"{name} = {value}" for name, value in others.items() if name != "learning_rate_schedule"]
        if extra:
            noun = "an extra setting" if len(extra) == 1 else "extra settings"
            message = explain("optimizer_settings", noun=noun, setting=listed(extra))
            faults.append(Fault(message, 0.25, "optimizer_settings"))
    of_kinds = class_loss_faults(evidence) if is_cross_entropy(asked.loss) else None
    if seen.loss == "none":
        faults.append(Fault(explain("no_loss", model=name), 0.5, "no_loss"))
    elif of_kinds is not None:
        faults += of_kinds
    elif seen.loss != asked.loss:
        message = explain("other_loss", loss=_shown(seen.loss, evidence.loss_given))
        faults.append(Fault(message, 0.5, "other_loss"))
    return tuple(faults)


def _shown(name: str, given: str) -> str:
    """A loss in words: by its name, or as it was given where it has none."""
    if name == "unknown":
        return given
    return name.replace("_", " ").replace(":sum", ", summed over the batch").replace(":logits", ", of scores")
