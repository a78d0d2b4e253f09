"""What was taken out of an assignment before learners got it: hidden tests, marking guides, solutions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, ClearSolutions


@dataclass(frozen=True)
class Marks:
    """The words between which something stands that learners do not get; nbgrader's, as they are set here."""

    tests: tuple[str, str]
    others: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, parent: Any) -> Marks:
        """Those that the step of that parent would find in its settings."""
        tests, scheme, solution = (step(parent=parent) for step in (ClearHiddenTests, ClearMarkScheme, ClearSolutions))
        return cls(
            (tests.begin_test_delimeter, tests.end_test_delimeter),
            (
                (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
                (solution.begin_solution_delimeter, solution.end_solution_delimeter),
            ),
        )

    def released(self, source: str) -> list[str | None]:
        """The lines of a cell as learners got it, None for each that they did not; what is not closed is hidden."""
        lines: list[str | None] = []
        closed_by = None
        for line in source.split("\n"):
            opened = next((end for begin, end in (self.tests, *self.others) if begin in line), None)
            inside = closed_by is not None or opened is not None or any(end in line for _, end in self._all)
            lines.append(None if inside else line)
            if closed_by is None:
                closed_by = opened
            elif closed_by in line:
                closed_by = None
        return lines

    def text(self, source: str) -> str:
        """A cell as learners got it."""
        return "\n".join(line for line in self.released(source) if line is not None)

    def hides_tests(self, cells: Iterable[NotebookNode], folder: Path) -> bool:
        """Whether tests are hidden in these cells, or in a notebook of the folder.

        A file that one notebook wrote is there when the next one runs, so what one has seen the others may know.
        """
        begin = self.tests[0]
        if any(begin in cell.source for cell in cells):
            return True
        return any(begin in path.read_text(encoding="utf-8", errors="replace") for path in folder.glob("*.ipynb"))

    @property
    def _all(self) -> tuple[tuple[str, str], ...]:
        return (self.tests, *self.others)
