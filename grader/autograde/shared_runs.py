"""Runs that stand for several learners' notebooks: those whose code is the same to the letter are run once a command.

In memory and not on disk: the next command runs all anew that it is told to, and nothing is left when this one ends.
"""

from __future__ import annotations

import pickle

from grader.autograde.notebook_run import Ran

LIMIT = 2**27  # bytes in all


class SharedRuns:
    """What was brought by runs that ended by themselves, by `Job.code_digest`; the oldest go where there is no room."""

    def __init__(self, limit: int = LIMIT) -> None:
        self._kept: dict[str, bytes] = {}
        self._room = limit

    def keep(self, digest: str, ran: Ran) -> None:
        """Keep what a run has brought, if it is not larger than all of the room."""
        content = pickle.dumps(ran)
        self._room += len(self._kept.pop(digest, b""))
        self._kept[digest] = content
        self._room -= len(content)
        while self._room < 0:
            self._room += len(self._kept.pop(next(iter(self._kept))))

    def find(self, digest: str) -> Ran | None:
        """What a run of code with that digest has brought; None where it is not known, or not any more."""
        content = self._kept.get(digest)
        return None if content is None else pickle.loads(content)

    def __contains__(self, digest: str) -> bool:
        return digest in self._kept
