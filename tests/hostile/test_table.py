"""The page of attacks says what the cases say."""

from __future__ import annotations

from dropnorm import places

from .cases import CASES
from .table import PAGE, page


def test_the_page_is_that_of_the_cases() -> None:
    assert (places.ROOT / PAGE).read_text() == page(), "run python -m tests.hostile"


def test_there_are_sixty_cases_and_more_each_with_a_name_of_its_own() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert all(case.by and case.tries and case.goal.holds for case in CASES)
