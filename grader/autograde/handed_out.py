"""A notebook of an assignment as learners got it, whatever the course: what a submission is repaired by.

The gradebook knows every cell that counts, its text, its role and its points. It does not know their order, nor the
prose between them: that is taken from the released notebook, else from its source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.api import Gradebook, Notebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.nbgraderformat import SCHEMA_VERSION
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme
from traitlets.config import Config


class Role(Enum):
    """What a cell of an assignment is for."""

    ANSWER, TEST, READ_ONLY, PLAIN = "answer", "test", "read-only", "plain"


def told(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """What nbgrader's metadata of a cell say; nothing where they are none."""
    found = cell.get("metadata", {}).get("nbgrader")
    return found if isinstance(found, dict) else {}


def name_of(cell: Mapping[str, Any]) -> str | None:
    """The ``grade_id`` that a cell claims."""
    found = told(cell).get("grade_id")
    return found if isinstance(found, str) else None


def role_of(cell: Mapping[str, Any]) -> Role:
    """What a cell claims to be for."""
    says = told(cell)
    if says.get("solution"):
        return Role.ANSWER
    if says.get("grade"):
        return Role.TEST
    return Role.READ_ONLY if says.get("locked") or says.get("task") else Role.PLAIN


@dataclass(frozen=True, eq=False)
class HandedOut:
    """A notebook as it was handed out.

    Attributes:
        notebook: its cells, in order, each that counts with nbgrader's metadata.
        graded: by ``grade_id`` the text that the gradebook has: with hidden tests, which learners did not get.
    """

    notebook: NotebookNode
    graded: Mapping[str, str] = field(default_factory=dict)

    @property
    def cells(self) -> list[NotebookNode]:
        """All of its cells."""
        return self.notebook.cells

    @cached_property
    def roles(self) -> list[Role]:
        """What each of its cells is for."""
        return [role_of(cell) for cell in self.cells]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each cell that counts stands, by ``grade_id``."""
        named = [(name_of(cell), index) for index, cell in enumerate(self.cells)]
        return {name: index for name, index in named if name is not None and self.roles[index] is not Role.PLAIN}


def handed_out(course: CourseDirectory, config: Config, assignment: str, name: str) -> HandedOut:
    """A notebook of an assignment. Raises nbgrader's MissingEntry where the gradebook has none of that name."""
    with Gradebook(course.db_url, course.course_id) as gradebook:
        entry = gradebook.find_notebook(name, assignment)
        graded = {cell.name: cell.source or "" for cell in entry.source_cells}
        known = {cell.name: _cell(cell.name, cell.cell_type, _metadata(entry, cell)) for cell in entry.source_cells}
        for cell in known.values():
            cell.source = graded[cell.metadata.nbgrader.grade_id]
            _clear(cell, config)
    for folder in (course.release_directory, course.source_directory):
        found = _laid_out(Path(course.format_path(folder, ".", assignment)) / f"{name}.ipynb", known)
        if found is not None:
            break
    else:
        found = nbformat.v4.new_notebook(cells=list(known.values()))
    released = folder == course.release_directory
    for index, cell in enumerate(found.cells):
        own = known.get(name_of(cell) or "")
        if own is not None and own is not cell:
            kept = {key: value for key, value in cell.metadata.items() if key not in ("nbgrader", "deletable")}
            cell.metadata = NotebookNode(own.metadata | kept)
            if not released or cell.cell_type != own.cell_type:
                found.cells[index] = _cell(own.metadata.nbgrader.grade_id, own.cell_type, cell.metadata, cell.get("id"))
                found.cells[index].source = own.source
    for cell in found.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return HandedOut(found, graded)


def _laid_out(path: Path, known: Mapping[str, Any]) -> NotebookNode | None:
    """The notebook of a file, where it has the cells that the gradebook knows, each once."""
    try:
        found = nbformat.read(path, as_version=4)
        names = [name_of(cell) for cell in found.cells if role_of(cell) is not Role.PLAIN]
    except Exception:  # whatever it is, it is of no use
        return None
    return found if len(names) == len(known) and set(names) == set(known) else None


def _metadata(entry: Notebook, cell: Any) -> NotebookNode:
    """What the gradebook knows of a cell, as nbgrader's metadata say it."""
    points = {each.name: each.max_score for each in (*entry.grade_cells, *entry.task_cells)}
    task = cell.name in {each.name for each in entry.task_cells}
    says = {
        "schema_version": SCHEMA_VERSION,
        "grade_id": cell.name,
        "grade": cell.name in points and not task,
        "solution": cell.name in {each.name for each in entry.solution_cells},
        "locked": bool(cell.locked),
        "task": task,
        "checksum": cell.checksum,
        "cell_type": cell.cell_type,
    }
    if cell.name in points:
        says["points"] = points[cell.name]
    if not cell.checksum:
        del says["checksum"]
    return nbformat.from_dict({"deletable": False, "nbgrader": says} | ({"editable": False} if cell.locked else {}))


def _cell(name: str, kind: str, metadata: Mapping[str, Any], own: str | None = None) -> NotebookNode:
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}[kind]
    return make(metadata=nbformat.from_dict(metadata), id=own or re.sub(r"[^a-zA-Z0-9_-]", "-", name)[:64])


def _clear(cell: NotebookNode, config: Config) -> None:
    """Take out what nbgrader takes out for learners."""
    alone = nbformat.v4.new_notebook(cells=[cell])
    for step in (ClearHiddenTests, ClearMarkScheme):
        step(config=config, enforce_metadata=False).preprocess(alone, {})
