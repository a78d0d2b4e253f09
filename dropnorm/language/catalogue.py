"""The languages that there are: each is a folder in ``dropnorm/translations/``, described in its ``language.toml``."""

from __future__ import annotations

import functools
import gettext
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
SOURCE = "en"  # the language that messages and notebooks are written in
DESCRIPTION = "language.toml"
CODE = re.compile(r"[a-z]{2,3}(_[A-Za-z]+)?")
TAKEN = (SOURCE, "qps")  # the latter by `dropnorm.language.pseudo`
MESSAGES, SHOWN = "messages", "shown"  # the catalogues that are read at run time: of the code, of what notebooks show


class LanguageError(Exception):
    """There is no such language, or its folder cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Language:
    """A language of the course.

    Attributes:
        code: what people type and notebooks' folders are called by: ``zh``; where there are variants, ``pt_BR``.
        name: what it calls itself: ``中文``.
        folder: where its catalogues are; None for the language of the source.
        between_sentences: what stands between two sentences.
        between_items, before_last: what stands between the items of a list, and before the last one.
        set_as_chinese: whether its wide letters are set as Chinese ones are: a space between them and Latin letters or
            digits, none beside punctuation, which is full-width.
        fonts: fonts that can write it, by matplotlib's names, the best first; none where any font can.
    """

    code: str
    name: str
    folder: Path | None = None
    between_sentences: str = " "
    between_items: str = ", "
    before_last: str = " and "
    set_as_chinese: bool = False
    fonts: tuple[str, ...] = field(default=())

    def texts(self, catalogue: str) -> gettext.NullTranslations:
        """One of its catalogues, ``messages`` or ``shown``; an empty one where it has none."""
        return _texts(self.folder, catalogue)


ENGLISH = Language(SOURCE, "English")


@functools.cache
def available(translations: Path = TRANSLATIONS) -> dict[str, Language]:
    """All languages by their code, English first. Raises LanguageError where a description cannot be read."""
    found = {SOURCE: ENGLISH}
    for path in sorted(translations.glob(f"*/{DESCRIPTION}")):
        try:
            given = tomllib.loads(path.read_text(encoding="utf-8"))
            wrong = ", ".join(_wrong(given, (*TAKEN, *found)))
        except (OSError, ValueError) as error:
            wrong = str(error)
        if wrong:
            told = f"{path} does not describe a language ({wrong}): mend it, or take the file from git anew."
            raise LanguageError(told)
        given["fonts"] = tuple(given.get("fonts", ()))
        found[given["code"]] = Language(folder=path.parent, **given)
    return found


def _wrong(given: Mapping[str, Any], taken: tuple[str, ...]) -> Iterator[str]:
    """What is wrong with a description, key by key."""
    keys = {each.name: each for each in fields(Language) if each.name != "folder"}
    yield from (f"`{name}` is missing" for name in ("code", "name") if name not in given)
    for name, value in given.items():
        if name not in keys:
            yield f"`{name}` is no key of it"
        elif name == "fonts":
            if not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
                yield "`fonts` is a list of texts"
        elif name == "set_as_chinese":
            if not isinstance(value, bool):
                yield f"`{name}` is true or false"
        elif not isinstance(value, str):
            yield f"`{name}` is a text"
        elif name == "code" and not CODE.fullmatch(value):
            yield "`code` is letters such as fr, or pt_BR for a variant"
        elif name == "code" and value in taken:
            yield f"`code` {value!r} is taken by another language"


@functools.cache
def _texts(folder: Path | None, catalogue: str) -> gettext.NullTranslations:
    path = None if folder is None else folder / f"{catalogue}.mo"
    if path is None or not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
