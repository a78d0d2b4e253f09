"""One archive for learners: what `lab` needs and nothing more; the same bytes from the same files."""

import io
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath

from dropnorm.language import _
from launcher.layout import CourseError, Layout, write_atomically

NAME = "dropnorm-course"
# What goes in is named, not what stays out: a new folder of solutions or tests must not slip through.
FILES = (
    "course.py", "Makefile", "README.md", "README.zh.md", "LICENSE", "LICENSE-TEXT", "pyproject.toml",
    "requirements.lock", "environment.yml", "nbgrader_config.py", ".gitignore",
)  # fmt: skip
FOLDERS = ("launcher", "dropnorm", "grader", "data", "notebooks", "exercises", "docs")
AUTHORS = (".po",)  # in these folders, but for who writes the course: catalogues hold the marking guides, too
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # what zip can say; a time of its own would make each archive another


def write(layout: Layout) -> str:
    """Write `dist/dropnorm-course.zip`; return its path from the course's folder.

    Raises:
        CourseError: there are no exercises to hand out.
    """
    members = sorted(set(_members(layout)))
    if not any(member.startswith("exercises/") for member in members):
        raise CourseError(_("There is nothing in exercises/ to hand out: make it by make build, and add it to git."))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for member in members:
            entry = zipfile.ZipInfo(f"{NAME}/{member}", _EARLIEST)
            entry.external_attr = 0o100644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            file.writestr(entry, (layout.root / member).read_bytes())
    path = layout.root / "dist" / f"{NAME}.zip"
    write_atomically(path, archive.getvalue())
    return path.relative_to(layout.root).as_posix()


def _members(layout: Layout) -> Iterator[str]:
    """The files that belong in, as paths from the course's folder: those that git knows, or all where git is not."""
    for name in _known_to_git(layout) or _on_disk(layout):
        path = PurePosixPath(name)
        belongs = name in FILES or (path.parts[0] in FOLDERS and path.suffix not in AUTHORS)
        if belongs and (layout.root / name).is_file():
            yield name


def _known_to_git(layout: Layout) -> list[str]:
    try:
        said = subprocess.run(["git", "ls-files", "-z"], cwd=layout.root, capture_output=True, text=True)
    except OSError:
        return []
    return [name for name in said.stdout.split("\0") if name] if said.returncode == 0 else []


def _on_disk(layout: Layout) -> Iterator[str]:
    """Every file but what the commands and JupyterLab leave behind (as `.gitignore` has it)."""
    yield from FILES
    for path in (path for folder in FOLDERS for path in (layout.root / folder).rglob("*")):
        name = path.relative_to(layout.root)
        left_behind = {"__pycache__", ".ipynb_checkpoints"} & set(name.parts) or name.parts[:2] == ("data", "cache")
        if path.is_file() and not left_behind and path.suffix not in (".tmp", ".db", ".pyc"):
            yield name.as_posix()
