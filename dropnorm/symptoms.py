"""What the learning curves of one run show: the rules behind `dropnorm.diagnosis`, and the thresholds they go by.

The rules look at shares: differences are divided by the *level*, the validation loss of the last fifth of the epochs.
A loss below zero (a log-likelihood) has no level; of the rules, those hold then that need none. Fifths are compared by
their medians, which one spike does not move.

The thresholds are round numbers, chosen between runs of red wine and concrete that show a problem and runs that do not.
tests/test_diagnosis_of_runs.py trains such runs, which the comments here name ("wine" is red wine, standardised, with
Adam, if nothing else is said); tests/test_diagnosis.py has curves made up on either side.
"""

from __future__ import annotations

from enum import StrEnum

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.language import N_, _, sentences


class Problem(StrEnum):
    """What curves can show, in the order in which it is looked for: what stands first makes the rest hard to see.

    Each equals its name, in every language: ``Problem.NOISY == "noisy"``.
    """

    UNSTABLE = N_("unstable")  # it diverges, or has exploded on the way
    OVERFITS = N_("overfits")
    DISAGREE = N_("training and inference disagree")
    NOISY = N_("noisy")
    TOO_SLOW = N_("too slow")
    STUCK = N_("stuck")
    UNDERFITS = N_("underfits")
    UNDECIDED = N_("cannot be told")  # what is lacking stands in the sentence
    FINE = N_("fine")

    @property
    def words(self) -> str:
        """Its name and, in a language that has other words for it, what that means."""
        meaning = _(self.value)
        return self.value if meaning == self.value else _("{name} ({meaning})").format(name=self, meaning=meaning)


JUMPS = 3  # a difference counts from so many median changes between epochs on: below, noise may explain it

# Unstable, as wine at learning rate 1; trainings that go on to work may start high, or have one spike.
EXPLOSION = 100  # the logged loss over what it was before (in epoch 1: over the validation loss at its end)
FROM_BASELINE = 1000  # the logged loss over the loss of a constant prediction
RELAPSE = 2  # by how much it rises above its lowest, in the second half, over the best validation loss

# Overfits: from GAP on where, since the middle, the validation loss fell not at all; from WIDE_GAP on where it fell as
# much as the training loss; in between in proportion. Wine without dropout does, with batch normalization too; with
# batch normalization and dropout 0.2 it does not, nor does concrete as in the exercise.
GAP, WIDE_GAP = 0.25, 0.5
WIDENED = 0.1  # since the fifth where it was smallest: a gap no wider than before is a difference of the two parts
ACCURACY_GAP, ACCURACY_FOLLOWS = 0.1, 0.5  # a difference of accuracies, and the share of the rise in training

# Training loss at inference minus logged: more on raw wine with dropout and no batch normalization, less on concrete
# as in the exercise.
DISAGREEMENT = 0.3

# Change of the validation loss between epochs, second half: less on wine with batch normalization and dropout 0.2, more
# on concrete with SGD and no batch normalization.
NOISE = 0.1

# Too slow, as wine and concrete at learning rate 1e-4: from the last but one fifth to the last, nearly every epoch
# falls, and by how much. Or the last fifth's share of the whole fall, which is about 0.2 of a straight line.
SMOOTH, FALL, UNDERWAY = 0.9, 0.03, 0.1

# Stuck, as wine at learning rate 0.1 or 0: the logged loss stays within a band around its end from a fifth of the
# epochs on, and ends at the baseline; or it never left CONSTANT.
BAND, FROM, CONSTANT = 0.05, 0.2, 0.01

# Underfits: the training loss over the loss of the best constant prediction (more on wine with batch normalization and
# dropout 0.9, less with dropout 0.2), or over a validation loss that was reached.
OF_BASELINE, OVER_REACHED = 0.9, 1.1

Found = tuple[Problem, str, dict[str, float]]  # with the sentence and the evidence


