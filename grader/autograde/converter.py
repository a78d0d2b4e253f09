"""nbgrader's converter for grading, with care for what is handed in; and the exporter that reads notebooks for it.

nbgrader calls its `Autograde` by name in two places and opens a submission's files before any of its hooks and steps:
`careful_from_now_on` puts ours there. It goes stock's way, to the same exit codes and messages; only that a notebook is
repaired, or refused with a reason, where stock gives up the submission or ends the class.
"""

from __future__ import annotations

import copy
import fnmatch
import os
import re
import stat
from collections.abc import Iterable, Iterator
from glob import glob
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps import api, autogradeapp
from nbgrader.converters import Autograde
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import common
from nbgrader.preprocessors import ClearOutput, Execute
from nbgrader.utils import is_grade, remove
from traitlets import default

from dropnorm.language import _
from grader.autograde import form, handed_in, records, renamed
from grader.autograde.ahead import finished
from grader.autograde.courses import heard_by, only_command
from grader.autograde.gradebooks import told_where_locked
from grader.autograde.handed_in import REFUSED, RefusedError
from grader.autograde.handed_out import HandedOut, handed_out
from grader.autograde.judging import scored
from grader.autograde.repair import REPAIRED, repair
from grader.autograde.scratch_execute import STOPPED
from grader.autograde.taken_along import read, taken_along
from grader.languages import in_language

TIMESTAMP = 1000  # bytes of a file that holds a time, at most


class BoundedCopies(BaseConverter):
    """How files get from a submission to where it is graded: those that are fit for it."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Copy what stands beside the notebooks."""
        source = Path(self._format_source(assignment_id, student_id))
        target = Path(self._format_dest(assignment_id, student_id))
        found = taken_along(source, self.coursedir)
        for sentence in found.left:
            self.log.warning("%s: %s", student_id, sentence)
        for name in found.files:
            content = read(source, name, self.coursedir)
            if content is not None:
                path = target / name
                path.parent.mkdir(parents=True, exist_ok=True)
                if path.exists():
                    remove(str(path))
                self.log.info("Copying %s -> %s", source / name, path)
                path.write_bytes(content)
                path.chmod(stat.S_IMODE((source / name).stat().st_mode))


class CarefulExporter(NotebookExporter):
    """Reads a notebook that was handed in, and lets nbgrader's steps see none that is broken."""

    @default("optimistic_validation")
    def _validated_once(self) -> bool:
        """After all steps, not after each: ours and nbgrader's leave a valid notebook valid."""
        return True

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **kw: Any
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """As stock does; the first of its two passes reads what was handed in, the second what the first has made."""
        converter = self.parent
        if not isinstance(converter, CarefulAutograde) or not converter._sanitizing:
            return super().from_filename(filename, resources=resources, **kw)
        resources = ResourcesDict() if resources is None else resources
        path = Path(filename)
        resources["metadata"] = ResourcesDict(name=path.stem, path=str(path.parent))
        own = resources["nbgrader"]
        keep = not any(isinstance(step, ClearOutput) and step.enabled for step in self._preprocessors)
        nb = converter.taken(path, own["assignment"], keep)
        for sentence in (*nb.metadata.get(REPAIRED, ()), *([nb.metadata[REFUSED]] if REFUSED in nb.metadata else ())):
            self.log.warning("%s, %s: %s", own["student"], own["notebook"], sentence)
        return self.from_notebook_node(nb, resources=resources, **kw)

    def _preprocess(self, nb: NotebookNode, resources: dict[str, Any]) -> tuple[NotebookNode, dict[str, Any]]:
        converter = self.parent
        if not isinstance(converter, CarefulAutograde) or converter._sanitizing or REFUSED not in nb.metadata:
            return super()._preprocess(nb, resources)
        self._preprocessors = [step for step in self._preprocessors if not isinstance(step, Execute)]
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = scored(nb.metadata[REFUSED], 0.0) if is_grade(cell) else []
        nb, resources = super()._preprocess(nb, resources)
        own = resources["nbgrader"]
        converter.give_nothing(own["assignment"], own["student"], own["notebook"])
        return nb, resources


