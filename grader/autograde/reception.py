"""What the trusted side says to a kernel, and takes from it: trainings for its `fit`, accounts to be judged.

A kernel runs a learner's code, so whatever comes is bounded and read as data. It can describe a model; it cannot give
points.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from grader.autograde.nested import depth
from grader.exercises import EXERCISES, RUBRICS
from grader.exercises.noun import Exercise
from grader.handed import Retrained
from grader.judged import judged, retrained_of
from grader.retraining import too_much
from grader.spec import ModelSpec
from grader.spec_rules import SpecError
from grader.trainings import Training

ACCOUNTS, FITS = 64, 32  # of one notebook, at most: four times what the longest one of the course has

DEEP = 20  # levels of lists and objects in an account, at most: three times what the course's own have

Train = Callable[[ModelSpec, Exercise], Training]


class Reception:
    """The trusted end of one kernel's channel.

    Args:
        train: trains a spec for an exercise, or finds where that was done; it may take its time.
    """

    def __init__(self, train: Train) -> None:
        self._train, self._fits = train, 0
        self._accounts: dict[str, Mapping[str, Any]] = {}
        self._over = False

    def answer(self, message: Mapping[str, Any]) -> tuple[dict[str, Any], bytes]:
        """The answer to one message: what is kept of an account, or a training."""
        if "account" in message:
            return {"kept": self._keep(message["account"])}, b""
        if message.get("ask") == "fit":
            try:
                return {"trained": True}, self._fit(message)
            except Exception as error:  # whatever the training met: then it is trained, or fails, in the kernel
                return {"trained": False, "why": f"{type(error).__name__}: {error}"[:200]}, b""
        return {"why": "Nothing is known of such a message."}, b""

    def finish(self) -> list[dict[str, Any]]:
        """Judge the accounts: what `grader.judged.Judged.to_dict` says of each. Nothing is taken afterwards."""
        self._over = True  # a thread that still answers may outlive its kernel
        accounts, self._accounts = self._accounts, {}
        return [judged(account, self._retrained).to_dict() for account in accounts.values()]

    def _keep(self, account: Any) -> bool:
        """Whether an account is kept: the first of each test cell."""
        if self._over or not isinstance(account, dict) or len(self._accounts) >= ACCOUNTS:
            return False
        name = account.get("rubric")
        if not isinstance(name, str) or name not in RUBRICS or name in self._accounts or depth(account, DEEP) > DEEP:
            return False
        self._accounts[name] = account
        return True

    def _fit(self, message: Mapping[str, Any]) -> bytes:
        if self._over:
            raise SpecError("The notebook has ended.")
        self._fits += 1
        if self._fits > FITS:
            raise SpecError(f"A notebook asks for at most {FITS} trainings.")
        exercise, spec = EXERCISES[message["exercise"]], ModelSpec.from_json(message["spec"])
        if spec.fit is None or too_much(spec, exercise.reference, len(exercise.data().X_train)):
            raise SpecError("This training is none that is done outside of the kernel.")
        training = self._train(spec, exercise)
        return Training((training.curves,), training.weights).to_bytes()  # of the run that counts only

    def _retrained(self, spec: ModelSpec, exercise: Exercise) -> Retrained:
        return retrained_of(self._train(spec, exercise), spec, exercise)
