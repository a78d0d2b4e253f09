"""The glossary: the field's standard terms, and whether translations keep to them."""

from __future__ import annotations

import csv
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from dropnorm.language import Language, _, using
from grader.translating.protected import bare

COLUMNS = ("english", "translation", "avoid", "linked", "source")


class GlossaryError(Exception):
    """A glossary cannot be used; the message says why."""


@dataclass(frozen=True)
class Term:
    """A term: its forms in English, how it is said, what it must not be called, whether lessons link it, its source."""

    forms: tuple[str, ...]
    said: tuple[str, ...]
    avoid: tuple[str, ...]
    linked: bool
    source: str

    @property
    def english(self) -> str:
        """The term itself: the first of its forms."""
        return self.forms[0]

    @functools.cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the term in English, in the plural too."""
        forms = "|".join(map(re.escape, self.forms))
        return re.compile(rf"(?<![\w-])(?:{forms})(?:s|es)?(?![\w-])", re.IGNORECASE)


def read(path: Path) -> list[Term]:
    """The terms of a ``glossary.csv``; several forms or words in a cell stand with ``|`` between them.

    Raises:
        GlossaryError: it cannot be read, lacks a column, or has a term without a translation.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            terms = [_term(row) for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, KeyError, AttributeError) as error:
        raise GlossaryError(f"{path.name} is no glossary ({error!r}): its columns are {', '.join(COLUMNS)}.") from error
    lacking = [term.forms for term in terms if not (term.forms and term.said)]
    if lacking:
        raise GlossaryError(f"{path.name} has a term without a translation, or without English: {lacking[0]}.")
    return terms


def _term(row: dict[str, str]) -> Term:
    words = {column: tuple(filter(None, map(str.strip, row[column].split("|")))) for column in COLUMNS[:3]}
    return Term(words["english"], words["translation"], words["avoid"], row["linked"] == "yes", row["source"])


def broken(terms: list[Term], source: str, translation: str) -> Iterator[str]:
    """Where a translation says a term otherwise than the glossary, a sentence each."""
    plain, told = bare(source), bare(translation)
    for term in terms:
        for wrong in term.avoid:
            if wrong in told.replace(term.said[0], ""):
                yield f"“{term.english}” is {term.said[0]} in the glossary, not {wrong}"
        if any(said in told for said in term.said):
            continue
        if term.pattern.search(plain) and term.pattern.search(_without_longer(plain, term, terms)):
            yield f"“{term.english}” is {' or '.join(term.said)} in the glossary, and neither is in the translation"


def linked(notebook: NotebookNode, terms: list[Term], page: str) -> None:
    """Link each term of the field at its first use in a notebook's prose to ``page``; the English term is the title."""
    open_ = [term for term in terms if term.linked]
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        lines = cell.source.split("\n")
        for number, line in enumerate(lines):
            if line.startswith("#") or line.lstrip().startswith("```"):
                continue
            for term in [term for term in open_ if term.said[0] in line]:
                longer = [other.said[0] for other in terms if term.said[0] in other.said[0] and other is not term]
                made = _linked_once(lines[number], term, longer, page)
                if made != lines[number]:
                    lines[number] = made
                    open_.remove(term)
        cell.source = "\n".join(lines)


def _linked_once(line: str, term: Term, longer: list[str], page: str) -> str:
    """The line with a term's first use linked; code, formulas, longer terms and what is linked already stay."""
    parts = re.split("|".join([r"(`+[^`]*`+|\$[^$]*\$|!?\[[^\]]*\]\([^)]*\)", *map(re.escape, longer)]) + ")", line)
    for place in range(0, len(parts), 2):
        if term.said[0] in parts[place]:
            # Emphasis is drawn into the link: between a letter and "[", an asterisk is one.
            words = re.search(rf"(?<!\*)(\*{{0,2}}){re.escape(term.said[0])}\1(?!\*)", parts[place])
            words = words[0] if words else term.said[0]
            parts[place] = parts[place].replace(words, f'[{words}]({page} "{term.english}")', 1)
            break
    return "".join(parts)


def table(terms: list[Term], language: Language) -> str:
    """The glossary as a table in Markdown, with its headings in that language."""
    with using(language.code):
        head = ["English", language.name, _("Source")]
    rows = [[term.english, language.between_items.join(term.said), term.source] for term in terms]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _without_longer(text: str, term: Term, terms: list[Term]) -> str:
    """The text without longer terms that hold this one: in "learning rate" no "rate" is looked for."""
    for other in _longer(term, tuple(terms)):
        text = other.pattern.sub(" ", text)
    return text


@functools.cache
def _longer(term: Term, terms: tuple[Term, ...]) -> list[Term]:
    return [other for other in terms if other != term and any(term.pattern.search(form) for form in other.forms)]
