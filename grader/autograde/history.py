"""A learner's verdicts in the order of time, from the record of verdicts, and whether that record is whole."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from dropnorm.language import N_, _, current, ngettext, padded, width
from grader.autograde.courses import coursedir
from grader.autograde.ledger import Ledger
from grader.autograde.ledger_chain import Chain, Entry
from grader.autograde.noted import Noted, Points
from grader.languages import in_all_languages, titled
from grader.report import number

SHORT = 8  # digits of a digest
FAULTS = 5  # that are told one by one
WHAT_JUDGED = (("rubric", N_("another rubric")), ("data", N_("other data")), ("tests", N_("other test cells")))


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("student", help=_("the learner's id"))
    parser.add_argument("assignment", help=_("its name"))
    parser.add_argument("--cells", action="store_true", help=_("the points of each test cell as well"))
    parser.add_argument("--noted", metavar="DIGEST", help=_("a head that you noted: is it in the record?"))


def main(options: argparse.Namespace) -> int:
    """Tell it; returns the exit code: 1 where there is nothing to tell, or where the record is not whole."""
    ledger = Ledger(Path(coursedir().root))
    own: list[Entry] = []
    unreadable: list[Entry] = []
    students: set[str] = set()
    noted: list[int] = []
    languages = in_all_languages(options.assignment)

    def visit(entry: Entry, digest: str) -> None:
        assignment, student, __ = entry.names
        if assignment in languages:
            students.add(student)
            if student == options.student:
                (own if _readable(entry) else unreadable).append(entry)
        if options.noted and digest.startswith(options.noted.lower()):
            noted.append(entry.number)

    try:
        chain = ledger.read(visit)
    except OSError as error:
        told = _("{file} cannot be read ({reason}): see to it that you may read it.")
        print(told.format(file=ledger.path, reason=error.strerror))
        return 1
    if not chain.lines and chain.head is None and not chain.torn:
        told = _("There is no record of verdicts here: `nbgrader autograde {assignment}` begins one.")
        print(told.format(assignment=options.assignment))
        return 1
    for names in sorted({entry.names for entry in own}):
        title = titled(names[2], names[0])
        _print([title, "=" * len(title)])
        _print(table([entry for entry in own if entry.names == names], options.cells))
        print()
    if not own:
        if students:
            told = _("No verdicts on '{student}' in '{assignment}' are recorded: there are verdicts on {students}.")
        else:
            told = _("No verdicts on '{student}' in '{assignment}' are recorded: nobody's was recorded here yet.")
        names = current().between_items.join(sorted(students))
        _print([told.format(student=options.student, assignment=options.assignment, students=names)])
    for entry in unreadable:
        told = _("Entry {entry} is on this learner as well, and cannot be read: another version wrote it.")
        print(told.format(entry=entry.number))
    _print(state(chain))
    if noted:
        print(_("The digest that you noted is that of entry {entry}.").format(entry=noted[0]))
    elif options.noted:
        print(_("The digest that you noted is of no entry: the record was cut or written anew since."))
    lost = bool(options.noted) and not noted
    return 1 if chain.wrong() or lost or unreadable or not own else 0


def table(own: Sequence[Entry], cells: bool = False) -> list[str]:
    """The entries on one notebook as lines: when, by which command, what was handed in, the score, what changed."""
    rows, under = [(_("when"), _("run"), _("handed in"), _("score"), _("what changed"))], [[]]
    before: Noted | None = None
    for entry in own:
        noted = entry.noted
        known = noted.submitted[:SHORT] if noted.submitted else _("not known")
        handed_in = _("nothing") if noted.missing else known
        when = entry.when.astimezone().strftime("%Y-%m-%d %H:%M:%S")
        score = _("{points} of {of}").format(points=number(noted.score), of=number(noted.maximum))
        rows.append((when, noted.run, handed_in, score, _("; ").join(changed(before, noted)) or _("nothing")))
        under.append([f"    {name}: {_points(each)}" for name, each in noted.cells.items()] if cells else [])
        before = noted
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(padded, row, widths)).rstrip() for row in rows]
    return [line for row, below in zip(lines, under, strict=True) for line in (row, *below)]


def changed(before: Noted | None, now: Noted) -> Iterator[str]:
    """What is otherwise than in the entry before; what a rejudging changed is said even where there is none."""
    if now.refused and (before is None or before.refused != now.refused):
        yield _("refused: {sentence}").format(sentence=now.refused)
    if before is None:
        yield _("the first entry")
        yield from (f"{name} {number(was)} → {number(now.cells[name].score)}" for name, was in _before(now))
        return
    if before.refused and not now.refused:
        yield _("not refused any more")
    if (now.submitted, now.missing) != (before.submitted, before.missing):
        yield _("nothing handed in any more") if now.missing else _("another file handed in")
    for name, told in WHAT_JUDGED:
        if None not in (getattr(before, name), getattr(now, name)) and getattr(before, name) != getattr(now, name):
            yield _(told)
    if now.late != before.late:
        yield _("{points} off for being late").format(points=number(now.late))
    for name in sorted(before.cells.keys() | now.cells.keys()):
        was, now_is = before.cells.get(name), now.cells.get(name)
        if was != now_is:
            yield f"{name} {_points(was)} → {_points(now_is)}"


def state(chain: Chain) -> list[str]:
    """Whether the record is whole, and its head."""
    faults, torn = chain.wrong(), []
    if chain.torn:
        torn = [
            _(
                "Its last line is not finished: a command was ended while it wrote it, or writes it now. The next one "
                "puts it aside; the entries before it are all there."
            )
        ]
    if not faults:
        whole = ngettext(
            "The record is whole: {count} entry, the head is {digest}.",
            "The record is whole: {count} entries, the head is {digest}.",
            chain.lines,
        )
        return [whole.format(count=chain.lines, digest=chain.last.digest), *torn]
    more = ["  " + _("and {count} more").format(count=len(faults) - FAULTS)] if len(faults) > FAULTS else []
    return [_("The record is not whole:"), *(f"  {fault}" for fault in faults[:FAULTS]), *more, *torn]


def _readable(entry: Entry) -> bool:
    try:
        return bool(entry.noted and entry.when)
    except ValueError:
        return False


def _before(now: Noted) -> list[tuple[str, float]]:
    return [(name, was) for name, was in now.before.items() if name in now.cells]


def _points(points: Points | None) -> str:
    if points is None:
        return _("not there")
    told = _("{points} by hand") if points.manual is not None else "{points}"
    told = _("{points} (open)").format(points=told) if points.open else told
    return told.format(points=number(points.score))


def _print(lines: Sequence[str]) -> None:
    """Whoever edited the record may have put control characters into it: they are not for a terminal."""
    for line in lines:
        print("".join(each if each.isprintable() else "?" for each in line))
