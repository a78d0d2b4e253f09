"""What the lessons claim, and the expressions that it is held to.

A cell that claims something has a tag ``claim-<slug>`` for each of its claims (JupyterLab shows and edits tags). A
module here, one a lesson, maps each slug to an expression over the notebook's own names that is true after a run.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from dropnorm.language.pseudo import PSEUDO, pseudo
from dropnorm.places import NOTEBOOKS, ROOT
from grader.translating.making import place
from grader.translating.notebooks import translate

pytest.register_assert_rewrite("claims.run")

TAG = re.compile(r"claim-([a-z0-9]+(?:-[a-z0-9]+)*)")
NO_CLAIM = "no-claim"
ORDINALS = {"01": "first_lesson", "02": "second_lesson"}  # how a notebook's number is written out


@dataclass(frozen=True)
class Lesson:
    """A notebook and what is known of its claims."""

    path: Path

    @property
    def name(self) -> str:
        """What its module and its tests are called: ``first_lesson``, …

        Raises:
            LookupError: its number is not in `ORDINALS`.
        """
        number = self.path.name[:2]
        if number not in ORDINALS:
            raise LookupError(f"{self.path.name} has no module of claims: name it in tests/claims, beside the others.")
        return ORDINALS[number]

    @property
    def notebook(self) -> nbformat.NotebookNode:
        """Read anew each time."""
        return nbformat.read(self.path, as_version=4)

    def in_language(self, code: str) -> nbformat.NotebookNode:
        """The notebook in another language: as it is stored, or made in the pseudo-language."""
        if code == PSEUDO.code:
            return translate(self.notebook, lambda heading, text: pseudo(text), code)
        return nbformat.read(place(self.path, code, ROOT), as_version=4)

    @property
    def cells(self) -> Sequence[nbformat.NotebookNode]:
        """All cells, in order."""
        return self.notebook.cells

    @property
    def claims(self) -> dict[str, str]:
        """Its expressions by their slugs."""
        return importlib.import_module(f"claims.{self.name}").CLAIMS

    @property
    def prepare(self) -> str:
        """Code that makes a few more names at the end of the notebook."""
        return importlib.import_module(f"claims.{self.name}").PREPARE

    def source(self, cell_id: str) -> str:
        """What stands in a cell."""
        return next(cell.source for cell in self.cells if cell.id == cell_id)


LESSONS = [Lesson(path) for path in sorted(NOTEBOOKS.glob("*.ipynb"))]


def tags(cell: nbformat.NotebookNode) -> list[str]:
    """Those of a cell, none if it has none."""
    return list(cell.metadata.get("tags", []))


def slugs(cell: nbformat.NotebookNode) -> list[str]:
    """The claims of a cell."""
    return [found[1] for tag in tags(cell) if (found := TAG.fullmatch(tag))]


def disagreements(cells: Sequence[nbformat.NotebookNode], claims: dict[str, str]) -> list[str]:
    """A sentence for each tag without an expression, each expression without a tag, and each tag that is misspelt."""
    claimed = {slug: cell.id for cell in cells for slug in slugs(cell)}
    told = [f"Cell {at} claims '{slug}'; no expression tests it." for slug, at in claimed.items() if slug not in claims]
    told += [f"'{slug}' is tested; no cell claims it." for slug in claims if slug not in claimed]
    for cell in cells:
        told += [
            f"Cell {cell.id} has the tag '{tag}'; claims are tagged 'claim-' and lower case, digits and hyphens."
            for tag in tags(cell)
            if tag.lower().startswith("claim") and not TAG.fullmatch(tag)
        ]
        if NO_CLAIM in tags(cell) and slugs(cell):
            told.append(f"Cell {cell.id} claims something and nothing: {', '.join(tags(cell))}.")
    return told
