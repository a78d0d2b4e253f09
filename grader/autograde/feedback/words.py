"""Texts that come from outside, made fit for a page: what they could hide is made visible, paths are taken out."""

from __future__ import annotations

import html
import re
import tempfile
import unicodedata
from functools import lru_cache
from pathlib import Path

from dropnorm.language import N_, _

COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
A_PATH, OPAQUE = N_("[a path]"), "[…]"
# From a root or a home on, over at least one folder: `train/valid` and `1/2` are no paths of a machine.
# Chinese has no space behind its punctuation, so that ends a path as well.
STOPS = "，。；：！？、）》」』”’"
PATHS = re.compile(
    rf"(?<![\w.])(?:[A-Za-z]:)?[\\/](?:[^\s\\/'\"`<>|*?{STOPS}]+[\\/]+)+[^\s'\"`<>|*?,;:)\]{STOPS}]*"
    rf"|~[\w.-]*[\\/][^\s{STOPS}]*"
)
# Words this long are no words: a digest, a key, something encoded.
OPAQUE_WORDS = re.compile(r"[A-Za-z0-9+/=_-]{33,}")
JOINERS = "\u200c\u200d"  # formatting without which some scripts and emoji are not what was written
LINES = 400


def visible(text: str) -> str:
    """The text, each character that would act on the page, or that cannot be written, shown by its number."""
    text = COLOURS.sub("", text.replace("\r\n", "\n"))
    return "".join(each if _plain(each) else f"\\u{ord(each):04x}" for each in text)


def _plain(character: str) -> bool:
    if character in JOINERS or character in "\n\t":
        return True
    return character.isprintable() or unicodedata.category(character) == "Zs"


def without_paths(text: str) -> str:
    """The text without paths of this machine, and without words that are none."""
    a_path = _(A_PATH)
    for folder in _folders():
        text = text.replace(folder, a_path)
    return OPAQUE_WORDS.sub(OPAQUE, PATHS.sub(lambda _found: a_path, text).replace(f"{a_path}/", a_path))


@lru_cache(maxsize=1)
def _folders() -> tuple[str, ...]:
    """Folders that are named with blanks in them, too; where each begins is told by no pattern."""
    known = (Path.cwd(), Path.home(), Path(tempfile.gettempdir()))
    return tuple(sorted({str(each) for each in known if len(each.parts) > 1}, key=len, reverse=True))


def sentence(text: str, size: int = 800) -> str:
    """A text of a verdict or of an error, on one line, that takes at most ``size`` bytes of the page."""
    text = " ".join(visible(without_paths(COLOURS.sub("", text[: 4 * size]))).split())
    return text if weight(text) <= size else f"{_fitting(text, size)}…"


def block(text: str, size: int) -> tuple[str, bool]:
    """A text of several lines that takes at most ``size`` bytes of the page, and whether something was cut off."""
    lines = visible(text[:size]).split("\n")
    shown = "\n".join(lines[:LINES]).rstrip()
    fitting = _fitting(shown, size)
    return fitting, len(text) > size or len(lines) > LINES or fitting != shown


def _fitting(text: str, size: int) -> str:
    while weight(text) > size:
        text = text[: len(text) * size // weight(text) - 1]
    return text


def weight(text: str) -> int:
    """How many bytes of the page a text takes."""
    return len(html.escape(text).encode())
