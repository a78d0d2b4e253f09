"""Runs that stand for several learners' notebooks: those whose code is the same to the letter are run once a command.

In memory and not on disk: the next command runs all anew that it is told to, and nothing is left when this one ends.
"""

from __future__ import annotations

import pickle

from grader.autograde.notebook_run import Ran

LIMIT = 2**27  # bytes: some thousand runs of the course's notebooks


class SharedRuns:
    """What was brought by runs that ended by themselves, by `Job.code`; the oldest go where there is no room."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._kept: dict[str, bytes] = {}
        self._room = limit

    def keep(self, code: str, ran: Ran) -> None:
        """Keep what a run has brought, if it is not larger than all of the room."""
        content = pickle.dumps(ran)
        self._room += len(self._kept.pop(code, b""))
        self._kept[code] = content
        self._room -= len(content)
        while self._room < 0:
            self._room += len(self._kept.pop(next(iter(self._kept))))

    def find(self, code: str) -> Ran | None:
        """What a run of that code has brought; None where it is not known, or not any more."""
        content = self._kept.get(code)
        return None if content is None else pickle.loads(content)

    def __contains__(self, code: str) -> bool:
        return code in self._kept
