"""What nbgrader's commands find where they run: the course in whose folder that is, and a terminal."""

from __future__ import annotations

from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Application

from dropnorm.language.terminal import speak_on_terminal


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
