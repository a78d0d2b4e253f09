"""The one error that questions and test cells raise."""

from __future__ import annotations

from dropnorm.errors import PlainError


class QuestionError(PlainError):
    """A question or a test cell was asked for that is not there; the message says what there is."""
