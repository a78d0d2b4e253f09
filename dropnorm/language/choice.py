"""Which language is spoken: what the notebook says, else ``DROPNORM_LANG``, else the locale, else English."""

from __future__ import annotations

import contextlib
import locale
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar

from dropnorm.language.catalogue import ENGLISH, Language, LanguageError, available
from dropnorm.language.pseudo import PSEUDO

VARIABLE = "DROPNORM_LANG"
LOCALE_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # in this order, as POSIX has it

_here: ContextVar[Language | None] = ContextVar("language", default=None)  # within `using`
_chosen: Language | None = None  # for the process: by `use`, or at the first question


def current() -> Language:
    """The language that is spoken now."""
    global _chosen
    here = _here.get()
    if here is not None:
        return here
    if _chosen is None:
        try:
            _chosen = resolve()
        except LanguageError as error:
            print(error, file=sys.stderr)
            _chosen = ENGLISH
    return _chosen


def use(code: str | None) -> Language:
    """Speak a language from now on, in all threads. None: what `resolve` finds. Raises LanguageError: it is unknown."""
    global _chosen
    _chosen = resolve() if code is None else named(code)
    return _chosen


@contextlib.contextmanager
def using(code: str) -> Iterator[Language]:
    """Speak a language within this block, in this thread. Raises LanguageError: it is unknown."""
    language = named(code)
    token = _here.set(language)
    try:
        yield language
    finally:
        _here.reset(token)


def named(code: str) -> Language:
    """The language of a code such as ``zh``, ``zh_CN`` or ``zh-Hans``. Raises LanguageError: it is unknown."""
    known = available()
    found = _nearest(code, known | {PSEUDO.code: PSEUDO})
    if found is None:
        raise LanguageError(f"There is no language {code!r} in this course; it has {', '.join(known)}.")
    return found


def resolve(environment: Mapping[str, str] = os.environ) -> Language:
    """The language of an environment. Raises LanguageError: ``DROPNORM_LANG`` names one that is unknown."""
    asked = environment.get(VARIABLE)
    if asked:
        try:
            return named(asked)
        except LanguageError as error:
            raise LanguageError(f"{VARIABLE}: {error} The course goes on in English.") from None
    set_ = next((environment[name] for name in LOCALE_VARIABLES if environment.get(name)), None)
    if set_ is None and environment is os.environ:
        with contextlib.suppress(ValueError):  # macOS may have a locale that Python does not know
            set_ = locale.getlocale(locale.LC_CTYPE)[0]
    return _nearest(set_ or "", available()) or ENGLISH


def _nearest(code: str, known: Mapping[str, Language]) -> Language | None:
    """The language of that very code, else the most general one, else the first variant of it; None where it is none.

    So ``pt_BR.UTF-8`` is ``pt_BR`` where that is there, else ``pt``, else another one's Portuguese.
    """
    plain = re.split(r"[.@]", code.replace("-", "_").lower())[0]
    short = plain.partition("_")[0].strip()
    short = "zh" if short.startswith("chinese") else short  # Windows: ``Chinese (Simplified)_China``
    codes = {each.lower(): language for each, language in known.items()}
    variants = (language for each, language in codes.items() if short and each.startswith(f"{short}_"))
    return codes.get(plain) or codes.get(short) or next(variants, None)
