"""Reading a file that somebody handed in: bounded in time and memory, and either JSON or a sentence to its owner.

Nothing is believed of such a file: it may be a pipe that never ends, a link to a classmate's work, or a gigabyte of
brackets. What cannot be read is refused; what can be read in only one way is read.
"""

from __future__ import annotations

import json
import math
import os
import re
import stat
from pathlib import Path
from typing import Any

from dropnorm.language import N_, _

REFUSED = "refused"  # in a graded notebook's metadata: the sentence that says why
MOST = 2**26  # bytes of a notebook: no honest one is a tenth as large
VALUES = 4 * 10**6  # lists, objects and what is in them: each takes some hundred bytes of memory

EMPTY = N_("The file is empty: open your own copy in Jupyter, then save it and hand it in again.")
LINK = N_("This is a link to a file outside of the submission: hand in the notebook itself.")
NO_FILE = N_("This is no file that can be read (a folder, a pipe or the like): hand in the notebook itself.")
UNREADABLE = N_("The file cannot be read ({reason}): hand it in again.")
LARGE = N_(
    "The file has {size} MB, and at most {most} are read: clear the outputs (in JupyterLab: Edit, Clear Outputs of All "
    "Cells), then save it and hand it in again."
)
MUCH = N_("The file holds more than {count} values: clear the outputs, then save it and hand it in again.")
NESTED = N_("The file has brackets within brackets, deeper than any notebook: hand in one that was saved by Jupyter.")
OTHER = N_("The file is {kind} under the name of a notebook: hand in the .ipynb file itself.")
MERGE = N_(
    "Line {line} is a mark of a git merge (<<<<<<<): settle the conflict, open the file in Jupyter, then save it and "
    "hand it in again."
)
CUT = N_("The file breaks off in the middle, as if it was not saved or uploaded to its end: hand it in again.")
NO_JSON = N_(
    "Line {line} of the file is not as Jupyter writes it: open your own copy in Jupyter, then save it and hand it in "
    "again."
)
AS_UTF16 = N_("The file was saved as {encoding}, not as UTF-8; it was read nevertheless.")
CHARACTERS = N_("Some characters of the file are none in UTF-8 and were replaced.")

KINDS = {
    b"%PDF": N_("a PDF"),
    b"PK\3\4": N_("a ZIP archive or an Office document"),
    b"\x1f\x8b": N_("a compressed archive"),
    b"\x89PNG": N_("a picture"),
    b"<": N_("a web page"),
    b"{\\rtf": N_("an RTF document"),
}
_MERGE = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_STRINGS = re.compile(r'"(?:[^"\\]++|\\.)*+(?:"|\Z)', re.DOTALL)
_LONE = re.compile(r"\\u[dD][89a-fA-F]")  # maybe half of a pair, which no file can be written with
_NONBLOCKING = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)


class RefusedError(Exception):
    """A notebook cannot be graded.

    Its text is one sentence to the learner, in the language that is spoken where it is raised: what was seen, and what
    to do.
    """


def content(path: Path, folder: Path, most: int = MOST) -> bytes:
    """The bytes of a regular file; a link is followed as long as it stays in ``folder``. Raises RefusedError."""
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(folder.resolve()):
            raise RefusedError(_(LINK))
        if not stat.S_ISREG(real.lstat().st_mode):
            raise RefusedError(_(NO_FILE))
        with open(real, "rb", opener=lambda name, flags: os.open(name, flags | _NONBLOCKING)) as file:
            told = os.fstat(file.fileno())
            if not stat.S_ISREG(told.st_mode):
                raise RefusedError(_(NO_FILE))
            read = b"" if told.st_size > most else file.read(most + 1)
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        if path.is_symlink():
            raise RefusedError(_(LINK)) from error
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise RefusedError(_(UNREADABLE).format(reason=reason)) from error
    if told.st_size > most or len(read) > most:
        raise RefusedError(_(LARGE).format(size=max(told.st_size, len(read)) >> 20, most=most >> 20))
    return read


def parsed(data: bytes) -> tuple[Any, list[str]]:
    """What a file says as JSON, and what had to be mended to read it. Raises RefusedError."""
    text, mended = _text(data)
    _bounded(text)
    try:
        told = json.loads(text, strict=False, parse_constant=lambda _: None, parse_float=_finite)
        if _LONE.search(text):
            whole = json.dumps(told, ensure_ascii=False)
            written = whole.encode("utf-8", "replace").decode()
            if written != whole:
                told, mended = json.loads(written), [*mended, _(CHARACTERS)]
    except RecursionError as error:
        raise RefusedError(_(NESTED)) from error
    except ValueError as error:
        raise RefusedError(_why(error, data, text)) from error
    return told, list(dict.fromkeys(mended))


def _text(data: bytes) -> tuple[str, list[str]]:
    if not data.strip(b"\0 \t\r\n\xef\xbb\xbf\xfe\xff"):
        raise RefusedError(_(EMPTY))
    encoding, mended = json.detect_encoding(data), []
    if not encoding.startswith("utf-8"):
        mended.append(_(AS_UTF16).format(encoding=encoding.upper().removesuffix("-LE").removesuffix("-BE")))
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, "replace")
        mended = [_(CHARACTERS)]
    return text.rstrip("\0"), mended  # a disk that was full, or a crash, leaves zeros at the end


def _finite(text: str) -> float | None:
    """NaN and infinities are no JSON: whoever wrote them meant nothing that could be read."""
    number = float(text)
    return number if math.isfinite(number) else None


def _bounded(text: str) -> None:
    """Refuse what would fill the memory as soon as it is parsed."""
    if _values(text) > VALUES and _values(_STRINGS.sub("", text)) > VALUES:
        raise RefusedError(_(MUCH).format(count=f"{VALUES:,}"))


def _values(text: str) -> int:
    return sum(map(text.count, ",[{"))


def _why(error: ValueError, data: bytes, text: str) -> str:
    for begin, kind in KINDS.items():
        if data.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(begin):
            return _(OTHER).format(kind=_(kind))
    if found := _MERGE.search(text):
        return _(MERGE).format(line=text.count("\n", 0, found.start()) + 1)
    place = getattr(error, "pos", 0)
    if str(error).startswith("Unterminated string") or place >= len(text.rstrip()):
        return _(CUT)
    return _(NO_JSON).format(line=text.count("\n", 0, place) + 1)
