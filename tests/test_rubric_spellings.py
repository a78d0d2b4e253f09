"""Equal models get equal marks: each spelling of the reference gets full points, each near miss does not."""

from __future__ import annotations

import pytest
from spellings import CONCRETE, NOT_CONCRETE, NOT_SPOTIFY, SPOTIFY

from grader.evidence import Evidence
from grader.exercises import rubric
from grader.rubric import Status, judge

RIGHT = [("spotify_structure", name, build) for name, build in SPOTIFY.items()]
RIGHT += [("concrete_structure", name, build) for name, build in CONCRETE.items()]
WRONG = [("spotify_structure", name, build) for name, build in NOT_SPOTIFY.items()]
WRONG += [("concrete_structure", name, build) for name, build in NOT_CONCRETE.items()]
# The same computation, rounded earlier: the facts tell it, the rubric lets it pass.
WRONG = [row for row in WRONG if row[1] != "half_precision"]


@pytest.mark.parametrize("name, spelling, build", RIGHT, ids=lambda value: value if isinstance(value, str) else "")
def test_a_right_model_is_accused_of_nothing(name: str, spelling: str, build) -> None:
    owner, sheet = rubric(name)
    verdict = judge(sheet, Evidence.of(owner.name, {"model": build()}))
    said = "\n".join(finding.message for finding in verdict.findings)
    assert (verdict.status, verdict.score, verdict.misconceptions) == (Status.RIGHT, sheet.maximum, ()), said


@pytest.mark.parametrize("name, spelling, build", WRONG, ids=lambda value: value if isinstance(value, str) else "")
def test_a_near_miss_is_not_called_right_and_is_told_why(name: str, spelling: str, build) -> None:
    owner, sheet = rubric(name)
    verdict = judge(sheet, Evidence.of(owner.name, {"model": build()}))
    assert verdict.status in (Status.WRONG, Status.MANUAL)
    assert verdict.score < sheet.maximum or verdict.status == Status.MANUAL
    assert any(finding.message for finding in verdict.findings)
