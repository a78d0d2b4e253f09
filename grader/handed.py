"""Evidence that a kernel handed over: what is judged outside of the learner's process.

Facts, answers and errors are the account's (`grader.account`). Curves are not: the spec that follows from the facts is
trained anew, and those curves are judged. Only the questions about curves are held to the ones that the learner saw.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from dropnorm.curves import LOGGED, VALIDATION, LearningCurves
from dropnorm.language import _
from grader import trained
from grader.account import VERSION
from grader.evidence import Evidence
from grader.facts import CompileFacts, ModelFacts, ObservationError, Operation
from grader.fit_settings import Given
from grader.raised import Raised
from grader.retraining import WORK, Stop, too_much
from grader.rubric import Fault
from grader.runs import middle
from grader.spec import FitSettings, ModelSpec
from grader.spec_rules import SpecError


class AccountError(ValueError):
    """An account that does not say what is asked of it, or says it in no form that is known; one sentence."""


@dataclass(frozen=True, eq=False)
class Retrained:
    """A spec trained anew, as far as judging asks.

    Attributes:
        runs: the curves, one run a seed.
        losses_now: at the end, in the exercise's loss, on the training and on the validation part, where the spec is
            compiled with another loss; else None, and the curves say it.
    """

    runs: tuple[LearningCurves, ...]
    losses_now: tuple[float, float] | None = None

    def counted(self, stop: Stop | None = None) -> LearningCurves:
        """The curves of the run that counts: its best validation loss is the median."""
        runs = tuple(stop.cut(curves) for curves in self.runs) if stop else self.runs
        return runs[middle(runs)]


def _raised(told: Mapping[str, Any] | None) -> Raised | None:
    return None if told is None else Raised(**told)


def _text(told: Any) -> str | None:
    return None if told is None else str(told)


def _count(told: Any) -> int | None:
    return int(told) if isinstance(told, int | float) and not isinstance(told, bool) else None


def _series(told: Mapping[str, Any]) -> dict[str, np.ndarray]:
    return {str(name): np.array(values, dtype=float) for name, values in told.items()}


class Told:
    """A property of the evidence whose value stands in the account under the same name.

    Args:
        read: makes of what stands there what the property holds.
    """

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, evidence: HandedEvidence, owner: type) -> Any:
        return self._read(evidence.of_account(self._name))


@dataclass(eq=False)
class HandedEvidence(Evidence):
    """What is judged, where it was handed over.

    Attributes:
        account: what the kernel says.
        train: trains a spec for an exercise anew, or finds where that was done.
    """

    account: Mapping[str, Any] | None = None
    train: Callable[[ModelSpec, Any], Retrained] | None = None

    @classmethod
    def read(cls, account: Mapping[str, Any], train: Callable[[ModelSpec, Any], Retrained]) -> HandedEvidence:
        """The evidence of an account. Raises AccountError where it is none."""
        from grader.exercises import EXERCISES

        if account.get("version") != VERSION:
            raise AccountError(_("What was handed over has another version than {version}.").format(version=VERSION))
        try:
            errors = [_raised(account["errors"][name]) for name in ("error", "compile_error", "fit_error")]
            names = dict.fromkeys(account.get("known", ())) | {
                str(name): answer_of(given) for name, given in account["answers"].items()
            }
            return cls(EXERCISES[account["exercise"]], names, *errors, account=account, train=train)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            said = _("What was handed over is no account ({error}).").format(error=type(error).__name__)
            raise AccountError(said) from error

    def of_account(self, name: str) -> Any:
        """What the account says under a name. Raises AccountError where it says nothing, or why it could not."""
        if name not in self.account:
            raise AccountError(_("The account says nothing of {what}").format(what=name.replace("_", " ")))
        value = self.account[name]
        if isinstance(value, Mapping) and "unseen" in value:
            raise AccountError(str(value["unseen"]))
        return value

    # What is told of the model and of its training, each as the property of `Evidence` that it stands for.

    has_model = Told(lambda value: value is True)
    has_history = Told(lambda value: value is True)
    trained_as_told = Told(lambda value: value is True)
    loss_given = Told(str)
    history_kind = Told(str)
    bias_given_as_text = Told(_text)
    labels = Told(_text)
    data_difference = Told(_text)
    history_of_another = Told(_text)
    validated_on = Told(_text)
    steps_taken = Told(_count)

    @property
    def trained_before(self) -> tuple[str, ...]:
        """As the kernel noted it; an account of an earlier day says it in one text, or nothing of it."""
        told = self.account.get("trained_before")
        told = [told] if isinstance(told, str) else told
        return tuple(map(str, told)) if isinstance(told, list | tuple) else ()

    @property
    def penalty(self) -> float:
        """As the kernel's model has it; an account of an earlier day says nothing of it."""
        told = self.account.get("penalty")
        return float(told) if isinstance(told, int | float) and np.isfinite(told) else 0.0

    def holds(self, name: str) -> bool:
        return name in self.of_account("holds")

    def model_of_another_name(self) -> str | None:
        return _text(self.of_account("model_of_another_name"))

    def series(self, history_name: str) -> Mapping[str, np.ndarray]:
        return _series(self.of_account("series"))

    @cached_property
    def facts(self) -> ModelFacts:
        told = self.of_account("facts")
        if "refused" in told:
            refused = told["refused"]
            details = {
                name: tuple(value) if isinstance(value, list) else value for name, value in refused["details"].items()
            }
            error = ObservationError(refused["reason"], **details)
            raise error from _RaisedError(_raised(refused["cause"]))
        return facts_of(told["observed"])

    @cached_property
    def given(self) -> Given:
        told = self.of_account("given")
        fit = None if told["fit"] is None else FitSettings(**told["fit"])
        stop = None if told["stop"] is None else Stop(**told["stop"])
        return Given(fit, stop, tuple(Fault(**fault) for fault in told["faults"]), told["batch_given"] is True)

    @cached_property
    def told(self) -> trained.History | None:
        told = self.of_account("history")
        if told is None:
            return None
        counts = {name: _count(told[name]) for name in ("asked", "steps")}
        epochs, began = (_count(told[name]) or 0 for name in ("epochs", "began"))
        return trained.History(
            str(told["kind"]), told["from_fit"] is True, None, _series(told["series"]), epochs, **counts, began=began
        )

    # What is trained anew.

    @cached_property
    def spec(self) -> ModelSpec:
        """The model and its training, as they are trained anew. Raises SpecError where it cannot be."""
        asked, told, rows = self.reference.fit, self.told, len(self.data.X_train)
        if np.unique(told.series.get("learning_rate", ())).size > 1:  # Keras logs it where a callback may change it
            said = _("A callback changed the learning rate while the model trained, which is not done anew.")
            raise SpecError(said)
        if self.trained_before not in ((), (self._optimizer_now,)):
            said = _("The network was trained with one `compile`, then with another, which is not done anew.")
            raise SpecError(said)
        steps = told.steps or trained.steps_of(rows, asked.batch_size)
        usual = steps == trained.steps_of(rows, asked.batch_size)
        sizes = [asked.batch_size] if usual else trained.batch_sizes(rows, steps)
        round_ones = [size for size in sizes if size & (size - 1) == 0 or size % 10 == 0]
        broke_down = told.epochs < asked.epochs and not np.isfinite(told.series.get(LOGGED, np.array([]))).all()
        epochs = told.asked if broke_down and told.asked == asked.epochs else told.epochs
        batch = (round_ones or sizes or [-(-rows // steps)])[0]
        spec = ModelSpec.of(self.facts, FitSettings(epochs, batch))
        if too_much(spec, self.reference, rows):
            said = _("Training this anew would take more than {times} times the work of the exercise's own.")
            raise SpecError(said.format(times=WORK))
        return spec

    @property
    def _optimizer_now(self) -> str:
        compiled = self.facts.compiled
        return f"{compiled.optimizer} at the learning rate {compiled.learning_rate or math.nan:.4g}"

    @cached_property
    def retrained_model(self) -> Retrained:
        """The spec trained anew. Raises SpecError, DataError."""
        return self.train(self.spec, self.exercise)

    @cached_property
    def curves(self) -> LearningCurves:
        return self.retrained_model.counted()

    @property
    def judged_series(self) -> Mapping[str, np.ndarray]:
        return {LOGGED: self.curves.loss[0], VALIDATION: self.curves.val_loss[0]}

    @cached_property
    def losses_now(self) -> tuple[float, float]:
        other = self.retrained_model.losses_now
        return other or (float(self.curves.loss_at_inference[0, -1]), float(self.curves.val_loss[0, -1]))

    @cached_property
    def gap(self) -> float:
        if self.retrained_model.losses_now:
            return self.losses_now[1] - self.losses_now[0]
        return float(self.curves.gap[0])

    @cached_property
    def last_val_loss(self) -> float:
        return self.losses_now[1] if self.retrained_model.losses_now else float(self.curves.last(VALIDATION)[0])

    @cached_property
    def best_val_loss(self) -> float:
        return self.losses_now[1] if self.retrained_model.losses_now else float(self.curves.best_val_loss[0])

    def retrained(self, spec: ModelSpec, stop: Stop | None = None) -> LearningCurves:
        return self.train(spec, self.exercise).counted(stop)

    def ended(self, spec: ModelSpec, stop: Stop) -> bool:
        return all(stop.ends(curves) for curves in self.train(spec, self.exercise).runs)


class Unreadable:
    """An answer that is no value: it is shown as it was, and nothing can be read of it."""

    def __init__(self, shown: str) -> None:
        self.shown = shown

    def __repr__(self) -> str:
        return self.shown


class _RaisedError(Exception):
    """Stands for an exception of the kernel, of which these things are known."""

    def __init__(self, known: Raised | None) -> None:
        super().__init__()
        self.known = known


def answer_of(told: Any) -> Any:
    """The answer that `grader.account.answer` wrote down."""
    if told is None or isinstance(told, str):
        return told
    if "number" in told:
        value = told["number"]
        if not isinstance(value, bool | int | float):
            raise AccountError(_("A number in the account is none."))
        return value
    if told.get("texts"):
        return [str(text) for text in told["texts"]]
    return Unreadable(str(told["shown"]))


def facts_of(told: Mapping[str, Any]) -> ModelFacts:
    """The facts that the account tells. Raises TypeError, KeyError or ValueError where they are none."""
    compiled = told["compiled"]
    return ModelFacts(
        operations=tuple(Operation(**operation) for operation in told["operations"]),
        inputs=int(told["inputs"]),
        chain=told["chain"] is True,
        compiled=None if compiled is None else CompileFacts(**compiled),
        deterministic=told["deterministic"] is True,
        moving={str(name): bool(moves) for name, moves in told["moving"].items()},
        zeros={str(name): float(share) for name, share in told["zeros"].items()},
        idle=tuple(Operation(**operation) for operation in told["idle"]),
        unjudged=tuple(str(reason) for reason in told["unjudged"]),
        shapes=tuple(tuple(shape) for shape in told["shapes"]),
    )
