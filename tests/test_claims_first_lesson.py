"""The first lesson runs in silence, its figures can be read by ear, and its claims come out as measured."""

from __future__ import annotations

import pytest
from claims.run import Run, RunOfALesson, executed

from dropnorm import datasets


class TestFirstLesson(RunOfALesson):
    name = "first_lesson"
    # Once, on the data that are here; where those are the official ones, on stand-ins by the long tests.
    sources = {  # noqa: RUF012
        "stand-in": pytest.mark.long if datasets.source("red-wine") == "official" else (),
        "official": pytest.mark.full,
    }
    drawings = 20
    progress = {"s1-fit": "150/150", "s2-fit": "150/150", "s6-fit": "100/100", "s3-width-run": "18/18"}  # noqa: RUF012
    told = ("red-wine",)

    @pytest.mark.long
    def test_trained_in_chinese_it_shows_the_same_numbers(self, run: Run) -> None:
        self.check_other_language(run, executed(self.lesson().in_language("zh"), run.source))
