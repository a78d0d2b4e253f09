"""Each answer to the questions on curves that is kept as test data gets its points, its status and its names."""

from __future__ import annotations

import pytest

from grader.evidence import Evidence
from grader.exercises import rubric
from grader.rubric import judge
from tests.answers import Answer, answers, run
from tests.no_answer import printed
from tests.test_rubric_answers import IMPORTS, STATUS, titled
from tests.test_rubric_questions import history

HISTORIES = ("history", "baseline_history", "own_history")
ACCURACY, VAL_ACCURACY = [0.40, 0.52, 0.61, 0.66, 0.70], [0.45, 0.60, 0.72, 0.78, 0.75]


def handed_in(answer: Answer, exercise: str) -> Evidence:
    """The evidence of an answer's cell, run over one history under the names of all; the vehicles' has accuracies."""
    names = {}
    run({"imports": IMPORTS}, names)
    names |= dict.fromkeys(HISTORIES, history())
    names["vehicles_history"] = history(accuracy=ACCURACY, val_accuracy=VAL_ACCURACY)
    raised = run({"answer": answer.cells[0]}, names)
    return Evidence.of(exercise, names, raised.get("answer"))


@pytest.mark.parametrize("answer", answers("questions"), ids=titled)
def test_an_answer_to_a_question_gets_what_it_must(answer: Answer) -> None:
    for expected in answer.expected:
        owner, sheet = rubric(expected.rubric)
        verdict = judge(sheet, handed_in(answer, owner.name))
        said = "\n".join(finding.message for finding in verdict.findings)
        own = "\n".join(answer.cells)
        assert {word for f in verdict.findings for word in printed(owner.name, f.message, own)} == set(), said
        assert expected.named_by(verdict.misconceptions), said
        assert verdict.status == STATUS.get(expected.status, expected.status), said
        assert verdict.score == expected.score, said
