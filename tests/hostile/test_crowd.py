"""One class: all attackers at once, among honest learners. Nobody else's score changes, and nothing comes out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template

import pytest

from grader.autograde import cluster
from tests.tiny_course import ONE, TinyCourse

from .attacking import word
from .case import Case
from .cases import CASES
from .grounds import FILES, grounds

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(sys.platform != "linux", reason="The box is made of what Linux has."),
]
ATTACKERS = [case for case in CASES if case.cells and (not case.superuser or os.geteuid() == 0)]
# Each in code of their own, for what is the same to the letter is run once.
HONEST = {f"honest-{number:02}": (f"answer, share = 42, 2.0  # {number}", (1, 2)) for number in range(15)} | {
    f"honest-{number:02}": (f"answer, share = 41, 0.5  # {number}", (0, 0.5)) for number in range(15, 30)
}


@pytest.fixture(autouse=True)
def ended() -> Iterator[None]:
    yield
    cluster.close()


def answer(case: Case, names: dict[str, str]) -> str:
    """All of an attacker's cells in one.

    This course's tests have a point or two and no rubric: a result of 10 would end the attacker's own submission.
    """
    return "\n".join(Template(source).substitute(names) for source in case.cells).replace("10.0", "1.0")


@pytest.mark.parametrize(
    "attackers",
    [
        pytest.param([case for case in ATTACKERS if not case.long], id="those who are soon done"),
        pytest.param(ATTACKERS, id="all", marks=pytest.mark.long),
    ],
)
def test_all_attackers_at_once_change_nothing_for_thirty_honest_learners(tmp_path: Path, attackers: list[Case]) -> None:
    with grounds() as made:
        course = TinyCourse(tmp_path / "course")
        learners = {learner: {ONE: source} for learner, (source, _) in HONEST.items()}
        for number, case in enumerate(attackers):
            names = made.names | {"word": word(case, made)}
            learners[f"{'aiz'[number % 3]}-{case.name}"] = {ONE: answer(case, names)}  # before, among and after
        course.make(learners)
        course.grade()
        scores = course.scores()
        assert {learner: scores[learner, ONE] for learner in HONEST} == {
            name: told for name, (_, told) in HONEST.items()
        }
        assert all((learner, ONE) in scores for learner in learners)
        graded = b"".join(path.read_bytes() for path in (course.root / "autograded").rglob("*") if path.is_file())
        assert made.token.encode() not in graded and b"BEGIN SOLUTION" not in graded
        assert not [case.name for case in attackers if word(case, made) in made.heard()]
        assert all(made.read(name) == f"{made.token}\n" for name in FILES) and made.score == 0
        assert made.process_lives and word(attackers[0], made)[-8:] not in made.read("terminal")
