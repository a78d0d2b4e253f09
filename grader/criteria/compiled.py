"""The criterion about `compile`: optimizer, learning rate, loss."""

from __future__ import annotations

from math import isclose
from typing import Any

from dropnorm.language import N_, _, listed, sentences
from grader.criteria.class_loss import class_loss_faults, is_cross_entropy
from grader.criteria.errors import COMPILES, explain_error
from grader.misconceptions import explain
from grader.rubric import Criterion, Fault
from grader.spec_rules import SUM

# Losses by their canonical names, in words.
IN_WORDS = {
    "mean_absolute_error": N_("mean absolute error"),
    "mean_squared_error": N_("mean squared error"),
    "mean_absolute_percentage_error": N_("mean absolute percentage error"),
    "mean_squared_logarithmic_error": N_("mean squared logarithmic error"),
    "huber": N_("huber"),
    "log_cosh": N_("log cosh"),
    "poisson": N_("poisson"),
    "binary_crossentropy": N_("binary crossentropy"),
    "hinge": N_("hinge"),
    "squared_hinge": N_("squared hinge"),
    "kl_divergence": N_("kl divergence"),
    "cosine_similarity": N_("cosine similarity"),
    "categorical_crossentropy": N_("categorical crossentropy"),
    "sparse_categorical_crossentropy": N_("sparse categorical crossentropy"),
    "categorical_focal_crossentropy": N_("categorical focal crossentropy"),
}


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
        here = _("What is judged here is how `{name}` is compiled now.").format(name=name)
        faults.append(Fault(sentences(fault.message, here), 0.0, fault.misconception))
    if seen.optimizer != asked.optimizer:
        message = explain("other_optimizer", model=name, optimizer=seen.optimizer)
        faults.append(Fault(message, 0.5, "other_optimizer"))
    else:
        rate = seen.learning_rate
        if rate is None:
            faults.append(Fault(explain("other_learning_rate", rate=_("a schedule")), 0.5, "other_learning_rate"))
        elif not isclose(rate, asked.learning_rate, rel_tol=1e-3):
            faults.append(Fault(explain("other_learning_rate", rate=f"{rate:.4g}"), 0.5, "other_learning_rate"))
        others = {name: value for name, value in seen.settings.items() if value != asked.settings.get(name)}
        if (weights := others.pop("loss_weights", None)) is not None:
            key = "metrics_unnamed" if "'" in repr(weights) else "loss_weighted"
            faults.append(Fault(explain(key, model=name, weights=weights), 0.25, key))
        extra = [f"{name} = {value}" for name, value in others.items() if name != "learning_rate_schedule"]
        if extra:
            noun = _("an extra setting") if len(extra) == 1 else _("extra settings")
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
    plain, *added = name.split(":")
    loss = _(IN_WORDS.get(plain, plain))
    for each in added:
        loss = (_("{loss}, summed over the batch") if each == SUM else _("{loss}, of scores")).format(loss=loss)
    return loss
