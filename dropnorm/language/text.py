"""Messages in the language that is spoken, and what goes with them: lists, sentences in a row, columns, line breaks."""

from __future__ import annotations

import re
import textwrap
import unicodedata
from collections.abc import Iterable

from dropnorm.language.catalogue import MESSAGES
from dropnorm.language.choice import current

WIDE = ("W", "F")  # East Asian width: two columns of a terminal
WIDE_SPACE = "\u3000"
# Where a line may end: behind a space, and beside a wide letter, but not before what closes nor behind what opens.
NO_START, NO_END = "，。、；：？！）》」』”’%", "（《「『“‘"

WIDE_LETTERS = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
# Where a space is missing or too many: between a wide letter and another one; beside wide punctuation, and between
# wide letters. Code in backticks and texts in quotes stay as they are.
SPACING = re.compile(
    rf"(?P<missing>(?<=[{WIDE_LETTERS}])(?=[A-Za-z0-9`'(\[+-])|(?<=[A-Za-z0-9`')\]%])(?=[{WIDE_LETTERS}]))"
    r"|(?P<kept>`[^`]*`|'[^']*')"
    rf"|(?<=[{WIDE_LETTERS}]) +(?=[{WIDE_LETTERS}])"
    r"|(?<=[，。、；：？！）“]) +| +(?=[，。、；：？！（”])"
)


def _(message: str) -> str:
    """A message of the code in the language that is spoken; fields stay as they are, for `str.format`."""
    return current().texts(MESSAGES).gettext(message) if message else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """The form of a message that goes with a count."""
    return current().texts(MESSAGES).ngettext(singular, plural, count)


def N_(message: str) -> str:  # noqa: N802 - gettext's own name
    """The message itself: marks what is translated later, where it is shown."""
    return message


def sentences(*parts: str) -> str:
    """Sentences one after the other; empty ones are left out."""
    return current().between_sentences.join(part for part in parts if part)


def listed(items: Iterable[str], last: str | None = None) -> str:
    """Items in words: "a", "a and b", "a, b and c". ``last`` stands before the last one in place of "and"."""
    language, items = current(), list(items)
    if len(items) < 2:
        return "".join(items)
    joint = language.before_last if last is None else last
    return f"{language.between_items.join(items[:-1])}{joint}{items[-1]}"


def spaced(text: str) -> str:
    """The text with spaces as Chinese sets them, whatever letter the values begin and end with that were filled in.

    Languages that are not set as Chinese keep theirs.
    """
    if not current().set_as_chinese:
        return text
    return SPACING.sub(lambda found: found["kept"] or ("" if found["missing"] is None else " "), text)


def width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in WIDE else 1 for c in text)


def padded(text: str, columns: int) -> str:
    """The text with spaces behind it, as wide as so many columns.

    Wide letters are followed by wide spaces: in a browser's fonts they are not two columns, and only lines with as many
    of them stay even.
    """
    missing = max(columns - width(text), 0)
    wide = missing // 2 if width(text) > len(text) else 0
    return text + WIDE_SPACE * wide + " " * (missing - 2 * wide)


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """The text in lines that are no wider than so many columns, each with an indent."""
    if width(text) == len(text):  # no wide letters
        return textwrap.wrap(text, columns, initial_indent=indent, subsequent_indent=indent)
    lines, line = [], indent
    for piece in _pieces(" ".join(text.split())):
        if line != indent and width(line + piece.rstrip()) > columns:
            lines.append(line.rstrip())
            line = indent
        line += piece.lstrip() if line == indent else piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """What is never broken: words with the space behind them, and wide letters with the punctuation that is theirs."""
    wide = "\u2e80-\u9fff\uac00-\ud7a3\uf900-\ufaff\uff00-\uffef\u3000-\u303f"
    pattern = rf"[{NO_END}]*(?:[{wide}]|[^\s{wide}{NO_END}{NO_START}]+)[{NO_START}]*\s*|\S\s*"
    return re.findall(pattern, text)
