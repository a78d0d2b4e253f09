"""The first lesson runs in silence, its figures can be read by ear, and its claims come out as measured."""

from __future__ import annotations

from claims.run import RunOfALesson


class TestFirstLesson(RunOfALesson):
    name = "first_lesson"
    drawings = 20
    progress = {"s1-fit": "150/150", "s2-fit": "150/150", "s6-fit": "100/100", "s3-width-run": "18/18"}  # noqa: RUF012
    told = ("red-wine",)
    trains_in_chinese = True