class Examined:
    """One run with finite losses and ten epochs or more, and what its curves show."""

    def __init__(self, run: LearningCurves, baseline: float | None, reached: float | None) -> None:
        self.run, self.baseline, self.reached = run, baseline, reached
        self.logged, self.validation = run.loss[0], run.val_loss[0]
        self.measured = run.loss_at_inference is not None and bool(np.isfinite(run.loss_at_inference).all())
        self.training = run.loss_at_inference[0] if self.measured else self.logged
        self.name = _("training loss at inference") if self.measured else _("logged training loss")
        self.logged_end, self.val_end = self._last(LOGGED), self._last(VALIDATION)
        self.end = self._last(AT_INFERENCE) if self.measured else self.logged_end
        signed = min(each.min() for each in (self.logged, self.validation, self.training)) < 0
        self.level = np.nan if signed else _fifth(self.validation, 5) or np.nan  # no comparison with NaN holds

    def found(self) -> list[Found]:
        """All that is seen, what matters most first; never empty."""
        gap, apart = self.gap(), self.disagreement()
        if gap and apart and apart[2]["disagreement"] > gap[2].get("gap", np.inf):
            gap, apart = apart, gap  # of what lies between logged and validation loss, the larger part comes first
        rules = (self.explosion(), gap, apart, self.noise(), self.fall() or self.rest() or self.height())
        return [each for each in rules if each] or [self.nothing()]

    def explosion(self) -> Found | None:
        before = np.r_[self.validation[0], np.minimum.accumulate(self.logged)[:-1]]
        rise, peak = self.logged - before, int(np.argmax(self.logged - before))
        exploded = (self.logged / np.maximum(before, self.level)).max() >= EXPLOSION
        relapse = self.level > 0 and rise[len(rise) // 2 :].max() >= RELAPSE * self.validation.min()
        if not (exploded or relapse or self.logged.max() >= FROM_BASELINE * (self.baseline or np.inf)):
            return None
        top, epoch, end = float(self.logged[peak]), peak + 1, self.logged_end
        said = _("The logged training loss is {top} in epoch {epoch} and {end} at the end.")
        said = said.format(top=_n(top), epoch=epoch, end=_n(end))
        return Problem.UNSTABLE, said, {"peak": top, "peak_epoch": epoch, "last_loss": end}

    def gap(self) -> Found | None:
        """Overfitting; or, where only the logged loss is known, perhaps a disagreement."""
        gaps = [_fifth(self.validation, each) - _fifth(self.training, each) for each in range(1, 6)]
        gap, learned, followed = self.val_end - self.end, _fell(self.training, 3), _fell(self.validation, 3)
        noise = JUMPS * _jump(self.validation)
        least = GAP + (WIDE_GAP - GAP) * _followed(followed, learned)
        wide = gap >= max(noise, least * self.level) and gaps[-1] - min(gaps) >= WIDENED * self.level
        rises = np.isnan(self.level) and learned > 0 and -followed >= noise
        accuracy = self.accuracy_gap()
        if not (wide or rises or accuracy):
            return None
        said = _(
            "The {training_loss} ends at {training}, the validation loss at {validation}; from the middle fifth of the "
            "epochs to the last the former {training_moved}, the latter {validation_moved}."
        ).format(
            training_loss=self.name,
            training=_n(self.end),
            validation=_n(self.val_end),
            training_moved=_moved(learned),
            validation_moved=_moved(followed),
        )
        ends = (_("{metric} ends at {value}.").format(metric=name, value=_n(value)) for name, value in accuracy.items())
        said = sentences(said, *ends)
        evidence = {
            "gap" if self.measured else "logged_gap": gap,
            "training_fell": learned,
            "validation_fell": followed,
            "rise_after_best": float(self.run.rise_after_best[0]),
            "best_epoch": int(self.run.best_epoch[0]),
        }
        if self.measured:
            return Problem.OVERFITS, said, evidence | accuracy
        doubt = _("It overfits, or training and inference disagree: the training loss at inference would tell.")
        return Problem.UNDECIDED, sentences(said, doubt), evidence | accuracy

    def accuracy_gap(self) -> dict[str, float]:
        """The last accuracies in training and validation, where they lie apart and validation does not follow."""
        for name, (series, *_runs) in self.run.metrics.items():
            other = self.run.metrics.get(f"val_{name}", [None])[0]
            if "acc" in name and other is not None and np.isfinite([series, other]).all():
                ends = {each: self._last(each) for each in (name, f"val_{name}")}
                follows = _followed(-_fell(other, 3), -_fell(series, 3))  # an accuracy rises
                if ends[name] - ends[f"val_{name}"] >= ACCURACY_GAP and follows < ACCURACY_FOLLOWS:
                    return ends
        return {}

    def disagreement(self) -> Found | None:
        apart = self.end - self.logged_end
        if not (apart >= DISAGREEMENT * self.level and apart >= JUMPS * _jump(self.training)):
            return None
        said = _("On the same rows the training loss is {logged} as logged, {inference} at inference.")
        said = said.format(logged=_n(self.logged_end), inference=_n(self.end))
        evidence = {"loss": self.logged_end, "loss_at_inference": self.end, "disagreement": apart}
        return Problem.DISAGREE, said, evidence

    def noise(self) -> Found | None:
        jump = _jump(self.validation)
        if not jump >= NOISE * self.level:
            return None
        said = _("From epoch to epoch the validation loss changes by {jump}, which is {share} of it.")
        said = said.format(jump=_n(jump), share=f"{jump / self.level:.0%}")
        return Problem.NOISY, said, {"jump": jump, "jump_share": jump / self.level}

    def fall(self) -> Found | None:
        fell, logged_fell = _fell(self.validation, 4), _fell(self.logged, 4)
        falling = float((np.diff(self.validation[-2 * (len(self.validation) // 5) - 1 :]) < 0).mean())
        smooth = fell >= FALL * self.level and falling >= SMOOTH
        under_way = logged_fell >= UNDERWAY * (self.logged[0] - _fifth(self.logged, 5))
        if not ((smooth or under_way) and logged_fell > JUMPS * _jump(self.logged)):
            return None
        said = _(
            "Still falling: from the last but one fifth of the epochs to the last, the logged training loss {moved} to "
            "{logged}, the validation loss {validation_moved} to {validation}."
        ).format(
            moved=_moved(logged_fell),
            logged=_n(self.logged_end),
            validation_moved=_moved(fell),
            validation=_n(self.val_end),
        )
        return Problem.TOO_SLOW, said, {"loss_fell": logged_fell, "validation_fell": fell, "falling_epochs": falling}

    def rest(self) -> Found | None:
        """A loss that stays where it is."""
        end, level = _fifth(self.logged, 5), 0.0 if np.isnan(self.level) else self.level
        constant = bool(np.ptp(self.logged) <= CONSTANT * level)
        outside = np.flatnonzero(np.abs(self.logged - end) > BAND * level)
        since = int(outside[-1]) + 2 if len(outside) else 1
        at_baseline = self.end >= OF_BASELINE * (self.baseline or np.inf)
        if since - 1 > FROM * len(self.logged) or not end or not (at_baseline or self.baseline is None):
            return None
        said = _("The training loss stays at {loss} from epoch {epoch} on.")
        if at_baseline:
            said = _(
                "The training loss stays at {loss} from epoch {epoch} on; the best constant prediction has {baseline}."
            )
        elif not constant:
            said = _(
                "The training loss stays at {loss} from epoch {epoch} on; whether it is stuck or was done early, the "
                "loss of a constant prediction would tell (`baseline`)."
            )
        said = said.format(loss=_n(end), epoch=since, baseline=_n(self.baseline) if at_baseline else None)
        problem = Problem.STUCK if constant or at_baseline else Problem.UNDECIDED
        return problem, said, {"still_from_epoch": since, "last_loss": end}

    def height(self) -> Found | None:
        """A training loss that stays high."""
        told, evidence = {"training_loss": self.name, "loss": _n(self.end)}, {"training_loss": self.end}
        if self.end >= OF_BASELINE * (self.baseline or np.inf):
            said = _("The {training_loss} stays at {loss}; the best constant prediction has {baseline}.")
            said = said.format(**told, baseline=_n(self.baseline))
            return Problem.UNDERFITS, said, evidence | {"baseline": self.baseline}
        if self.end >= OVER_REACHED * (self.reached or np.inf):
            said = _("The {training_loss} stays at {loss}; a validation loss of {reached} has been reached.")
            said = said.format(**told, reached=_n(self.reached))
            return Problem.UNDERFITS, said, evidence | {"reached": self.reached}
        return None

    def nothing(self) -> Found:
        """No problem is seen; and what these curves cannot show."""
        told = {"validation": _n(self.val_end), "training_loss": self.name, "training": _n(self.end)}
        evidence = {"last_val_loss": self.val_end, "training_loss": self.end, "jump": _jump(self.validation)}
        if np.isnan(self.level):
            said = _(
                "The validation loss ends at {validation}, the {training_loss} at {training}; of such losses there are "
                "no shares to judge by."
            )
            return Problem.UNDECIDED, said.format(**told), evidence
        said = [
            _("No problem is seen: the validation loss ends at {validation}, the {training_loss} at {training}").format(
                **told
            )
        ]
        if not self.measured:
            said.append(_("how large the gap is, the training loss at inference would tell"))
        if self.baseline is None and self.reached is None:
            said.append(_("whether that is low, the loss of a constant prediction would tell (`baseline`)"))
        return Problem.FINE, _("{words}.").format(words=_("; ").join(said)), evidence

    def _last(self, name: str) -> float:
        return float(self.run.last(name)[0])


def _fifth(series: np.ndarray, number: int) -> float:
    """The median of a fifth of the epochs, counted from 1; the last one ends with the last epoch."""
    length = len(series) // 5
    end = len(series) - (5 - number) * length
    return float(np.median(series[end - length : end]))


def _fell(series: np.ndarray, since: int) -> float:
    """By how much the last fifth lies below an earlier one."""
    return _fifth(series, since) - _fifth(series, 5)


def _followed(validation: float, training: float) -> float:
    """Of what the training loss fell, the share that the validation loss fell, from 0 to 1."""
    return float(validation > 0) if training <= 0 else min(max(validation / training, 0.0), 1.0)


def _jump(series: np.ndarray) -> float:
    """The median change from one epoch to the next in the second half."""
    return float(np.median(np.abs(np.diff(series[len(series) // 2 :]))))


def _n(loss: float | None) -> str:
    return f"{loss:.3g}"


def _moved(fell: float) -> str:
    return (_("fell by {difference}") if fell >= 0 else _("rose by {difference}")).format(difference=_n(abs(fell)))
