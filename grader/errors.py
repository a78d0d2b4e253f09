"""The one error that questions and test cells raise: a sentence for people, shown in a notebook without a traceback."""

from __future__ import annotations


class QuestionError(Exception):
    """A question or a test cell was asked for that is not there; the message says what there is."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows in the traceback's place."""
        return [str(self)]
