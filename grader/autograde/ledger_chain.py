"""The lines of the record of verdicts: each holds the digest of the one before, and the head that of the last one."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from dropnorm.language import _, ngettext
from grader.autograde.noted import Noted

START, UNKNOWN = "start", "unknown"  # what the first entry follows, and one whose head was gone
STRING = rb'("(?:[^"\\]|\\.)*")'
BEGINNING = re.compile(
    rb'\{"number": (\d{1,15}), "after": "(\w+)", "assignment": %b, "student": %b, "notebook": %b, ' % ((STRING,) * 3)
)
NO_VERDICT = (KeyError, TypeError, AttributeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class Head:
    """How many entries there are, and the digest of the last one."""

    entries: int = 0
    digest: str = START


@dataclass(frozen=True)
class Entry:
    """A line of the record.

    Only its beginning is read at once: a record has many lines, and a command wants few of them.

    Attributes:
        number: which one it is.
        after: the digest of the one before.
        names: assignment, student and notebook.
        line: all of it.
    """

    number: int
    after: str
    names: tuple[str, str, str]
    line: bytes = field(repr=False)

    @classmethod
    def new(cls, before: Head, noted: Noted) -> Entry:
        """The entry that follows, as of now."""
        names = dict(zip(("assignment", "student", "notebook"), noted.names, strict=True))
        first = {"number": before.entries + 1, "after": before.digest} | names
        told = first | {"when": datetime.now(UTC).isoformat(timespec="milliseconds")} | noted.to_dict()
        return cls(first["number"], first["after"], noted.names, json.dumps(told).encode() + b"\n")

    @classmethod
    def read(cls, line: bytes) -> Entry:
        """What `new` has made. Raises ValueError for what is no entry."""
        begins = BEGINNING.match(line)
        if begins is None:
            raise ValueError("no entry")
        number, after, *names = begins.groups()
        return cls(int(number), after.decode(), tuple(map(_name, names)), line)

    @property
    def when(self) -> datetime:
        """When it was written. Raises ValueError, as `noted`."""
        try:
            return datetime.fromisoformat(json.loads(self.line)["when"])
        except NO_VERDICT as error:
            raise ValueError(f"no time: {error!r}") from error

    @property
    def noted(self) -> Noted:
        """The verdict. Raises ValueError where it is none: of another version, or edited."""
        try:
            return Noted.from_dict(json.loads(self.line))
        except NO_VERDICT as error:
            raise ValueError(f"no verdict: {error!r}") from error


@dataclass
class Chain:
    """Lines that follow one another, as far as they have been read.

    Attributes:
        head: what they must come to.
        lines: how many there are.
        last: the number and the digest of the last one.
        met: whether the head was come to.
        faults: what is not as it was written, a sentence each.
        torn: what stands behind the last whole line.
    """

    head: Head | None
    lines: int = 0
    last: Head = field(default_factory=Head)
    met: bool = False
    faults: list[str] = field(default_factory=list)
    torn: bytes = b""
    _unreadable: bool = False

    def __post_init__(self) -> None:
        self.expect(self.head)

    def expect(self, head: Head | None) -> None:
        """The lines that come must come to another head."""
        self.head, self.met = head, head == self.last

    def add(self, line: bytes) -> Entry | None:
        """One more line; None where it cannot be read."""
        self.lines += 1
        digest, expected = hashlib.sha256(line).hexdigest(), self.last.entries + 1
        try:
            entry = Entry.read(line)
        except ValueError:
            self.faults.append(_("line {line} was edited: it cannot be read").format(line=self.lines))
            entry = None
        if entry is not None:
            self._follows(entry, expected)
        self._unreadable = entry is None
        self.last = Head(entry.number if entry is not None else expected, digest)
        self.met = self.met or self.last == self.head
        return entry

    def _follows(self, entry: Entry, expected: int) -> None:
        numbers = {"line": self.lines, "entry": entry.number, "count": entry.number - expected, "above": self.lines - 1}
        if entry.number > expected:
            told = ngettext(
                "a gap at line {line}: {count} entry is missing before it",
                "a gap at line {line}: {count} entries are missing before it",
                entry.number - expected,
            )
        elif entry.number < expected:
            told = _("line {line} was put in or moved: it says that it is entry {entry}")
        elif entry.after == UNKNOWN:
            told = _("a gap at line {line}: the head was gone when it was written")
        elif entry.after == self.last.digest or self._unreadable:
            return
        elif self.lines > 1:
            told = _("line {above} was edited: line {line} follows another one")
        else:
            told = _("a gap at line {line}: line {line} follows another one")
        self.faults.append(told.format(**numbers))

    def wrong(self) -> list[str]:
        """All faults, those of the end included."""
        faults = list(self.faults)
        if self.head is None:
            if self.lines:
                faults.append(_("its head is gone or cannot be read: a cut at the end would not be noticed"))
        elif not self.met:
            lacking = self.head.entries - self.last.entries
            if lacking > 0:
                told = ngettext(
                    "a gap at the end, after line {line}: {count} entry is missing",
                    "a gap at the end, after line {line}: {count} entries are missing",
                    lacking,
                )
                faults.append(told.format(line=self.lines, count=lacking))
            elif not faults:
                told = _("line {line} was edited, or the head was: they do not agree")
                faults.append(told.format(line=self.lines))
        return faults

    def next(self) -> Head:
        """What a new entry follows."""
        if self.met:
            return self.last
        return self.head or (Head(self.last.entries, UNKNOWN) if self.lines else Head())


@lru_cache(maxsize=2**14)
def _name(text: bytes) -> str:
    return json.loads(text)
