"""Errors for people: one sentence that says what was seen and what to do."""

from __future__ import annotations


class PlainError(Exception):
    """An error whose message is all that its reader needs; a notebook shows it without a traceback through our code."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the traceback's place."""
        return [str(self)]
