"""What there is to translate in a clone of the course: its notebooks, messages in its code, its README, its tables."""

from __future__ import annotations

import ast
import json
from dataclasses import dataclass
from pathlib import Path

import nbformat
from babel.messages import Catalog
from babel.messages.extract import extract_from_dir
from nbformat import NotebookNode, ValidationError

from dropnorm import places
from dropnorm.language import SOURCE
from dropnorm.language.catalogue import MESSAGES, SHOWN
from dropnorm.vehicles import KINDS
from grader.languages import language_of
from grader.translated import MARK
from grader.translating import code_messages
from grader.translating.catalogues import empty
from grader.translating.notebooks import entries, page
from grader.translating.shown_texts import texts_in, texts_of, without_magics

CODE = ("dropnorm", "grader", "launcher")  # the packages whose messages are translated
README = "readme"
MERGE = ("<<<<<<< ", "=======", ">>>>>>> ")  # how lines begin that git leaves where two changes met
MEND = "mend it, or take the file from git anew."
SHORT = 80  # characters of a reason or a line that are told


class SourceError(Exception):
    """A source cannot be read; the message says which, what was seen in it, and what to do."""


@dataclass(frozen=True)
class Sources:
    """A clone of the course, and what there is in it to translate."""

    root: Path = places.ROOT

    def notebooks(self) -> dict[str, Path]:
        """The notebooks in the source's language, by the name of their catalogue.

        Raises:
            SourceError: one cannot be read, or two have one name.
        """
        found: dict[str, Path] = {}
        for path in sorted([*self.root.glob("notebooks/*.ipynb"), *self.root.glob("solutions/*/*.ipynb")]):
            if self._is_made(path):
                continue
            other = found.setdefault(f"notebooks/{path.stem}", path)
            if other != path:
                both = f"{self._named(other)} and {self._named(path)}"
                raise SourceError(f"{both} have one name, by which translations are kept: rename one of them.")
        return found

    def read(self, path: Path) -> NotebookNode:
        """A notebook, whole and with code cells that are Python. Raises SourceError."""
        notebook = self._read(path)
        for cell in notebook.cells:
            try:
                ast.parse(without_magics(cell.source) if cell.cell_type == "code" else "")
            except (SyntaxError, ValueError) as error:
                begins = cell.source.strip().split("\n")[0][:SHORT]
                raise SourceError(
                    f"{self._named(path)}: the code cell that begins with `{begins}` is no Python ({_reason(error)}): "
                    "mend it."
                ) from error
        return notebook

    def readme(self) -> NotebookNode:
        """The README, as a notebook of one cell. Raises SourceError."""
        path = self.root / "README.md"
        text = path.read_text(encoding="utf-8")
        if mark := _mark_of_a_merge(text):
            raise SourceError(f"{self._named(path)} is half merged ({mark}): {MEND}")
        return page(text)

    def templates(self) -> dict[str, Catalog]:
        """What each catalogue must translate: empty ones, by the name of the PO file without its ending.

        Raises:
            SourceError: a source cannot be read.
        """
        found = {MESSAGES: self._messages(), SHOWN: empty()}
        for name, path in self.notebooks().items():
            notebook, where = self.read(path), self._named(path)
            found[name] = empty()
            for entry in entries(notebook):
                found[name].add(entry.text, context=entry.heading or None, locations=[(f"{where}#{entry.cell}", None)])
            for cell in notebook.cells:
                for text in texts_of(cell.source) if cell.cell_type == "code" else ():
                    found[SHOWN].add(text, locations=[(f"{where}#{cell.id}", None)])
        for kind in KINDS:  # the titles of pictures
            found[SHOWN].add(kind, locations=[("dropnorm/vehicles.py", None)])
        found[README] = empty()
        for entry in entries(self.readme()):
            found[README].add(entry.text, context=entry.heading or None, locations=[("README.md", None)])
        for table in sorted(self.root.glob("data/experiments/*.csv")):
            for text in texts_in(table):
                found[SHOWN].add(text, locations=[(table.relative_to(self.root).as_posix(), None)])
        return found

    def _messages(self) -> Catalog:
        template = empty()
        for folder in CODE:
            methods = [("**.py", code_messages.extract), ("**.j2", "jinja2")]
            options = {"**.j2": {"trimmed": "true"}}
            found = extract_from_dir(self.root / folder, methods, options, keywords={"_": None, "ngettext": (1, 2)})
            try:
                messages = sorted(found, key=lambda each: (each[0], each[1]))
            except SyntaxError as error:
                named = self._named(Path(str(error.filename)))
                raise SourceError(f"{named} is no Python ({_reason(error)}): mend it.") from error
            for name, _line, message, comments, context in messages:
                template.add(message, locations=[(f"{folder}/{name}", None)], auto_comments=comments, context=context)
        return template

    def _is_made(self, path: Path) -> bool:
        try:
            return MARK in self._read(path).metadata
        except SourceError:
            if language_of(path.parent.name).code == SOURCE:
                raise
            return True  # whatever has become of it

    def _read(self, path: Path) -> NotebookNode:
        content = path.read_bytes()
        try:
            notebook = nbformat.convert(nbformat.reader.reads(content.decode()), 4)
            nbformat.validate(notebook)
        except (ValueError, ValidationError, AttributeError, KeyError, TypeError) as error:
            text = content.decode("utf-8", "replace")
            seen = _mark_of_a_merge(text) or _no_json(text) or _reason(error)
            raise SourceError(f"{self._named(path)} is no notebook that can be read ({seen}): {MEND}") from error
        return notebook

    def _named(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def _mark_of_a_merge(text: str) -> str:
    """Where git has left a mark, in words; "" where it has not. A line of equals signs alone may be a heading's."""
    lines = text.splitlines()
    if not any(line.startswith(MERGE[0]) for line in lines):
        return ""
    return next(f"line {number}: {line[:SHORT]}" for number, line in enumerate(lines, 1) if line.startswith(MERGE))


def _no_json(text: str) -> str:
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        return f"line {error.lineno}: {error.msg}"
    return ""


def _reason(error: Exception) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: {error.msg}"
    return str(error).split("\n")[0][:SHORT] or type(error).__name__
