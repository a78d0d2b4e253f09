"""What `PlacementLab` shows, in words: the curves, the variance that batch normalization meets, and the bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dropnorm.curves import LearningCurves
from dropnorm.diagnosis import Problem
from dropnorm.lab.placement_setting import PlacementSetting
from dropnorm.lab.reading import reading
from dropnorm.language import _, listed, sentences, spaced
from dropnorm.sweep.plan import BatchNorm

SHIFTED = 0.1  # a variance that is this share off the one that was kept is told as shifted; seeds alone move it by less


def placement_reading(
    setting: PlacementSetting, curves: LearningCurves, shifts: Sequence[tuple[float, ...]], baseline: float
) -> str:
    """What is seen of a setting.

    Args:
        setting: the order and what else the controls say.
        curves: its runs.
        shifts: of each run, the variance that each batch normalization meets at inference over the one it has kept.
        baseline: the loss of the best constant prediction.
    """
    seen = (reading(curves), _diagnosis(curves, baseline), _variance(setting, shifts), _bias(setting))
    return spaced(sentences(*seen))


def _diagnosis(curves: LearningCurves, baseline: float) -> str:
    """The problem by its name, unless the curves' reading has named it for every run."""
    found = curves.diagnosis(baseline)
    if found.agree == found.runs and found.problem in (Problem.OVERFITS, Problem.DISAGREE):
        return ""
    problem = found.problem.words
    if found.agree != found.runs:
        problem = _("{problem} in {agree} of {runs} runs").format(problem=problem, agree=found.agree, runs=found.runs)
    said = _("Diagnosis: {problem}.")
    if found.problem in (Problem.UNDERFITS, Problem.STUCK):
        said = _("Diagnosis: {problem}; the best constant prediction has {baseline}.")
    return said.format(problem=problem, baseline=f"{baseline:.2f}")


def _variance(setting: PlacementSetting, shifts: Sequence[tuple[float, ...]]) -> str:
    ratios = np.array(shifts)
    if not ratios.size or not np.isfinite(ratios).all():
        return ""
    medians = np.median(ratios, axis=0)
    told, first = listed(f"{median:.2f}" for median in medians), ratios[:, 0]
    seen = _(
        "At inference the three batch normalizations meet {ratios} times the variance that they have kept from training"
    )
    if len(first) > 1:
        seen = _(
            "At inference the three batch normalizations meet {ratios} times the variance that they have kept from "
            "training (first: {low} to {high} by seed)"
        )
    seen = seen.format(ratios=told, low=f"{first.min():.2f}", high=f"{first.max():.2f}")
    if medians.min() < 1 - SHIFTED and setting.drops_before_norm:
        said = _("{seen}: dropout in front of them spreads what they meet while it is on, and it is off now.")
    elif (np.abs(medians - 1) <= SHIFTED).all():
        said = _("{seen}: nearly the same.")
    else:
        said = _("{words}.")
    return said.format(seen=seen, words=seen)


def _bias(setting: PlacementSetting) -> str:
    if setting.redundant_bias:
        if setting.bias:
            return _(
                "The bias is redundant: batch normalization right behind each Dense layer subtracts it with the mean, "
                "and adds its own β."
            )
        return _("The bias is not missed: batch normalization right behind each Dense layer adds its own β.")
    if setting.bias:
        return ""
    if any(isinstance(layer, BatchNorm) for layer in setting.layers):
        return _(
            "Without a bias, the first block's relu opens where its weighted sum passes 0; in the others the β of the "
            "batch normalization in front moves that point."
        )
    return _("Without a bias, each relu opens where its weighted sum passes 0, and no unit can move that point.")
