"""Files that a build makes in another language: each carries a mark, so that a change by hand is seen."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import nbformat
from nbformat import NotebookNode

MARK = "translated"  # in a notebook's metadata: of what it was made, in which language, and what its cells were
PAGES_MARK = re.compile(r"\n<!-- Made by `make build`; edit .*: ([0-9a-f]{16}) -->\n\Z")


def mark(notebook: NotebookNode, source: str, language: str) -> None:
    """Mark a notebook as it is now as made of ``source``."""
    notebook.metadata[MARK] = {"from": source, "language": language, "digest": digest(notebook)}


def marked_page(text: str, source: str) -> str:
    """A page in Markdown with its mark, which no reader sees."""
    return (
        f"{text.rstrip()}\n\n<!-- Made by `make build`; edit {source} instead: {_short(text.rstrip().encode())} -->\n"
    )


def changed_by_hand(path: Path) -> bool:
    """Whether a file that a build has made is otherwise than it was made, or lost its mark."""
    if path.suffix == ".md":
        text = path.read_text(encoding="utf-8")
        found = PAGES_MARK.search(text)
        return found is None or found[1] != _short(text[: found.start()].rstrip().encode())
    try:
        notebook = nbformat.read(path, as_version=4)
        return notebook.metadata.get(MARK, {}).get("digest") != digest(notebook)
    except (ValueError, AttributeError, KeyError, TypeError):  # no notebook any more
        return True


def is_made(path: Path) -> bool:
    """Whether a notebook carries the mark of a build."""
    try:
        return MARK in nbformat.read(path, as_version=4).metadata
    except (ValueError, AttributeError, KeyError, TypeError):
        return False


def digest(notebook: NotebookNode) -> str:
    """What tells whether a cell was changed: saving a notebook, with outputs or without, changes nothing of it."""
    return _short(json.dumps([[cell.cell_type, cell.source] for cell in notebook.cells]).encode())


def _short(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
