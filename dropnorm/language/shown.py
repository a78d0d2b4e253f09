"""Texts that a notebook's own code shows, in the language that is spoken.

The code is the same in all languages: a title is written in English there, in plain Matplotlib or pandas. It is
looked up where it is shown, in the catalogue ``shown``: as it stands, or by a template in whose fields other texts may
stand.
"""

from __future__ import annotations

import functools
import gettext
import re
from dataclasses import dataclass

from dropnorm.language.catalogue import SHOWN
from dropnorm.language.choice import current
from dropnorm.language.text import padded, width

FIELD = re.compile(r"\{\d*\}")
NUMBER = re.compile(r"[-+]?[\d.,]+(?:e[-+]?\d+)?\s?%?")
LONGEST = (
    500  # characters: no text of a notebook is longer, and what a learner prints by the page is not looked through
)
TELLING = 8  # letters of a template's own: with fewer ("{} apart") it fits sentences of anybody's


def shown(text: str, aligned: bool = False) -> str:
    """A text as people see it: translated where it is known, else as it is; of several lines or items, each by itself.

    ``aligned``: in printed columns, what stands in a template's field stays as wide as it was.
    """
    texts = current().texts(SHOWN)
    if type(texts) is gettext.NullTranslations or not text.strip() or len(text) > LONGEST:
        return text
    inner = text.strip()
    if inner != text:
        return text.replace(inner, shown(inner, aligned))
    known = texts.gettext(text)
    if known != text:
        return known
    for template in _templates(texts):
        found = template.pattern.fullmatch(text) if template.words in text else None
        if found and (template.tells or all(_is_known(each.strip()) for each in found.groups())):
            return _filled(texts.gettext(template.text), [_field(each, aligned) for each in found.groups()])
    for separator, joint in (("\n", "\n"), (", ", current().between_items)):
        parts = text.split(separator)
        if len(parts) > 1 and (separator == "\n" or all(map(_is_known, parts))):
            return joint.join(shown(part, aligned) for part in parts)
    return text


def _field(text: str, aligned: bool) -> str:
    inner = text.strip()
    told = shown(inner)
    if told == inner:
        return text
    named = current().texts(SHOWN).gettext(inner) != inner  # not a text with fields, which is in no column
    columns = width(text) if text != inner or (aligned and named) else 0
    if text.startswith(" "):
        return " " * (columns - width(told)) + told
    return padded(told, columns)


def _filled(template: str, fields: list[str]) -> str:
    in_order = iter(fields)
    return FIELD.sub(lambda found: fields[int(found[0][1:-1])] if found[0] != "{}" else next(in_order), template)


def _is_known(text: str) -> bool:
    """Whether a text is a number or one of the catalogue's, a name in code among them: not a learner's own words."""
    return bool(NUMBER.fullmatch(text)) or text in getattr(current().texts(SHOWN), "_catalog", {})


@dataclass(frozen=True)
class Template:
    """A text with fields: what finds it, its longest stretch of words, and whether its words alone tell it."""

    text: str
    pattern: re.Pattern[str]
    words: str
    tells: bool


@functools.cache
def _templates(texts: gettext.NullTranslations) -> list[Template]:
    """The texts with fields, the one with the most words of its own first."""
    known = [text for text in getattr(texts, "_catalog", {}) if isinstance(text, str) and FIELD.search(text)]
    known.sort(key=lambda text: len(FIELD.sub("", text)), reverse=True)
    return [_template(text) for text in known]


def _template(text: str) -> Template:
    words = FIELD.split(text)
    pattern = re.compile("(.*?)".join(map(re.escape, words)), re.DOTALL)
    return Template(text, pattern, max(words, key=len), sum(map(str.isalpha, "".join(words))) >= TELLING)
