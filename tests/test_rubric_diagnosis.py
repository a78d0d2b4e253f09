"""Each diagnosis that is kept as test data gets its points, its status and the names of its misconceptions."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
import pytest

from dropnorm.symptoms import Problem
from grader import recorded
from grader.criteria.shown_by import Number, shown_by
from grader.evidence import Evidence
from grader.exercises import rubric
from grader.exercises.diagnosis import PROBLEMS
from grader.exercises.gone_wrong import TRAININGS
from grader.rubric import Status, judge
from tests.answers import Answer, answers, run
from tests.no_answer import printed

ANSWERS = answers("diagnosis")
STATUS = {"raised": Status.RAISED, "manual": Status.MANUAL}


def frame(number: int) -> pd.DataFrame:
    """The curves as the notebook reads them."""
    return pd.read_csv(recorded.CURVES, index_col=["training", "epoch"]).loc[number]


def handed_in(answer: Answer, name: str) -> Evidence:
    names: dict[str, Any] = {"np": np, "pd": pd, "curves": frame(int(name[-1])), "problem": None, "evidence": None}
    raised = run({"answer": answer.cells[0]}, names)
    return Evidence.of(name, names, raised.get("answer"))


@pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.title)
def test_a_diagnosis_gets_what_it_must(answer: Answer) -> None:
    (expected,) = answer.expected
    owner, sheet = rubric(expected.rubric)
    verdict = judge(sheet, handed_in(answer, owner.name))
    said = "\n".join(finding.message for finding in verdict.findings)
    assert {word for f in verdict.findings for word in printed(owner.name, f.message, answer.cells[0])} == set(), said
    assert expected.named_by(verdict.misconceptions), said
    assert verdict.status == STATUS.get(expected.status, expected.status), said
    assert verdict.score == expected.score, said


def test_there_are_enough_answers_of_many_kinds() -> None:
    wrong = [answer for answer in ANSWERS if answer.expected[0].status != "right"]
    assert len(wrong) >= 20 and len(ANSWERS) - len(wrong) >= 10
    kinds = Counter(answer.expected[0].misconceptions for answer in wrong)
    assert max(kinds.values()) <= len(wrong) / 5, kinds.most_common(3)
    assert len({(answer.cells, answer.expected[0].rubric) for answer in ANSWERS}) == len(ANSWERS)


@pytest.mark.parametrize("number", TRAININGS)
def test_the_course_diagnoses_the_committed_curves_as_the_exercise_does(number: int) -> None:
    found = recorded.curves(number).diagnosis()
    assert found.problem == PROBLEMS[number]
    # Nothing else is there that a learner might name with reason; what comes after an explosion has its own message.
    assert found.also in ((), (Problem.TOO_SLOW,) if number == 4 else ())


@pytest.mark.parametrize("number", TRAININGS)
@pytest.mark.parametrize("named", [*Problem])
def test_every_word_of_the_list_is_right_or_gets_a_reason_of_its_own(number: int, named: Problem) -> None:
    _, sheet = rubric(f"diagnosis_{number}_questions")
    names = {"curves": frame(number), "problem": str(named), "evidence": 0}
    verdict = judge(sheet, Evidence.of(f"diagnosis_{number}", names))
    (finding, *_) = verdict.findings
    assert (finding.points == 1) == (named == PROBLEMS[number])
    if named != PROBLEMS[number]:
        assert str(named) in finding.message or named in (Problem.UNDECIDED, Problem.FINE)
        assert len(finding.message) < 420


@pytest.mark.parametrize("number", TRAININGS)
@pytest.mark.parametrize("upper, lower", [("val_loss", "loss_at_inference"), ("loss_at_inference", "loss")])
def test_what_shows_one_problem_shows_no_other(number: int, upper: str, lower: str) -> None:
    """Even where, by chance, it comes near to a number that would: a gap of a network that overfits is no fall."""
    compared = {Problem.OVERFITS: "val_loss", Problem.DISAGREE: "loss_at_inference"}
    last = frame(number).iloc[-1]
    names = {"curves": frame(number), "problem": None, "evidence": last[upper] - last[lower]}
    _, sheet = rubric(f"diagnosis_{number}_questions")
    verdict = judge(sheet, Evidence.of(f"diagnosis_{number}", names))
    assert verdict.score == float(compared.get(PROBLEMS[number]) == upper)


def test_numbers_that_are_guessed_seldom_pass() -> None:
    """Of round numbers within the range of the losses, most show nothing."""
    for number, right in PROBLEMS.items():
        curves = recorded.curves(number)
        top = min(float(curves.val_loss.max()), 40.0)
        guesses = [float(f"{value:.2g}") for value in np.linspace(0.01 * top, top, 60)]
        passed = [guess for guess in guesses if any(each.is_given(guess) for each in shown_by(right, curves))]
        assert len(passed) <= 0.35 * len(guesses), (number, passed)


def test_a_value_that_is_no_number_is_recognised() -> None:
    nothing = Number(float("nan"), 0.1, "the last loss")
    assert nothing.is_given(float("nan")) and not nothing.is_given(1.0)
    assert not Number(1.0, 0.1, "a loss").is_given(float("nan"))
