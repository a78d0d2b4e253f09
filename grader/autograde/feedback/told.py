"""The page on a graded notebook: which of its cells are spoken of, and what is said of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from nbformat.notebooknode import NotebookNode

from dropnorm.language import N_, _
from grader.autograde.feedback import results, verdicts
from grader.autograde.feedback.comments import as_html
from grader.autograde.feedback.hidden import Marks
from grader.autograde.feedback.nouns import Page, Part, Reasons, Text
from grader.autograde.feedback.points import Graded, Kept
from grader.autograde.feedback.words import block, sentence, weight
from grader.autograde.handed_in import REFUSED
from grader.autograde.records import Record
from grader.autograde.repair import REPAIRED
from grader.autograde.scratch_execute import STOPPED
from grader.report import number

ROOM = 400_000  # bytes of a page for the texts of the learner's
ONE_TEXT = 40_000
MOST = 20  # sentences of one kind
ERRORS = N_("What stopped")
RAISED = N_("errors that cells raised when they were graded")
HANDED_IN, PRINTED = N_("as it was handed in"), N_("printed while this cell was graded")
CHANGED = N_("These reasons belong to an earlier score, {old}: the gradebook says otherwise since.")
# What a cell is.
ANSWER, TASK, TEST = N_("answer"), N_("task"), N_("test")
IN_WORDS, IN_CODE = N_("answer in words"), N_("answer in code")


def page(
    nb: NotebookNode, names: Mapping[str, str], found: Kept, record: Record | None, marks: Marks, quiet: bool
) -> Page:
    """The feedback on a notebook.

    Args:
        nb: as it was graded.
        names: nbgrader's names of it.
        found: what the gradebook says.
        record: the verdicts that are kept.
        marks: what stands between the words that hide.
        quiet: whether tests are hidden, so that nothing is repeated that was computed in grading.
    """
    cells = {name: cell for cell in nb.cells if (name := _name(cell)) in found.grades or name in found.comments}
    ordered = [*cells, *(name for name in found.grades if name not in cells)]
    refused = sentence(str(nb.metadata.get(REFUSED) or ""))
    parts = [_part(name, cells.get(name), found, record, marks, quiet) for name in ordered]
    if refused:  # then what stands in the notebook is no answer, and no test was run
        parts = [replace(part, reasons=None) for part in parts]
    told = {part.name for part in parts if part.reasons is not None and part.reasons.status}
    unsaid = {name: cell for name, cell in cells.items() if name not in told}
    return Page(
        names["assignment"],
        names["notebook"],
        found.points,
        found.penalty,
        sum(grade.is_open for grade in found.grades.values()),
        refused,
        tuple(_sentences(nb.metadata.get(REPAIRED))),
        () if quiet else tuple(_sentences(nb.metadata.get(STOPPED))),
        tuple(part for part in parts if part.points is not None or part.comment),
        () if refused else tuple(_within(_texts(nb, unsaid, found, marks, quiet))),
        quiet,
    )


def _name(cell: NotebookNode) -> str | None:
    own = cell.metadata.get("nbgrader")
    name = own.get("grade_id") if isinstance(own, Mapping) else None
    return name if isinstance(name, str) else None


def _sentences(told: object) -> Iterator[str]:
    if isinstance(told, list):
        yield from (sentence(str(each)) for each in told[:MOST])


def _part(name: str, cell: NotebookNode | None, found: Kept, record: Record | None, marks: Marks, quiet: bool) -> Part:
    grade = found.grades.get(name)
    comment = as_html(found.comments.get(name, ""))
    if grade is None:
        return Part(name, _(ANSWER), None, comment=comment)
    kind = _kind(name, cell, found)
    if kind != TEST:
        return Part(name, _(kind), grade.points, grade.notes, comment=comment)
    reasons = None if cell is None else _reasons(cell, grade, record, marks, quiet)
    return Part(name, _(kind), grade.points, (*grade.notes, *_changed(name, grade, reasons, record)), reasons, comment)


def _kind(name: str, cell: NotebookNode | None, found: Kept) -> str:
    if cell is not None and cell.metadata["nbgrader"].get("task"):
        return TASK
    if name not in found.comments:
        return TEST
    return IN_WORDS if cell is not None and cell.cell_type == "markdown" else IN_CODE


def _reasons(cell: NotebookNode, grade: Graded, record: Record | None, marks: Marks, quiet: bool) -> Reasons | None:
    told = verdicts.reasons(cell, record, quiet)
    return told or results.of_tests(cell, grade.points.given >= grade.points.of, marks)


def _changed(name: str, grade: Graded, reasons: Reasons | None, record: Record | None) -> Iterator[str]:
    then = verdicts.score(name, record)
    if reasons is None or not reasons.status or then is None or grade.by_machine is None:
        return
    if abs(then - grade.by_machine) > 0.005:
        yield _(CHANGED).format(old=number(then))


def _texts(
    nb: NotebookNode, cells: Mapping[str, NotebookNode], found: Kept, marks: Marks, quiet: bool
) -> Iterator[Text]:
    """What is the learner's, in the notebook's order: first what stopped, then answers, and what test cells printed."""
    yield from _stopped(nb, found, quiet)
    for name, cell in cells.items():
        if name in found.comments and not cell.metadata["nbgrader"].get("task"):
            yield Text(name, _(HANDED_IN), marks.text(cell.source[: 2 * ONE_TEXT]))
        elif not quiet and name in found.grades and (said := results.printed(cell)):
            yield Text(name, _(PRINTED), said)


def _stopped(nb: NotebookNode, found: Kept, quiet: bool) -> Iterator[Text]:
    """The cells that raised an error, but for test cells, which are spoken of elsewhere."""
    said = (
        _("{cell}: {error}").format(cell=_name(cell) or cell.get("id") or _("a cell"), error=error)
        for cell in nb.cells
        if cell.cell_type == "code" and _name(cell) not in found.grades
        for error in results.errors(cell, quiet)
    )
    lines = list(islice(said, MOST))
    if lines:
        yield Text(_(ERRORS), _(RAISED), "\n".join(lines))


def _within(texts: Iterator[Text]) -> Iterator[Text]:
    """As much of each text as there is room for."""
    room = ROOM
    for text in texts:
        content, cut = block(text.content, min(room, ONE_TEXT))
        room -= weight(content)
        yield Text(text.name, text.what, content, cut)
