"""nbgrader's exchange, for a homework in several languages: released, collected and sent back by one command each.

For commands only, as `grader.autograde.siblings`; learners fetch and submit the language that they want.
"""

from __future__ import annotations

from glob import glob
from pathlib import Path

from nbgrader.apps.baseapp import NbGrader
from nbgrader.exchange.abc import Exchange
from nbgrader.exchange.default import ExchangeCollect, ExchangeReleaseAssignment, ExchangeReleaseFeedback

from grader.autograde.siblings import named, share_due_date
from grader.languages import in_all_languages


class TransferInAllLanguages(Exchange):
    """A transfer that is done for the assignment that was typed, and then for each translation with something to do."""

    def start(self) -> None:
        """As stock does; where it stops at one language, it has done the others all the same."""
        typed, failures = self.coursedir.assignment_id, []
        for assignment in in_all_languages(typed) if isinstance(self.parent, NbGrader) else [typed]:
            if assignment == typed or self.has_some(assignment):
                with named(self.coursedir, assignment):
                    try:
                        super().start()
                    except Exception as failure:  # whatever stops stock: it is raised as stock raises it
                        failures.append(failure)
        for failure in failures[1:]:
            self.log.error(str(failure))
        if failures:
            raise failures[0]

    def has_some(self, assignment: str) -> bool:
        """Whether there is something to transfer of a translation."""
        raise NotImplementedError

    def _students(self) -> str:
        return self.coursedir.student_id or "*"  # stock's pattern


class ReleaseHomework(TransferInAllLanguages, ExchangeReleaseAssignment):
    """Releases a homework in every language that there is."""

    def has_some(self, assignment: str) -> bool:
        """Whether it was generated."""
        return Path(self.coursedir.format_path(self.coursedir.release_directory, ".", assignment)).is_dir()


class CollectHomework(TransferInAllLanguages, ExchangeCollect):
    """Collects a homework in whatever language it was handed in."""

    def has_some(self, assignment: str) -> bool:
        """Whether it was submitted."""
        inbound = Path(self.root) / self.coursedir.course_id / "inbound"
        return any(inbound.glob(f"{self._students()}+{assignment}+*"))

    def init_src(self) -> None:
        """As stock does, by the due date that all languages share."""
        share_due_date(self.coursedir, self.coursedir.assignment_id, self.log)
        super().init_src()


class ReleaseHomeworkFeedback(TransferInAllLanguages, ExchangeReleaseFeedback):
    """Releases the pages on a homework, in whatever language it was handed in."""

    def has_some(self, assignment: str) -> bool:
        """Whether there is a page."""
        folder = self.coursedir.format_path(self.coursedir.feedback_directory, self._students(), assignment)
        return bool(glob(f"{folder}/*.html"))  # noqa: PTH207 - as stock does
