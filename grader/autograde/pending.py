"""What stock nbgrader will ask for, found when it asks for the first notebook, so that all of it runs meanwhile.

Stock goes on notebook by notebook and remains the only writer. A copy of each notebook that is still to come is
sanitized by the converter's own steps, which only read the gradebook, and sent to the cluster. What was foreseen counts
for nothing by itself: a result is used where its job equals the one that stock asks for, and else the notebook is run
then.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import CheckCellMetadata, Execute
from nbgrader.utils import find_all_files

from grader.autograde.fork_server import THREADS
from grader.autograde.handed_in import REFUSED
from grader.autograde.notebook_run import Job
from grader.autograde.taken_along import NBGRADERS, NOTEBOOKS, read, taken_along

# Of the settings: they decide where it runs, not how.
NOT_TAKEN_ALONG = {"enabled", "kernel_manager_class", "workers", "require_sandbox"}
log = logging.getLogger(__name__)
_silent = logging.Logger(__name__, logging.CRITICAL + 1)  # stock says it all again when it comes to the notebook


@dataclass(frozen=True)
class Place:
    """A notebook that stock will ask for."""

    assignment: str
    student: str
    notebook: str
    path: str

    @property
    def names(self) -> tuple[str, str, str]:
        """Assignment, student and notebook."""
        return self.assignment, self.student, self.notebook

    @property
    def submission(self) -> tuple[str, str]:
        """Assignment and student."""
        return self.assignment, self.student


def written_to(converter: Autograde, place: Place) -> Path:
    """What stock begins to write there: the submission's folder, or the notebook alone where it was named."""
    folder = Path(converter._format_dest(place.assignment, place.student))
    return folder if converter.coursedir.notebook_id == "*" else folder / f"{place.notebook}.ipynb"


def converter_of(execute: Execute) -> Autograde | None:
    """The converter whose step this is; None where it runs by itself."""
    converter = getattr(execute.parent, "parent", None)
    return converter if isinstance(converter, Autograde) else None


def settings(execute: Execute) -> dict[str, Any]:
    """What of a step's settings differs from nbgrader's own."""
    names = set(execute.traits(config=True)) - NOT_TAKEN_ALONG
    defaults = execute.trait_defaults()
    return {name: getattr(execute, name) for name in sorted(names) if getattr(execute, name) != defaults.get(name)}


def environment() -> dict[str, str]:
    """What a kernel must find of this process's environment, wherever it runs."""
    return {name: value for name, value in os.environ.items() if name.startswith("NBGRADER_") or name in THREADS}


def job_for(execute: Execute, names: tuple[str, str, str], nb: NotebookNode, files: dict[str, bytes]) -> Job:
    """The job of running a notebook beside these files, but for nbgrader's own: a run is not told whose it is."""
    content = json.dumps(nb)  # not laid out for people: that takes ten times as long
    beside = {name: each for name, each in files.items() if name not in NBGRADERS}
    return Job(*names, content, beside, settings(execute), environment())


def beside(folder: Path) -> dict[str, bytes]:
    """What stands beside the notebooks of a folder, by relative path."""
    paths = map(Path, find_all_files(str(folder), [NOTEBOOKS])) if folder.is_dir() else ()
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def places(converter: Autograde, now: Place) -> Iterator[Place]:
    """What stock will ask for after a notebook, in its order; nothing is touched."""
    with _sanitizing(converter):
        own = converter._format_source(now.assignment, now.student)
        pattern = converter._format_source("(?P<assignment_id>.*)", "(?P<student_id>.*)", escape=True)
    rest = [path for path in converter.notebooks if Path(path).stem > now.notebook]
    yield from (Place(now.assignment, now.student, Path(path).stem, path) for path in rest)
    for folder in sorted(converter.assignments):
        found = re.match(pattern, folder)
        if found is None:
            return
        assignment, student = found["assignment_id"], found["student_id"]
        if folder > own and _will_be_graded(converter, assignment, student, folder):
            for path in sorted(converter.assignments[folder]):
                yield Place(assignment, student, Path(path).stem, path)


def foreseen(converter: Autograde, execute: Execute, place: Place) -> Job | None:
    """The job that stock will ask for at a place, as far as can be told; None where its steps refuse the notebook."""
    try:
        exporter = converter.exporter_class(parent=converter, config=converter.config)
        for step in converter.sanitize_preprocessors:
            if step is not CheckCellMetadata:  # it changes nothing; what it refuses stock will not ask for
                exporter.register_preprocessor(step)
        for each in (exporter, *exporter._preprocessors):
            each.log = _silent
        with _sanitizing(converter):
            resources = converter.init_single_notebook_resources(place.path)
            output, _ = exporter.from_filename(place.path, resources=resources)
        nb = nbformat.reads(output, as_version=4)
        return None if REFUSED in nb.metadata else job_for(execute, place.names, nb, _files(converter, place))
    except Exception as error:  # whatever it is, stock meets it when it comes there, and says so
        log.debug("%s is not run ahead: %r", place, error)
        return None


def lay(files: dict[str, bytes], folder: Path) -> None:
    """Put what a run wrote where stock would have run it; when something was submitted is not for a run to say."""
    for name, content in files.items():
        if name in NBGRADERS:
            continue
        path = folder / name
        for above in reversed(path.relative_to(folder).parents):
            if (folder / above).is_file():  # another notebook wrote a file where this one made a folder
                (folder / above).unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)  # it may be read only
        path.write_bytes(content)


@contextlib.contextmanager
def _sanitizing(converter: Autograde) -> Iterator[None]:
    """While its paths are those of the first of its two passes."""
    before, converter._sanitizing = converter._sanitizing, True
    try:
        yield
    finally:
        converter._sanitizing = before


def _will_be_graded(converter: Autograde, assignment: str, student: str, source: str) -> bool:
    """What `BaseConverter.init_destination` will decide, without what it removes; it may fail at this one then."""
    course = converter.coursedir
    if student in (course.student_id_exclude or "").split(","):
        return False
    destination = Path(converter._format_dest(assignment, student))
    if course.notebook_id == "*":
        if not destination.exists():
            return True
    elif any(not (destination / Path(path).name).exists() for path in converter.assignments[source]):
        return True
    if converter.force:
        return True
    try:
        new, old = course.get_existing_timestamp(source), course.get_existing_timestamp(str(destination))
    except (AttributeError, OSError, ValueError):  # of a time that is none: nbgrader stumbles over its own message
        return False
    return new is not None and old is not None and new > old


def _files(converter: Autograde, place: Place) -> dict[str, bytes]:
    """What will stand beside a notebook: the learner's files, under those of the assignment."""
    course = converter.coursedir
    files: dict[str, bytes] = {}
    if course.notebook_id != "*":  # then the folder is not made anew
        files |= beside(Path(converter._format_dest(place.assignment, place.student)))
    handed_in = Path(place.path).parent
    found = {name: read(handed_in, name, course) for name in taken_along(handed_in, course).files}
    files |= {name: content for name, content in found.items() if content is not None}
    source = Path(course.format_path(course.source_directory, ".", place.assignment))
    own = {str(source / name) for name in converter.exclude_overwriting.get(place.assignment, [])}
    paths = set(find_all_files(str(source), [*course.ignore, NOTEBOOKS])) - own
    return files | {Path(path).relative_to(source).as_posix(): Path(path).read_bytes() for path in sorted(paths)}
