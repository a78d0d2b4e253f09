"""The switches: each defence that is no layer of the box can be taken away, so that an attack is seen to be real."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from nbclient.exceptions import DeadKernelError

import grader.channel
import grader.exercises
import grader.spec
from dropnorm.curves import LearningCurves
from grader.autograde import brought_back, reception, scratch_execute, warm_kernels
from grader.handed import HandedEvidence, Retrained
from grader.rubric import Finding, Status

from .case import Ours

ENDLESS = 2**40


@contextlib.contextmanager
def removed(defences: Iterable[Ours]) -> Iterator[None]:
    """Without some defences, for as long as it is needed."""
    with pytest.MonkeyPatch.context() as patch:
        own = warm_kernels._server
        for each in defences:
            SWITCHES.get(each, lambda _: None)(patch)
        yield
        if warm_kernels._server not in (own, None):
            warm_kernels._server.close()


def _last_counts(patch: pytest.MonkeyPatch) -> None:
    def keep(self: reception.Reception, account: Any) -> bool:
        self._accounts[account["rubric"]] = account
        return True

    patch.setattr(reception.Reception, "_keep", keep)


def _score_believed(patch: pytest.MonkeyPatch) -> None:
    judged = reception.judged

    def believing(account: Mapping[str, Any], train: Any) -> Any:
        found = judged(account, train)
        finding = Finding("told", account.get("score", 0.0), account.get("score", 0.0), "as it says")
        return replace(found, verdict=replace(found.verdict, status=Status.RIGHT, findings=(finding,)))

    patch.setattr(reception, "judged", believing)


def _any_exercise(patch: pytest.MonkeyPatch) -> None:
    rubric = grader.exercises.rubric

    class Whichever:
        def __ne__(self, other: object) -> bool:
            return False

    patch.setattr(grader.exercises, "rubric", lambda name: (SimpleNamespace(name=Whichever()), rubric(name)[1]))


def _history_believed(patch: pytest.MonkeyPatch) -> None:
    def told(self: HandedEvidence) -> Retrained:
        series = self.account["history"]["series"]
        curves = (series[name] for name in ("loss", "val_loss", "loss_at_inference"))
        return Retrained((LearningCurves(*([each] for each in curves)),))

    patch.setattr(HandedEvidence, "retrained_model", property(told))


def _anything_in_a_spec(patch: pytest.MonkeyPatch) -> None:
    for name in ("check_operation", "check_compile", "check_fit", "check"):
        patch.setattr(grader.spec, name, lambda _: None)


def _not_kept(patch: pytest.MonkeyPatch) -> None:
    def fails(self: scratch_execute.ScratchExecute, *_: object) -> None:
        raise DeadKernelError("as nbgrader's own step")

    patch.setattr(scratch_execute.ScratchExecute, "_end", fails)


def _any_message(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(scratch_execute, "_is_one", lambda _: True)
    end = scratch_execute.ScratchExecute._end

    def raises(self: scratch_execute.ScratchExecute, cell: Any, name: str, sentence: str) -> None:
        if name == "NoMessage":
            raise
        end(self, cell, name, sentence)

    patch.setattr(scratch_execute.ScratchExecute, "_end", raises)


def _no_flood(patch: pytest.MonkeyPatch) -> None:
    for name in ("PRINTED", "PRINTED_IN_ALL", "FLOOD"):
        patch.setattr(scratch_execute, name, ENDLESS)


def _all_at_start(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(warm_kernels, "NEEDED", ("",))
    patch.setattr(warm_kernels, "_server", None)  # another one, for as long as it is needed


def _among_what_was_handed_in(patch: pytest.MonkeyPatch) -> None:
    boxed = warm_kernels.in_a_box
    patch.setattr(warm_kernels, "in_a_box", lambda cmd, box, kwargs: boxed(cmd, box, kwargs) | {"cwd": kwargs["cwd"]})


def _no_box(patch: pytest.MonkeyPatch) -> None:
    fork = warm_kernels.ForkServer.fork
    patch.setattr(
        warm_kernels.ForkServer,
        "fork",
        lambda self, argv, cwd, env, inherited=None, boxed=None: fork(self, argv, cwd, env, inherited),
    )


SWITCHES: Mapping[Ours, Callable[[pytest.MonkeyPatch], None]] = {
    Ours.FIRST: _last_counts,
    Ours.NO_SCORE: _score_believed,
    Ours.EXERCISE: _any_exercise,
    Ours.TRAINED_ANEW: _history_believed,
    Ours.SPEC: _anything_in_a_spec,
    Ours.WORK: lambda patch: patch.setattr(reception, "too_much", lambda *_: False),
    Ours.FITS: lambda patch: patch.setattr(reception, "FITS", ENDLESS),
    Ours.DEPTH: lambda patch: patch.setattr(reception, "DEEP", ENDLESS),
    Ours.MESSAGE: lambda patch: patch.setattr(grader.channel, "TEXT", 2**24),
    Ours.LINKS: lambda patch: patch.setattr(brought_back, "FILE", os.O_RDONLY),
    Ours.ELSEWHERE: _among_what_was_handed_in,
    Ours.KEPT: _not_kept,
    Ours.FLOOD: _no_flood,
    Ours.MESSAGES: _any_message,
    Ours.BOX: _no_box,
    Ours.START: _all_at_start,
}  # `VERDICT` and `TIME` are `attacking`'s: which outputs are read, and a setting
