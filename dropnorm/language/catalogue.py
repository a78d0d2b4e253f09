"""The languages that there are: each is a folder in ``dropnorm/translations/``, described in its ``language.toml``."""

from __future__ import annotations

import functools
import gettext
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

TRANSLATIONS = Path(__file__).resolve().parent.parent / "translations"
SOURCE = "en"  # the language that messages and notebooks are written in
DESCRIPTION = "language.toml"
MESSAGES, SHOWN = "messages", "shown"  # the catalogues that are read at run time: of the code, of what notebooks show


class LanguageError(Exception):
    """There is no such language, or its folder cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Language:
    """A language of the course.

    Attributes:
        code: what people type and notebooks' folders are called by: ``zh``.
        name: what it calls itself: ``中文``.
        folder: where its catalogues are; None for the language of the source.
        between_sentences: what stands between two sentences.
        between_items, before_last: what stands between the items of a list, and before the last one.
        fonts: fonts that can write it, by matplotlib's names, the best first; none where any font can.
    """

    code: str
    name: str
    folder: Path | None = None
    between_sentences: str = " "
    between_items: str = ", "
    before_last: str = " and "
    fonts: tuple[str, ...] = field(default=())

    def texts(self, catalogue: str) -> gettext.NullTranslations:
        """One of its catalogues, ``messages`` or ``shown``; an empty one where it has none."""
        return _texts(self.folder, catalogue)


ENGLISH = Language(SOURCE, "English")


@functools.cache
def available(translations: Path = TRANSLATIONS) -> dict[str, Language]:
    """All languages by their code, English first. Raises LanguageError where a description cannot be read."""
    folders = sorted(path.parent for path in translations.glob(f"*/{DESCRIPTION}"))
    return {SOURCE: ENGLISH} | {each.code: each for each in map(_described, folders)}


def _described(folder: Path) -> Language:
    try:
        given = tomllib.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        given["fonts"] = tuple(given.get("fonts", ()))
        return Language(folder=folder, **given)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise LanguageError(f"{folder / DESCRIPTION} does not describe a language: {error}") from error


@functools.cache
def _texts(folder: Path | None, catalogue: str) -> gettext.NullTranslations:
    path = None if folder is None else folder / f"{catalogue}.mo"
    if path is None or not path.exists():
        return gettext.NullTranslations()
    with path.open("rb") as file:
        return gettext.GNUTranslations(file)
