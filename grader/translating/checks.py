"""What is wrong with a language's catalogues: missing, fuzzy, unused, damaged, or against the glossary."""

from __future__ import annotations

import re
from collections.abc import Iterator

from babel.messages import Catalog, Message

from dropnorm.language import Language
from grader.translating import glossary
from grader.translating.catalogues import CatalogueError, messages_of, read, updated
from grader.translating.protected import bare, lost
from grader.translating.sources import Sources

SAME = "same"  # a translator's mark: a name or a citation, which is the same in both languages
LETTERS = re.compile(r"[^\W\d_]{2,}")
TOLD = 60  # characters of a text that name it


def faults(language: Language, sources: Sources) -> Iterator[str]:
    """All that keeps a language from being whole, a line each, with the catalogue and the text."""
    assert language.folder is not None
    try:
        terms = glossary.read(language.folder / "glossary.csv")
    except glossary.GlossaryError as error:
        yield str(error)
        terms = []
    templates = sources.templates()
    for path in sorted(language.folder.rglob("*.po")):
        if path.relative_to(language.folder).with_suffix("").as_posix() not in templates:
            yield f"{path.name}: there is no such notebook any more; delete the file."
    for name, template in templates.items():
        try:
            catalogue = read(language, name)
        except CatalogueError as error:
            yield str(error)
            continue
        yield from (f"{name}.po: {fault}" for fault in _of_catalogue(catalogue, template, terms, language))


def _of_catalogue(
    catalogue: Catalog, template: Catalog, terms: list[glossary.Term], language: Language
) -> Iterator[str]:
    for message in messages_of(updated(catalogue, template)):
        if message.fuzzy:
            yield f"fuzzy: {_told(message)}: its source has changed; mend the translation and take off the mark."
        elif not all(_forms(message.string)):
            yield f"missing: {_told(message)}"
        else:
            yield from (f"{fault}: {_told(message)}" for fault in of_message(message, terms, language))
    yield from (f"unused: {_told(message)}" for message in catalogue.obsolete.values())


def of_message(message: Message, terms: list[glossary.Term], language: Language) -> Iterator[str]:
    """What is wrong with one translation."""
    source = _forms(message.id)[-1]
    for translation in _forms(message.string):
        if translation == source:
            if SAME not in message.flags and LETTERS.search(bare(source)):
                yield f"in English still (if that is meant, mark it `#, {SAME}`)"
        else:
            yield from lost(source, translation)
            yield from glossary.broken(terms, source, translation)
            if language.set_as_chinese:
                yield from _badly_set(translation)


WIDE = r"\u4e00-\u9fff"
CLOSE = re.compile(rf"[{WIDE}][A-Za-z0-9`$]|[A-Za-z0-9`$%][{WIDE}]")
HALF = re.compile(rf"[{WIDE}][,.;:!?](?:\s|$)|[{WIDE}]\(|\([{WIDE}]")


def _badly_set(text: str) -> Iterator[str]:
    """Where Chinese is not set as Chinese books set it: spaces beside Latin, full-width punctuation."""
    without = re.sub(r"\*+|\[|\]\([^)]*\)|\{[^{}]*\}", "", text)
    for pattern, what in ((CLOSE, "no space between Chinese and Latin"), (HALF, "half-width punctuation")):
        for match in pattern.finditer(without):
            yield f"{what} at “{without[max(match.start() - 4, 0) : match.end() + 4]}”"


def _forms(text: str | tuple[str, ...] | list[str] | None) -> tuple[str, ...]:
    return (text or "",) if isinstance(text, str | None) else tuple(text)


def _told(message: Message) -> str:
    text = " ".join(_forms(message.id)[0].split())
    return f"“{text[:TOLD]}{'…' if len(text) > TOLD else ''}”"
