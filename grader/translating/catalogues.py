"""The catalogues of a language: gettext's PO files, brought up to date with the course and compiled.

A language's folder holds ``messages.po`` (the code's messages), ``shown.po`` (texts that notebooks' code shows), and
one file for each notebook in ``notebooks/``, an entry a paragraph. Babel reads, updates, writes and compiles them.
"""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import polib
from babel.messages import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from dropnorm.language import Language

PO_WIDTH = 100
PO_LINE = re.compile(r'(?:(?:msgctxt|msgid|msgid_plural|msgstr(?:\[\d\])?) )?"(?:[^"\\]|\\["\\nrt])*"\s*')
BEGUN = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)  # of catalogues that are made anew


class CatalogueError(Exception):
    """A PO file cannot be read; the message says where, and what to do."""


def read(language: Language, name: str) -> Catalog:
    """A catalogue; an empty one where there is none yet. Raises CatalogueError."""
    path = path_of(language, name)
    if not path.exists():
        return empty(language)
    try:
        text = path.read_text(encoding="utf-8-sig")
        _well_formed(text)
        polib.pofile(text, check_for_duplicates=True)
        return read_po(io.BytesIO(text.encode()), locale=_locale(language), abort_invalid=True)
    except (PoFileError, OSError, ValueError) as error:
        raise CatalogueError(
            f"{path.name} cannot be read as a PO file ({error}): mend that line, or take the file from git anew."
        ) from error


def _well_formed(text: str) -> None:
    """Raises ValueError where a line is none of a PO file's: Babel and polib would read on, and lose what is behind."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#") and not PO_LINE.fullmatch(line):
            raise ValueError(f"line {number}: {line.strip()[:40]}")
    if 'msgid ""\nmsgstr ""\n"' not in text:
        raise ValueError("it has no header")


def path_of(language: Language, name: str) -> Path:
    """Where a catalogue is."""
    assert language.folder is not None
    return language.folder / f"{name}.po"


def updated(catalogue: Catalog, template: Catalog) -> Catalog:
    """The catalogue with the template's entries: what is new is empty or a guess marked fuzzy; what is gone is kept
    as obsolete, for the translator to look at."""
    template.creation_date = catalogue.creation_date  # a build of the same sources leaves the same file
    catalogue.update(template, no_fuzzy_matching=False, update_header_comment=False)
    return catalogue


def po(catalogue: Catalog) -> bytes:
    """The catalogue as a PO file: the same bytes from the same entries."""
    file = io.BytesIO()
    write_po(file, catalogue, width=PO_WIDTH, omit_header=False, sort_output=False, include_lineno=False)
    return file.getvalue()


def mo(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it at run time; what is fuzzy or empty is not in it."""
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def translator(catalogue: Catalog) -> Callable[[str, str], str]:
    """What looks up a notebook's paragraph by its heading and its text; what is not translated stays as it is."""

    def translated(heading: str, text: str) -> str:
        message = catalogue.get(text, context=heading or None)
        return message.string if message and message.string and not message.fuzzy else text

    return translated


def messages_of(catalogue: Catalog) -> Iterator[Message]:
    """The entries, without the header."""
    return (message for message in catalogue if message.id)


def empty(language: Language | None = None) -> Catalog:
    """A catalogue without entries; of no language, a template."""
    catalogue = Catalog(
        locale=_locale(language) if language else None,
        project="dropnorm",
        charset="utf-8",
        creation_date=BEGUN,
        revision_date=BEGUN,
        fuzzy=False,
    )
    catalogue.header_comment = "# Edit the translations (msgstr) only; `make build` brings in what is new.\n#"
    return catalogue


def _locale(language: Language) -> str:
    assert language.folder is not None
    return language.folder.name
