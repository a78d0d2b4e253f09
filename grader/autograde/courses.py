"""What nbgrader's commands find where they run: a course, maybe one in which another command works, and a terminal."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.converters.base import BaseConverter, NbGraderException
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Application

from dropnorm.language.terminal import speak_on_terminal
from grader.autograde.journal import CourseInUseError, Journal


def speak_in_commands() -> None:
    """Let nbgrader's commands speak what the terminal can print.

    Not formgrader's server, which is read in a browser: it loads the course's settings, from where this is called, too.
    """
    if Application.initialized() and isinstance(Application.instance(), NbGrader):
        speak_on_terminal()


def coursedir() -> CourseDirectory:
    """The course's folders and gradebook, by the ``nbgrader_config.py`` that is in use here."""
    app = NbGrader()
    app.load_config_file()
    return CourseDirectory(config=app.config, parent=app) if app.config else CourseDirectory(root=str(Path.cwd()))


@contextlib.contextmanager
def only_command(converter: BaseConverter) -> Iterator[None]:
    """Keep other commands out of the course before stock touches anything.

    A command has the lock already (`Journal.alone`). Formgrader's server has not, and cannot wait: it would answer
    nobody until the other one ends.

    Raises:
        NbGraderException: another command works in this course.
    """
    try:
        lock = Journal(Path(converter.coursedir.root)).lock(converter.log, waits=False)
    except CourseInUseError as error:
        converter.log.error("%s", error)
        raise NbGraderException(str(error)) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def heard_by(log: logging.Logger) -> Iterator[None]:
    """Let a log of nbgrader's have what the course's own loggers say meanwhile: formgrader shows no other one."""
    ours = logging.getLogger("grader")
    added = [handler for handler in log.handlers if handler not in ours.handlers]
    for handler in added:
        ours.addHandler(handler)
    try:
        yield
    finally:
        for handler in added:
            ours.removeHandler(handler)
