"""Programs of the command line: the language that is spoken, where the terminal can print it, else English."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TextIO

from dropnorm.language.catalogue import ENGLISH, Language
from dropnorm.language.choice import VARIABLE, current, use

ENCODING_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")  # in this order, as POSIX has it
RAISING = ("strict", "surrogateescape")  # of a stream, where it meets a letter; the latter is Python's own in C
PLAIN = ("C", "POSIX")  # locales whose characters are ASCII
# Where the locale is one of those, Python sets LC_CTYPE to one of these (PEP 538): that says nothing of the terminal.
BY_PYTHON = ("C.UTF-8", "C.utf8", "UTF-8")


def speak_on_terminal() -> Language:
    """What a program does first: from now on, messages are in a language that stdout and stderr can print."""
    language = printable(current())
    if language is not current():
        use(language.code)
        os.environ[VARIABLE] = language.code  # the processes that this one starts say it, too
    escape_the_rest()
    return language


def printable(language: Language) -> Language:
    """The language, or English where stdout or stderr cannot print it."""
    return language if all(can_print(language, stream) for stream in (sys.stdout, sys.stderr)) else ENGLISH


def can_print(language: Language, stream: TextIO | None, environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a stream can print a language: by its own encoding, and by what the locale says of the terminal.

    The latter counts because Python writes UTF-8 in a locale that is plain C, whatever the terminal can show.
    """
    sample = language.name + language.between_items
    encodings = getattr(stream, "encoding", None), _encoding_of_locale(environment)
    return all(_has(encoding, sample) for encoding in encodings if encoding)


def escape_the_rest() -> None:
    """Let stdout write what it cannot print, such as a letter in a folder's name, as an escape: stderr does anyway."""
    for stream in (sys.stdout, sys.stderr):
        if getattr(stream, "errors", None) in RAISING and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _encoding_of_locale(environment: Mapping[str, str]) -> str | None:
    """The encoding that the locale's variables name; None where they name none, or Python was told another."""
    told = environment.get("PYTHONIOENCODING", "").partition(":")[0] or environment.get("PYTHONUTF8") == "1"
    if told or os.name == "nt":
        return None
    values = {name: environment.get(name, "") for name in ENCODING_VARIABLES}
    if values["LC_CTYPE"] in BY_PYTHON:
        values["LC_CTYPE"] = ""
    set_ = next(filter(None, values.values()), "")
    return "ascii" if set_ in PLAIN else set_.partition(".")[2].partition("@")[0] or None


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    except LookupError:  # an encoding that Python does not know
        return True
    return True
