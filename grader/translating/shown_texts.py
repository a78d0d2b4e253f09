"""Texts in a notebook's code that people see: titles, labels, what is printed.

The code of all languages is the same, so these are translated where they are shown (`dropnorm.language.shown`). An
f-string is a template: each of its fields becomes ``{}``, and a text that fits it is translated with what stands there.
A single word may also be a name (``relu``, ``quality``); its translation is then the word itself.
"""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Iterator
from pathlib import Path

FIELD = re.compile(r"\{[^{}]*\}")
WORDS, NAME = re.compile(r"[A-Za-z]{2,}"), re.compile(r"[A-Za-z][A-Za-z-]{2,}")
CODE = re.compile(r"[_@\\]|[=<>]{2}|\.csv")  # in names of columns and files, and in queries


def texts_of(source: str) -> list[str]:
    """The texts in a code cell, in their order, each once."""
    return list(dict.fromkeys(text.strip() for text in _literals(ast.parse(without_magics(source))) if _is_text(text)))


def texts_in(table: Path) -> list[str]:
    """The texts in the columns of a CSV file, each once: a notebook shows them in its tables."""
    with table.open(encoding="utf-8", newline="") as file:
        found = dict.fromkeys(value for row in csv.DictReader(file) for value in row.values() if value)
    return [text for text in found if _is_text(text)]


def _literals(tree: ast.AST) -> Iterator[str]:
    parts: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts |= {id(part) for part in ast.walk(node)}
            yield "".join(part.value if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield FIELD.sub("{}", node.value)


def _is_text(text: str) -> bool:
    words = FIELD.sub("", text)
    if CODE.search(words):
        return False
    return bool(WORDS.search(words)) if len(text.split()) > 1 else bool(NAME.fullmatch(words.strip()))


def without_magics(source: str) -> str:
    """A code cell with IPython's own lines put aside, so that it is Python."""
    return "\n".join("pass" if line.lstrip().startswith(("%", "!")) else line for line in source.split("\n"))
