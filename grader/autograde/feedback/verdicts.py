"""What a page says of a rubric: from the record of its verdict, as long as that is what the graded notebook says."""

from __future__ import annotations

from collections import defaultdict

from nbformat.notebooknode import NotebookNode

from dropnorm.language import N_, _, sentences, spaced
from grader.autograde.feedback.nouns import Points, Reasons, Remark, Row
from grader.autograde.feedback.pictures import picture
from grader.autograde.feedback.words import sentence
from grader.autograde.judging import nothing_handed_over, outputs
from grader.autograde.records import Record
from grader.exercises import RUBRICS, rubric
from grader.judged import Judged
from grader.misconceptions import MISCONCEPTIONS
from grader.report import standing
from grader.rubric import GATE, HUMAN, Finding, Verdict, left_to_a_human

MOST = 5  # remarks on one criterion
UNTOLD = N_(
    "This is not as it was asked. What your notebook computed is not repeated here, for some of its tests are hidden."
)


class _Blank:
    """Stands for a value of the learner's in a message of the course's."""

    def __format__(self, _: str) -> str:
        return "…"

    __str__ = __repr__ = lambda self: "…"


def reasons(cell: NotebookNode, record: Record | None, quiet: bool) -> Reasons | None:
    """The reasons behind the points of a rubric's test cell; None where no verdict is kept that fits the notebook.

    Args:
        cell: as it was graded.
        record: what is kept of the notebook.
        quiet: whether only the course's own words may be said.
    """
    name = cell.metadata["nbgrader"]["grade_id"]
    if name not in RUBRICS or record is None or record.outdated:
        return None
    found = next((each for each in record.judged if each.rubric == name), None)
    if not _says(cell, name, found, record.silent):
        return None
    why = record.silent or nothing_handed_over()
    verdict = left_to_a_human(rubric(name)[1], why) if found is None else found.verdict
    shown = None if found is None or _drawn_below(found, record) else picture(found)
    return Reasons(str(verdict.status), *_told(name, verdict, quiet), picture=shown)


def score(name: str, record: Record | None) -> float | None:
    """The points of the verdict that is kept."""
    judged = () if record is None else record.judged
    return next((each.verdict.score for each in judged if each.rubric == name), None)


def _drawn_below(judged: Judged, record: Record) -> bool:
    """Whether a later test cell rests on the same training: curves are shown once, where they are judged last."""
    rest = record.judged[record.judged.index(judged) + 1 :]
    return any(each.trainings.keys() & judged.trainings.keys() for each in rest)


def _says(cell: NotebookNode, name: str, found: Judged | None, silent: str) -> bool:
    """Whether the cell says what the verdict says: else another run, or another version, has filled it in."""
    said, due = cell.get("outputs", ()), outputs(name, found, silent)
    return [each.get("text") for each in said] == [each.get("text") for each in due]


def _told(name: str, verdict: Verdict, quiet: bool) -> tuple[tuple[Remark, ...], tuple[Row, ...]]:
    if all(finding.criterion == GATE for finding in verdict.findings):
        return tuple(_remark(finding, quiet) for finding in verdict.findings), ()
    return (), tuple(
        _row(title, [finding for finding in verdict.findings if finding.criterion == key], quiet)
        for key, title in rubric(name)[1].titles().items()
    )


def _row(title: str, findings: list[Finding], quiet: bool) -> Row:
    points, of = sum(finding.points for finding in findings), sum(finding.of for finding in findings)
    remarks = [_remark(finding, quiet) for finding in findings if finding.message]
    rest = len(remarks) - MOST
    more = [Remark(_("And {count} more of this kind.").format(count=rest))] if rest > 0 else []
    return Row(_(title), standing(findings, points, of), Points(points, of), (*remarks[:MOST], *more))


def _remark(finding: Finding, quiet: bool) -> Remark:
    """A finding's reason and, where it is the course's own words, its next step apart."""
    known = MISCONCEPTIONS.get(finding.misconception or "")
    if quiet:
        return _without_values(finding)
    message = sentence(finding.message)
    step = "" if known is None else spaced(_(known.step))
    if step and message.endswith(step):
        return Remark(message.removesuffix(step).rstrip(), step)
    return Remark(message)


def _without_values(finding: Finding) -> Remark:
    """A finding in the course's words alone: what the learner's code made of names and values is left out."""
    known = MISCONCEPTIONS.get(finding.misconception or "")
    if finding.manual:
        return Remark(_(HUMAN))
    if known is None:
        return Remark(_(UNTOLD))
    seen, why, step = (_(each).format_map(defaultdict(_Blank)) for each in (known.seen, known.why, known.step))
    said = spaced(sentences(seen, why))
    return Remark(said[:1].upper() + said[1:], step)
