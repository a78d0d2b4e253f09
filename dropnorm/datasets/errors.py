"""The one error that the data sets raise."""

from __future__ import annotations

from dropnorm.errors import PlainError

COMMAND = "python3 course.py run -m dropnorm.datasets"  # as the README says it: it works in every shell


class DataError(PlainError):
    """A data set cannot be had; the message is one sentence: what was seen, and what to do."""
