"""Broken hand-ins: what comes of them here, and in stock nbgrader, as the table says. Nothing is run."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from nbgrader.converters.base import NbGraderException

from tests.test_broken_submissions import ALL, NONE, NOT_RUN, REFUSED, REPAIRED_ONES, RIGHT
from tests.tiny_course import ONE, UNIT, TinyCourse, hasty_gradebooks

from . import broken
from .case import Case

pytestmark = [pytest.mark.full, pytest.mark.skipif(sys.platform == "win32", reason="LINKS ARE THOSE OF UNIX")]
SAID = {broken.STAYS: (True, ALL, ALL), broken.ENDS: (True, ALL, None), broken.LOST: (False, ALL, ALL)}
EACH = pytest.mark.parametrize("case", broken.CASES, ids=[case.name for case in broken.CASES])


@pytest.fixture(autouse=True)
def hasty() -> Iterator[None]:
    with hasty_gradebooks():
        yield


def graded(root: Path, case: Case, stock: bool) -> tuple[bool, Any, Any]:
    """Whether nbgrader said that something failed, and the scores of who broke it and of who comes behind."""
    course = TinyCourse(root, stock, NOT_RUN)
    course.make({"ada": {ONE: RIGHT}})
    course.grade()
    course.hand_in("zoe", ONE, RIGHT)
    (REFUSED | REPAIRED_ONES)[case.name](course.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb")
    failed = True
    with contextlib.suppress(NbGraderException, KeyError):
        course.grade(force=True)
        failed = False
    scores = course.scores()
    return failed, scores["ada", ONE], scores.get(("zoe", ONE))


@EACH
def test_it_costs_nobody_else_anything(tmp_path: Path, case: Case) -> None:
    own = NONE if case.name in REFUSED else ALL
    assert graded(tmp_path / "course", case, False) == (False, own, ALL)


@EACH
def test_in_stock_nbgrader_it_is_as_the_table_says(tmp_path: Path, case: Case) -> None:
    assert graded(tmp_path / "course", case, True) == SAID[case.stock.removesuffix(" (reproduced)")]
