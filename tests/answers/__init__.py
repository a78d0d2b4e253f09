"""Reading the answers that are kept here as test data (README.md tells their form) and handing them in."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
EXPECTED = re.compile(r"^(\w+): ([\d.]+), (right|wrong|raised|not started|manual)(?:, ([\w| ]+))?$", re.MULTILINE)
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Expected:
    """What one test cell must say of an answer.

    Attributes:
        misconceptions: their names, in the order of the report.
        close: by name the one that stands in its place where a training ends on the other side of a limit.
    """

    rubric: str
    score: float
    status: str
    misconceptions: tuple[str, ...]
    close: Mapping[str, str]

    def named_by(self, found: Sequence[str]) -> bool:
        """Whether these are the misconceptions."""
        pairs = zip(found, self.misconceptions, strict=False)
        return len(found) == len(self.misconceptions) and all(
            seen in (name, self.close.get(name)) for seen, name in pairs
        )


@dataclass(frozen=True)
class Answer:
    """One answer: its title, its cells, and what each test cell must say of it."""

    file: str
    title: str
    cells: tuple[str, ...]
    expected: tuple[Expected, ...]


def answers(*files: str) -> list[Answer]:
    """The answers of these files of this folder, by their names without the ending."""
    found = []
    for file in files:
        _, *sections = re.split(r"^## ", (FOLDER / f"{file}.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
        for section in sections:
            title, _, rest = section.partition("\n")
            expected = tuple(
                Expected(rubric, float(score), status, *_names(names or ""))
                for rubric, score, status, names in EXPECTED.findall(rest)
            )
            if not expected:
                raise ValueError(f"{file}.md, '{title}': no line says what it must get.")
            found.append(Answer(file, title.strip(), tuple(BLOCK.findall(rest)), expected))
    return found


def _names(told: str) -> tuple[tuple[str, ...], dict[str, str]]:
    pairs = [each.partition("|")[::2] for each in told.split()]
    return tuple(name for name, _ in pairs), {name: other for name, other in pairs if other}


def run(cells: Mapping[str, str], names: dict[str, Any]) -> dict[str, BaseException]:
    """Run cells as a notebook would, one after the other in one namespace; the exception of each cell that raised."""
    raised = {}
    for title, cell in cells.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the older idioms warn; a notebook shows that, a test need not
            try:
                exec(compile(cell, f"<{title}>", "exec"), names)
            except (Exception, KeyboardInterrupt) as error:
                raised[title] = error
    return raised
