"""The one error that the data sets raise."""

from __future__ import annotations

from dropnorm.errors import PlainError


class DataError(PlainError):
    """A data set cannot be had; the message is one sentence: what was seen, and what to do."""
