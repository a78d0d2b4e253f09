"""A class in which damaged notebooks lie among whole ones: whatever was done to a notebook, everybody has a score.

What becomes of a damaged notebook by itself is in `test_mutated_notebooks`; here all of nbgrader's steps and the
gradebook follow. Nothing is run.
"""

from __future__ import annotations

import json

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_mutated_notebooks import mutated, often
from tiny_course import NOT_RUN, ONE, RIGHT, UNIT, TinyCourse, hasty_gradebooks

from grader.autograde.handed_in import REFUSED
from grader.autograde.handed_out import HandedOut

ALL, NONE = (1, 2), (0, 0)
HONEST = [f"honest{number:02}" for number in range(30)]


def mutants(due: HandedOut, count: int) -> list[bytes]:
    """So many damaged notebooks, the same ones each time; a few may be alike."""
    found: list[bytes] = []

    @often(count, derandomize=True)
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        found.append(json.dumps(mutated(due, data)).encode())

    collect()
    return found


@pytest.mark.parametrize(
    "count", [pytest.param(100, marks=pytest.mark.full), pytest.param(2000, marks=pytest.mark.long)]
)
def test_no_class_is_aborted_and_no_score_lost_or_changed(tmp_path, count: int) -> None:
    course = TinyCourse(tmp_path / "course", settings=NOT_RUN)
    course.make({name: {ONE: RIGHT} for name in HONEST})
    due = HandedOut(nbformat.read(course.root / "release" / UNIT / f"{ONE}.ipynb", as_version=4), {})
    damaged = {f"mutant{number:04}": content for number, content in enumerate(mutants(due, count))}
    assert len(damaged) >= count * 0.9
    for name, content in damaged.items():
        course.hand_in(name, ONE, RIGHT)
        (course.root / "submitted" / name / UNIT / f"{ONE}.ipynb").write_bytes(content)
    with hasty_gradebooks():
        course.grade()
    scores = {name: points for (name, each), points in course.scores().items() if each == ONE}
    assert {name: scores[name] for name in HONEST} == dict.fromkeys(HONEST, ALL)
    refused = {
        name: REFUSED in nbformat.read(course.graded(name) / f"{ONE}.ipynb", as_version=4).metadata for name in damaged
    }
    assert {name: scores[name] for name in damaged} == {name: NONE if refused[name] else ALL for name in damaged}
    assert 0 < sum(refused.values()) < len(damaged) / 2
