"""The second lesson runs in silence, its figures can be read by ear, and its claims come out as measured."""

from __future__ import annotations

from claims.run import RunOfALesson


class TestSecondLesson(RunOfALesson):
    name = "second_lesson"
