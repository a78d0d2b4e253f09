"""The record of verdicts on disk: lines are only added, and each holds the digest of the one before.

Beside it stands the head: how many entries there are, and the digest of the last one, so that a cut at the end is
noticed as well. Whoever may write the folder can write all of it anew: only a head that was noted elsewhere tells.

An entry is on disk before the head knows of it, so after a kill the head may be behind, and never ahead. A new entry
follows the head, not whatever line stands last: what was cut or edited before stays to be seen for ever.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO

from dropnorm.files import write_atomically
from dropnorm.language import _, ngettext
from grader.autograde.journal import FOLDER, Lock
from grader.autograde.ledger_chain import Chain, Entry, Head
from grader.autograde.noted import Noted

log = logging.getLogger(__name__)


class Ledger:
    """The record of a course.

    Args:
        course: its folder.
    """

    def __init__(self, course: Path) -> None:
        self._folder = course / FOLDER
        self.path, self._head_path = self._folder / "verdicts.jsonl", self._folder / "verdicts.head"
        self._chain = Chain(None)
        self._known: tuple[Head | None, int] = None, 0  # the head and the size, as of the last reading or writing
        self._last: dict[tuple[str, str, str], Entry] = {}
        self._appending = threading.Lock()

    def head(self) -> Head | None:
        """The head; None where it is not there or cannot be read."""
        try:
            told = json.loads(self._head_path.read_bytes())
            return Head(int(told["entries"]), str(told["digest"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def read(self, visit: Callable[[Entry, str], None] = lambda entry, digest: None) -> Chain:
        """Read all lines, and check them; ``visit`` is called with each entry and its digest. Nothing is written.

        Raises:
            OSError: it is there and cannot be read.
        """
        chain = Chain(self.head())  # before the lines: those that come meanwhile are behind it
        with contextlib.suppress(FileNotFoundError), self.path.open("rb") as file:
            for entry in _entries_of(file, chain):
                visit(entry, chain.last.digest)
        return chain

    def append(self, noted: Noted) -> bool:
        """Add an entry, unless the last one on that notebook is the same verdict; whether it was added.

        Raises:
            OSError: it cannot be written; all that was there before is as it was.
        """
        with self._alone():
            self._catch_up()
            last = self._last_on(noted.names)
            if last is not None and last.identity == noted.identity:
                return False
            before, (head, size) = self._chain.next(), self._known
            if before == Head():  # from now on, a record without a head is one whose head was taken away
                self._write_head(head := before)
            entry = Entry.new(before, noted)
            with self.path.open("ab", buffering=0) as file:
                _write(file, entry.line)
            self._chain.add(entry.line)
            self._chain.expect(self._chain.last)
            self._note_last(entry, self._chain.last.digest)
            with contextlib.suppress(OSError):  # then it is behind, until the next entry
                self._write_head(head := self._chain.last)
            self._known = head, size + len(entry.line)
            return True

    def last(self, names: tuple[str, str, str]) -> Noted | None:
        """The last verdict on a notebook; None where none is known."""
        with self._alone():
            self._catch_up()
            return self._last_on(names)

    def _last_on(self, names: tuple[str, str, str]) -> Noted | None:
        with contextlib.suppress(KeyError, ValueError):
            return self._last[names].noted
        return None

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        with self._appending:
            lock = Lock(self._folder / "lock", log)  # which an autograde and a rejudge have already
            try:
                yield
            finally:
                lock.release()

    def _catch_up(self) -> None:
        """Read what others have written since, and put aside what a killed one has left."""
        head, size = self.head(), self.path.stat().st_size if self.path.exists() else 0
        if (head, size) != self._known:
            self._last.clear()
            self._chain = self.read(self._note_last)
            if self._chain.torn:
                self._put_aside()
            self._known = head, self.path.stat().st_size if self.path.exists() else 0
            if faults := self._chain.wrong():
                told = _("The record of verdicts is not whole: {faults}.")
                log.warning("%s", told.format(faults=_("; ").join(faults[:3])))

    def _note_last(self, entry: Entry, __: str) -> None:
        self._last[entry.names] = entry

    def _put_aside(self) -> None:
        torn = self._chain.torn
        aside = self._folder / f"verdicts.torn-{hashlib.sha256(torn).hexdigest()[:12]}"
        write_atomically(aside, torn)
        os.truncate(self.path, self.path.stat().st_size - len(torn))
        self._chain.torn = b""
        told = _(
            "A command was ended while it added to the record of verdicts: the {count} bytes of that entry are put "
            "aside in {file}, the entries before it are all there."
        )
        log.warning("%s", told.format(count=len(torn), file=aside))

    def _write_head(self, head: Head) -> None:
        write_atomically(self._head_path, json.dumps({"entries": head.entries, "digest": head.digest}).encode() + b"\n")


def told_head(ledger: Ledger) -> str:
    """A sentence to keep elsewhere; empty where there is no record."""
    head = ledger.head()
    if head is None:
        return ""
    told = ngettext(
        "The record of verdicts has {count} entry; its head is {digest}.",
        "The record of verdicts has {count} entries; its head is {digest}.",
        head.entries,
    )
    return told.format(count=head.entries, digest=head.digest)


@cache
def ledger_of(course: Path) -> Ledger:
    """The record of a course, which this process reads once."""
    return Ledger(course)


def _entries_of(file: BinaryIO, chain: Chain) -> Iterator[Entry]:
    for line in file:
        if not line.endswith(b"\n"):
            chain.torn = line
        elif (entry := chain.add(line)) is not None:
            yield entry


def _write(file: BinaryIO, line: bytes) -> None:
    """Write a line and see to it that it is on the disk; what of it was written is taken back where it cannot be."""
    size = os.fstat(file.fileno()).st_size
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(file.fileno())
    except OSError:
        os.ftruncate(file.fileno(), size)
        raise
