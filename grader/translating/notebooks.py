"""A notebook in another language: the same cells, with prose and comments from the catalogue."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell, new_notebook

from grader.translating.paragraphs import Piece, comments, markdown, translate_code

SETUP = 'quiet.start(language="{}")'  # the one call in which the code of two languages may differ

Told = Callable[[str, str], str]  # what a paragraph becomes, given its heading (in the source's language) and its text


@dataclass(frozen=True)
class Entry:
    """One paragraph: its text, the heading that it stands under, and its cell's id."""

    text: str
    heading: str
    cell: str


def entries(notebook: NotebookNode) -> Iterator[Entry]:
    """The paragraphs of a notebook, in their order."""
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            yield from (Entry(comment.text, heading, cell.id) for comment in comments(cell.source))
            continue
        for piece in markdown(cell.source):
            if piece.before.startswith("#") and piece.text:
                heading = piece.text
            if piece.text:
                yield Entry(piece.text, heading, cell.id)


def page(source: str) -> NotebookNode:
    """A page in Markdown, such as the README, as a notebook of one cell."""
    return new_notebook(cells=[new_markdown_cell(source, id="page")])


def translate(notebook: NotebookNode, told: Told, language: str) -> NotebookNode:
    """The notebook in another language, its setup cell with that language's code; the source stays as it is."""
    return _rewritten(notebook, told, language, lambda piece, text: piece.before + text + piece.behind)


def beside(notebook: NotebookNode, told: Told, language: str) -> NotebookNode:
    """The notebook in both languages: each translated paragraph below its source's; comments stay in the source's."""
    made = _rewritten(notebook, told, language, _below)
    for cell, source in zip(made.cells, notebook.cells, strict=True):
        if cell.cell_type == "code":
            cell.source = _with_language(source.source, language)
    return made


def _rewritten(notebook: NotebookNode, told: Told, language: str, written: Callable[[Piece, str], str]) -> NotebookNode:
    made, heading = copy.deepcopy(notebook), ""
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.source = _with_language(translate_code(cell.source, functools.partial(told, heading)), language)
            continue
        lines = []
        for piece in markdown(cell.source):
            if piece.before.startswith("#") and piece.text:
                heading = piece.text
            lines.append(written(piece, told(heading, piece.text)) if piece.text else piece.before)
        cell.source = "\n".join(lines)
    return made


def _below(piece: Piece, text: str) -> str:
    """A paragraph and, below it, its translation, framed as it is."""
    source = piece.before + piece.text + piece.behind
    if text == piece.text:
        return source
    if piece.before.startswith("#"):
        return f"{source}\n\n**{text}**"
    if piece.before.startswith("|"):  # within its cells: a row of its own would part a table's head from its rule
        cells = zip(piece.text.split(" | "), text.split(" | "), strict=False)
        both = " | ".join(cell if cell == told else f"{cell}<br>{told}" for cell, told in cells)
        return piece.before + both + piece.behind
    return f"{source}\n\n{' ' * len(piece.before)}{text}"


def _with_language(source: str, language: str) -> str:
    return source.replace(SETUP.format("en"), SETUP.format(language))
