"""`nbgrader export`, with one row for each homework and learner, in whatever languages they handed it in."""

from __future__ import annotations

import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from nbgrader.api import Assignment, Gradebook, MissingEntry, Student, SubmittedAssignment
from nbgrader.plugins import CsvExportPlugin

from dropnorm.language import _, listed
from grader.languages import homework_of
from grader.report import number


class ExportHomework(CsvExportPlugin):
    """nbgrader's own table, but that a homework in several languages is one, and the better one counts."""

    def export(self, gradebook: Gradebook) -> None:
        """Write it; the log says of whom more than one submission was there, and which one counts."""
        self.assignment = [homework_of(str(name)) for name in self.assignment]
        super().export(Homeworks(gradebook, self.log))


@dataclass(frozen=True)
class Homework:
    """What a row says of an assignment."""

    name: str
    duedate: datetime | None
    max_score: float


class Homeworks:
    """A gradebook as far as the export asks it, in which an assignment and its translations are one.

    Args:
        gradebook: nbgrader's.
        log: where it is told which one of several submissions counts.
    """

    def __init__(self, gradebook: Gradebook, log: logging.Logger) -> None:
        self._gradebook, self._log = gradebook, log
        self._languages: dict[str, list[Assignment]] = {}
        for each in gradebook.assignments:
            self._languages.setdefault(homework_of(each.name), []).append(each)
        for homework, found in self._languages.items():
            found.sort(key=lambda each: (each.name != homework, each.name))

    @property
    def assignments(self) -> list[Homework]:
        """The homeworks, in the order of the gradebook."""
        return [Homework(name, each[0].duedate, each[0].max_score) for name, each in self._languages.items()]

    @property
    def students(self) -> list[Student]:
        """All learners."""
        return self._gradebook.students

    def find_submission(self, homework: str, student: str) -> SubmittedAssignment:
        """What a learner has handed in of a homework: the better one, of equals the one in the source's language.

        Raises:
            MissingEntry: nothing.
        """
        found = []
        for each in self._languages[homework]:
            with suppress(MissingEntry):
                found.append(self._gradebook.find_submission(each.name, student))
        if not found:
            raise MissingEntry(f"No submission of {homework!r} by {student!r}")
        best = max(found, key=_score)
        if len(found) > 1:
            told = _("{learner} handed in {homework} more than once: {best} counts, not {others}.")
            others = listed(_told(each) for each in found if each is not best)
            self._log.warning(told.format(learner=student, homework=homework, best=_told(best), others=others))
            if any(each.needs_manual_grade for each in found):
                self._log.warning(_("Points by hand are still open there: another one may count then."))
        return best


def _score(submission: SubmittedAssignment) -> float:
    """As the export has it."""
    return max(0.0, submission.score - (submission.late_submission_penalty or 0.0))


def _told(submission: SubmittedAssignment) -> str:
    return _("{assignment} with {points} of {maximum} points").format(
        assignment=submission.name, points=number(_score(submission)), maximum=number(submission.max_score)
    )
