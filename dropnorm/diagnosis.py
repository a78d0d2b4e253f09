"""What is wrong with a training, told from its learning curves: a problem by its name, in words, with the numbers.

The rules for one run, and what their thresholds come from, are in `dropnorm.symptoms`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dropnorm.curves import VALIDATION, LearningCurves
from dropnorm.language import _, sentences
from dropnorm.symptoms import Examined, Problem

EPOCHS = 10  # the least that is judged: with fewer, a fifth is one epoch, and a trend is told from noise by nothing


@dataclass(frozen=True)
class Diagnosis:
    """What learning curves show.

    Attributes:
        problem: the one that matters most; it equals its name, as in ``diagnosis.problem == "overfits"``.
        sentence: what is seen, with its numbers.
        evidence: the numbers over the curves that decided, by name; losses in their own unit.
        also: other problems that are seen as well.
        agree: how many of the runs show the problem.
        runs: how many there are.
    """

    problem: Problem
    sentence: str
    evidence: Mapping[str, float] = field(default_factory=dict)
    also: tuple[Problem, ...] = ()
    agree: int = 1
    runs: int = 1

    def __str__(self) -> str:
        """The problem, with what it means, and the sentence."""
        return _("{problem}: {sentence}").format(problem=self.problem.words, sentence=self.sentence)


def diagnose(curves: LearningCurves, baseline: float | None = None, reached: float | None = None) -> Diagnosis:
    """What most runs show; the numbers are those of the one among them whose last validation loss is the median.

    Args:
        curves: of one or several runs.
        baseline: the loss of the best constant prediction (for ``mae`` that of the median): whether a loss is high,
            curves alone do not say.
        reached: a validation loss that another network reached on the same data, for the same reason.

    Raises:
        ValueError: one of the two is not a positive number.
    """
    for name, value in (("baseline", baseline), ("reached", reached)):
        if value is not None and not 0 < value < np.inf:
            said = _("'{name}' is a loss to compare with, a positive number; this is {value}.")
            raise ValueError(said.format(name=name, value=value))
    by_end = np.argsort(curves.last(VALIDATION), kind="stable")  # what is no number comes last
    judged = [_judged(curves.run(index), baseline, reached) for index in by_end]
    counts = Counter(each.problem for each in judged)
    median = judged[(len(judged) - 1) // 2].problem  # decides where equally many runs show different problems
    problem = max(Problem, key=lambda each: (counts[each], each == median))
    showing = [each for each in judged if each.problem == problem]
    shown = showing[(len(showing) - 1) // 2]
    if curves.runs == 1:
        return shown
    others = [each for each in Problem if counts[each] and each != problem]
    count = _("{problem} in {count}")
    agreed = [
        _("So in {agree} of {runs} runs").format(agree=len(showing), runs=curves.runs),
        *(count.format(problem=each.words, count=counts[each]) for each in others),
    ]
    said = sentences(shown.sentence, _("{words}.").format(words=_("; ").join(agreed)))
    return replace(shown, sentence=said, agree=len(showing), runs=curves.runs)


def _judged(run: LearningCurves, baseline: float | None, reached: float | None) -> Diagnosis:
    broken = np.flatnonzero(~(np.isfinite(run.loss[0]) & np.isfinite(run.val_loss[0])))
    if len(broken):
        first = int(broken[0]) + 1
        said = _("In {broken} of {epochs} epochs the loss is not a finite number, first in epoch {first}.")
        said = said.format(broken=len(broken), epochs=run.epochs, first=first)
        return Diagnosis(Problem.UNSTABLE, said, {"epochs_not_finite": len(broken), "first_not_finite": first})
    if run.epochs < EPOCHS:
        said = _("Epochs: {epochs}. That is too few to tell a problem from noise; train for {enough} or more.")
        said = said.format(epochs=run.epochs, enough=EPOCHS)
        return Diagnosis(Problem.UNDECIDED, said, {"epochs": run.epochs})
    (problem, said, evidence), *others = Examined(run, baseline, reached).found()
    return Diagnosis(problem, said, evidence, tuple(each for each, *_ in others if each != Problem.UNDECIDED))
