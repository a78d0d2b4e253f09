"""The second lesson runs in silence, its figures can be read by ear, and its claims come out as measured."""

from __future__ import annotations

import pytest
from claims.run import Run, RunOfALesson


class TestSecondLesson(RunOfALesson):
    name = "second_lesson"  # where data are stand-ins, the short tests run the first lesson alone
    sources = {"stand-in": pytest.mark.long, "official": pytest.mark.full}  # noqa: RUF012
    progress = {"s3-plain-fit": "30/30", "s5-fit": "60/60", "s6-train": "4/4", "s7-search-run": "24/24"}  # noqa: RUF012
    told = ("red-wine",)

    @pytest.mark.long  # the shorter tests run the first lesson in another language
    def test_in_another_language_it_shows_the_same_numbers(self, run: Run) -> None:
        super().test_in_another_language_it_shows_the_same_numbers(run)
