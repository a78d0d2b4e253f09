"""A font for the labels of figures, where the language has letters that matplotlib's own font lacks.

What the system has is taken, found once; else the small font in the language's folder, a subset of Noto Sans that holds
the letters of the course's own texts. Where there is neither, labels stay in English, and that is said once.
"""

from __future__ import annotations

import functools

from dropnorm.language import Language, _, current

SUBSET = "labels.otf"  # in the language's folder


@functools.cache
def family_for(language: Language) -> tuple[str, ...]:
    """What follows matplotlib's own fonts in this language: nothing, or one more. Where none is found, that is said."""
    if not language.fonts:
        return ()
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    found = next((name for name in language.fonts if name in there), None) or _own(language)
    if found is None:
        lacking = _("Figures keep their English labels: no font here has the letters of {language}; {font} is one.")
        print(lacking.format(language=language.name, font=language.fonts[0]))
    return () if found is None else (found,)


def can_write(language: Language) -> bool:
    """Whether figures can be labelled in this language."""
    return not language.fonts or bool(family_for(language))


def label(message: str) -> str:
    """A message of the code as a figure's label: translated, where a font can write it."""
    return _(message) if can_write(current()) else message


def settings() -> dict[str, list[str]]:
    """matplotlib's settings for labels in the language that is spoken: its own fonts first, then one for the rest."""
    import matplotlib as mpl

    more = family_for(current())
    return {"font.family": [*_list(mpl.rcParams["font.family"]), *more]} if more else {}


def _own(language: Language) -> str | None:
    """The name of the font in the language's folder, made known to matplotlib."""
    from matplotlib import font_manager

    path = None if language.folder is None else language.folder / SUBSET
    if path is None or not path.exists():
        return None
    font_manager.fontManager.addfont(path)
    return font_manager.FontProperties(fname=path).get_name()


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)
