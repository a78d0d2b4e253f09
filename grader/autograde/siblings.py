"""One homework in several languages takes one command: what is typed for ``X`` is done for ``X_zh`` as well.

That is for commands. Formgrader lists each assignment in a line of its own, and its buttons do what they stand beside.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from glob import glob

from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import autogradeapp, generateassignmentapp, generatefeedbackapp
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory

from dropnorm.language import _
from grader.autograde.converter import CarefulAutograde
from grader.languages import homework_of, in_all_languages


@contextlib.contextmanager
def named(course: CourseDirectory, assignment: str) -> Iterator[None]:
    """While the course's command is on another assignment than the one that was typed."""
    typed, course.assignment_id = course.assignment_id, assignment
    try:
        yield
    finally:
        course.assignment_id = typed


class InAllLanguages(BaseConverter):
    """A converter that takes a homework's notebooks in every language that there are any in.

    Where there are none in another language than the one that was typed, it does as without this class.
    """

    def init_notebooks(self) -> None:
        """Find the notebooks of all languages. Raises NbGraderException where there are none in any."""
        found: dict[str, list[str]] = {}
        failures: list[NbGraderException] = []
        for assignment in self.due():
            with named(self.coursedir, assignment):
                try:
                    super().init_notebooks()
                    found |= self.assignments
                except NbGraderException as failure:
                    failures.append(failure)
        if not found:
            raise failures[0]
        self.assignments = found

    def due(self) -> list[str]:
        """The assignments to look for: the one that was typed, and translations that have a folder."""
        languages = in_all_languages(self.coursedir.assignment_id)
        return [each for each in languages if self._has_folder(each)] or languages[:1]

    def _has_folder(self, assignment: str) -> bool:
        return bool(glob(self._format_source(assignment, self.coursedir.student_id)))  # noqa: PTH207 - as stock does


class AutogradeHomework(InAllLanguages, CarefulAutograde):
    """Grades what was handed in of a homework, in whatever language."""

    _unknown: Sequence[str] = ()  # what the gradebook does not know of it

    def start(self) -> None:
        """As stock does.

        Raises:
            NbGraderException: a translation could not be graded, which the others do not wait for; or the gradebook
                stays locked.
        """
        super().start()
        if self._unknown:
            raise NbGraderException(f"not in the gradebook: {self._unknown}")

    def due(self) -> list[str]:
        """As for all converters; but translations that the gradebook does not know are left out, and that is said."""
        typed = self.coursedir.assignment_id
        found = super().due()
        self._unknown = [each for each in found if each != typed and not _known(self.coursedir, each)]
        for each in self._unknown:
            told = _("{assignment} was handed in, but is not in the gradebook: run `{command}`, then this again.")
            self.log.error(told.format(assignment=each, command=f"nbgrader generate_assignment {typed}"))
        known = [each for each in found if each not in self._unknown]
        if not known:
            raise NbGraderException(f"not in the gradebook: {self._unknown}")
        for each in known:
            share_due_date(self.coursedir, each, self.log)
        return known


class GenerateHomework(InAllLanguages, GenerateAssignment):
    """Makes what learners get of a homework, in every language that it has a source in."""


class HomeworkFeedback(InAllLanguages, GenerateFeedback):
    """Writes the pages on a homework, in whatever language it was handed in."""


def share_due_date(course: CourseDirectory, assignment: str, log: logging.Logger) -> None:
    """Let a translation be due when its homework is: a date that is set once, or put off, holds in every language."""
    homework = homework_of(assignment)
    if homework == assignment:
        return
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            own, other = gradebook.find_assignment(homework), gradebook.find_assignment(assignment)
        except MissingEntry:
            return
        if own.duedate is None or other.duedate == own.duedate:
            return
        if other.duedate is not None:
            told = _("{translation} was due at another time than {homework}: it is held to that of {homework} now.")
            log.warning(told.format(homework=homework, translation=assignment))
        other.duedate = own.duedate
        gradebook.db.commit()


def one_homework_from_now_on() -> None:
    """nbgrader's commands take a homework in all languages; its API, which formgrader asks, takes one at a time."""
    autogradeapp.Autograde = AutogradeHomework
    generateassignmentapp.GenerateAssignment = GenerateHomework
    generatefeedbackapp.GenerateFeedback = HomeworkFeedback


def _known(course: CourseDirectory, assignment: str) -> bool:
    with Gradebook(course.db_url, course.course_id) as gradebook:
        try:
            return gradebook.find_assignment(assignment) is not None
        except MissingEntry:
            return False
