"""The language of what people read: chosen once for a process, looked up in gettext's catalogues.

    from dropnorm.language import N_, _, listed, ngettext, sentences

A message is written in English, between ``_("…")``, with named fields that ``format`` fills in afterwards:
``_("{layer} stands twice.").format(layer=name)``. Where no translation is there, the English one is shown.
"""

from dropnorm.language.catalogue import SOURCE, Language, LanguageError, available
from dropnorm.language.choice import current, resolve, use, using
from dropnorm.language.shown import shown
from dropnorm.language.text import N_, _, listed, ngettext, padded, sentences, spaced, width, wrapped

__all__ = [
    "N_",
    "SOURCE",
    "Language",
    "LanguageError",
    "_",
    "available",
    "current",
    "listed",
    "ngettext",
    "padded",
    "resolve",
    "sentences",
    "shown",
    "spaced",
    "use",
    "using",
    "width",
    "wrapped",
]
