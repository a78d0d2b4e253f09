"""Where things are in a clone of the course, and the one kind of error that its commands raise."""

import os
from dataclasses import dataclass
from pathlib import Path

from dropnorm.language.catalogue import SOURCE


class CourseError(Exception):
    """A foreseeable failure: its text is one sentence that says what was seen and what to do."""


@dataclass(frozen=True)
class Layout:
    """The folders of one clone (or one unpacked bundle) of the course.

    Attributes:
        root: the folder that holds `course.py`.
        windows: whether the environment has Windows' folders.
        notebooks: whose notebooks are opened, and meant where a name is given: a language's code, or "both".
    """

    root: Path
    windows: bool = os.name == "nt"
    notebooks: str = SOURCE

    @property
    def venv(self) -> Path:
        """The course's own environment."""
        return self.root / ".venv"

    @property
    def scripts(self) -> Path:
        """Where the environment's commands are. nbgrader starts `alembic` by its bare name, so PATH must have it."""
        return self.venv / ("Scripts" if self.windows else "bin")

    @property
    def python(self) -> Path:
        """The environment's Python."""
        return self.scripts / ("python.exe" if self.windows else "python")

    @property
    def my_course(self) -> Path:
        """The learner's working copy."""
        return self.root / "my-course"

    @property
    def sources(self) -> tuple[str, ...]:
        """The folders that `my_course` is a copy of."""
        return ("notebooks", "exercises")

    @property
    def first_lesson(self) -> str:
        """The notebook that JupyterLab opens, relative to `my_course`."""
        folder = "" if self.notebooks == SOURCE else f"{self.notebooks}/"
        return f"notebooks/{folder}01_dropout_and_batch_normalization.ipynb"

    @property
    def stamp(self) -> Path:
        """What is installed in `venv`; absent or unfinished where an installation was interrupted."""
        return self.venv / "course.json"

    @property
    def cache(self) -> Path:
        """Where data files are kept."""
        return self.root / "data" / "cache"


def environment(layout: Layout) -> dict[str, str]:
    """The variables for a program of the course's environment: as if it had been activated, nothing else changed."""
    env = dict(os.environ)
    env["VIRTUAL_ENV"] = str(layout.venv)
    env["PATH"] = os.pathsep.join([str(layout.scripts), *filter(None, [env.get("PATH")])])
    env.pop("PYTHONHOME", None)  # another Python's library
    env["PIP_USER"] = "0"  # a user's `pip --user` setting cannot work in an environment
    env["JUPYTER_PREFER_ENV_PATH"] = "1"  # the course's kernel before one of the same name in the home folder
    return env


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` to `path` so that a full disk or an interruption leaves the old file, never half a new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
