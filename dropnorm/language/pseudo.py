"""A language that nobody speaks: English with accents, 40 % longer, to see what is not translated or does not fit.

``DROPNORM_LANG=qps`` speaks it; it is not among the languages that are offered. What is a name in the catalogue of
texts that notebooks show (its translation is the text itself) stays a name here.
"""

from __future__ import annotations

import functools
import gettext
import re
from dataclasses import dataclass

from dropnorm.language.catalogue import SHOWN, Language, available

CODE = "qps"  # as the locale qps-ploc, which is reserved for this
LONGER = 0.4
ACCENTED = str.maketrans("aeiounstcdglrzAEIOUNST", "āēīōūñšŧčđġłŕžĀĒĪŌŪÑŠŦ")
KEPT = re.compile(r"`+[^`]*`+|\{[^{}]*\}|\$[^$]*\$|</?[a-zA-Z][^>]*>|\]\([^)]*\)|https?://\S+|[*_#|\s]+|%\S")


def pseudo(text: str) -> str:
    """The text with accents and longer; fields, code, formulas, links and HTML stay."""
    if not re.search(r"[^\W\d_]", KEPT.sub("", text)):
        return text
    pieces, last = [], 0
    for kept in KEPT.finditer(text):
        pieces += [text[last : kept.start()].translate(ACCENTED), kept.group()]
        last = kept.end()
    told = "".join([*pieces, text[last:].translate(ACCENTED)])
    core = told.rstrip()
    letters = len(re.sub(r"\W", "", KEPT.sub("", text)))
    return f"{core}{'~' * round(LONGER * letters)}{told[len(core) :]}"


class PseudoTexts(gettext.NullTranslations):
    """Translations by `pseudo`: of all messages, or of those that some catalogue translates."""

    def __init__(self, known: gettext.NullTranslations | None = None) -> None:
        super().__init__()
        ids = getattr(known, "_catalog", {})
        self._only = known is not None
        self._catalog = {text: pseudo(text) for text, told in ids.items() if isinstance(text, str) and told != text}

    def gettext(self, message: str) -> str:
        """The message in the pseudo-language."""
        return self._catalog.get(message, message) if self._only else pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The form that goes with a count, in the pseudo-language."""
        return pseudo(msgid1 if n == 1 else msgid2)


@dataclass(frozen=True)
class PseudoLanguage(Language):
    """The pseudo-language; its texts are made of the others'."""

    def texts(self, catalogue: str) -> gettext.NullTranslations:
        """All messages; and of the texts that notebooks show, those that are no names."""
        if catalogue != SHOWN:
            return PseudoTexts()
        return _shown()


@functools.cache
def _shown() -> PseudoTexts:
    translated = next(language for language in available().values() if language.folder)
    return PseudoTexts(translated.texts(SHOWN))


PSEUDO = PseudoLanguage(CODE, "[ŧēxŧ]", before_last=" āñđ ")