class CarefulAutograde(Autograde, BoundedCopies):
    """nbgrader's `Autograde`; what learners can break does not break it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.exporter_class is NotebookExporter:
            self.exporter_class = CarefulExporter
        self._handed_out: dict[tuple[str, str], HandedOut] = {}
        self._other_names: dict[str, list[Path]] = {}

    def start(self) -> None:
        """As stock does.

        Raises:
            NbGraderException: another command works in this course, the gradebook stays locked, or a submission was
                given up.
        """
        self._handed_out.clear()
        self._other_names.clear()
        _bounded_timestamps(self.coursedir)
        with only_command(self), heard_by(self.log), told_where_locked(self.log):
            try:
                super().start()
            except NbGraderException as error:
                if error.__context__ is None:  # raised at the end, as a submission was given up; not from the middle
                    finished(self)
                raise
            finished(self)

    def init_notebooks(self) -> None:
        """Find the submissions, and notebooks under other names than their own."""
        folders = glob(self._format_source(self.coursedir.assignment_id, self.coursedir.student_id))  # noqa: PTH207
        found = dict(self._under_other_names(folders))
        self.assignments = {}
        if not found or any(self._stock_finds(folder) for folder in folders):
            super().init_notebooks()
        for folder, paths in found.items():
            others = {str(other) for path in paths for other in self._other_names[path]}
            self.assignments[folder] = [*(set(self.assignments.get(folder, ())) - others), *paths]

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """As stock does, and see to it that what is not there gets nothing."""
        self.notebooks = [path for path in self.notebooks if _has_a_name(path)]
        if not self.notebooks:
            told = _("There is no notebook in the submission of {student}: it gets 0 points.")
            self.log.warning("%s", told.format(student=student_id))
            self.give_nothing(assignment_id, student_id)
            return
        try:
            super().init_assignment(assignment_id, student_id)
        except NbGraderException:
            self.give_nothing(assignment_id, student_id)
            raise
        for name in set(self._names(assignment_id)) - {Path(path).stem for path in self.notebooks}:
            if not Path(self._format_source(assignment_id, student_id), f"{name}.ipynb").exists():
                records.forget(assignment_id, student_id, name)

    def taken(self, path: Path, assignment: str, outputs: bool = False) -> NotebookNode:
        """The notebook to grade for one that was handed in: itself, itself repaired, or one without answers.

        What was wrong with it is told in the assignment's language.
        """
        due = self._due(assignment, path.stem)
        try:
            with in_language(assignment):
                nb, mended = self._mended(path, due, outputs)
        except RefusedError as error:
            nb = copy.deepcopy(due.notebook)
            nb.metadata[REFUSED] = str(error)
            return nb
        for key in (REPAIRED, REFUSED, STOPPED):
            nb.metadata.pop(key, None)
        if mended:
            nb.metadata[REPAIRED] = mended
        return nb

    def _mended(self, path: Path, due: HandedOut, outputs: bool) -> tuple[NotebookNode, list[str]]:
        """What was handed in, put right, and the sentences that tell of that. Raises RefusedError."""
        real, mended = path, []
        if str(path) in self._other_names:
            real, sentence = renamed.the_one(self._other_names[str(path)], path.parent, path.stem)
            mended.append(sentence)
        told, decoded = handed_in.parsed(handed_in.content(real, path.parent))
        nb, formed = form.notebook(told, outputs)
        return nb, [*mended, *decoded, *formed, *repair(nb, due)]

    def give_nothing(self, assignment: str, student: str, *notebooks: str) -> None:
        """Take back what an earlier hand-in got by machine; what a human gave stays, for that human to look at."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                found = gradebook.find_submission(assignment, student).notebooks
            except MissingEntry:
                return
            for each in found:
                if each.name in (notebooks or fnmatch.filter([each.name], self.coursedir.notebook_id)):
                    for grade in each.grades:
                        grade.auto_score = 0
                        grade.needs_manual_grade = grade.manual_score is not None
                    records.forget(assignment, student, each.name)
            gradebook.db.commit()

    def _due(self, assignment: str, name: str) -> HandedOut:
        key = assignment, name
        if key not in self._handed_out:
            self._handed_out[key] = handed_out(self.coursedir, self.config, assignment, name)
        return self._handed_out[key]

    def _names(self, assignment: str) -> list[str]:
        """The notebooks of an assignment."""
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                return [each.name for each in gradebook.find_assignment(assignment).notebooks]
            except MissingEntry:
                return []

    def _under_other_names(self, folders: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
        """By submission's folder the notebooks that are not there under their own names, and may be under others.

        None for a folder that has been graded before and has no notebook now: it is to get nothing.
        """
        pattern = self._format_source("(?P<assignment>.*)", "(?P<student>.*)", escape=True)
        names: dict[str, list[str]] = {}
        for folder in filter(os.path.isdir, folders):
            if (told := re.match(pattern, folder)) is None:
                continue
            assignment, paths = told["assignment"], []
            if assignment not in names:
                names[assignment] = self._names(assignment)
            for name in fnmatch.filter(names[assignment], self.coursedir.notebook_id):
                path = f"{folder}{os.sep}{name}.ipynb"
                if not os.path.lexists(path):
                    found = renamed.candidates(Path(folder), name, names[assignment])
                    if found:
                        self._other_names[path] = found
                        paths.append(path)
            if paths or (not self._stock_finds(folder) and self._has_points(assignment, told["student"])):
                yield folder, paths

    def _stock_finds(self, folder: str) -> bool:
        return bool(fnmatch.filter(_listed(folder), f"{self.coursedir.notebook_id}.ipynb"))

    def _has_points(self, assignment: str, student: str) -> bool:
        with Gradebook(self.coursedir.db_url, self.coursedir.course_id) as gradebook:
            try:
                notebooks = gradebook.find_submission(assignment, student).notebooks
            except MissingEntry:
                return False
            return any(grade.auto_score for notebook in notebooks for grade in notebook.grades)


def careful_from_now_on() -> None:
    """nbgrader's command and its API grade by ours: neither has a setting for it.

    And a cell's metadata are held to nbgrader's schema as ever, but not that schema, each time, to its own.
    """
    api.Autograde = autogradeapp.Autograde = CarefulAutograde
    if not isinstance(common.jsonschema, SimpleNamespace):
        kinds = common.jsonschema.validators
        common.jsonschema = SimpleNamespace(validate=lambda told, by: kinds.validator_for(by)(by).validate(told))


def _bounded_timestamps(course: CourseDirectory) -> None:
    """Let a course look only into files with a time in them that are files."""

    def existing(folder: str) -> Any:
        path = Path(folder) / "timestamp.txt"
        if path.is_symlink() or (path.exists() and not (path.is_file() and os.access(path, os.R_OK))):
            course.log.warning("%s", _("{file} is no file with a time in it.").format(file=path))
            return None
        if path.exists() and path.stat().st_size > TIMESTAMP:
            course.log.warning("%s", _("{file} is too long to be a time.").format(file=path))
            return None
        return CourseDirectory.get_existing_timestamp(course, folder)

    course.get_existing_timestamp = existing


def _listed(folder: str) -> list[str]:
    try:
        return [path.name for path in Path(folder).iterdir()]
    except OSError:
        return []


def _has_a_name(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
