"""The course in whose folder a command runs, as nbgrader's own commands see it."""

from __future__ import annotations

from pathlib import Path

from nbgrader.apps import NbGrader
from nbgrader.coursedir import CourseDirectory


def coursedir() -> CourseDirectory:
    """The course's folders and gradebook, by the ``nbgrader_config.py`` that is in use here."""
    app = NbGrader()
    app.load_config_file()
    return CourseDirectory(config=app.config, parent=app) if app.config else CourseDirectory(root=str(Path.cwd()))
