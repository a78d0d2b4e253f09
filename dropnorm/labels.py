"""The labels of a figure in the language that is spoken: whatever plain Matplotlib was told to write in English."""

from __future__ import annotations

from typing import Any

from matplotlib.axis import Axis
from matplotlib.category import StrCategoryFormatter
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedFormatter, FuncFormatter

from dropnorm.fonts import can_write, family_for
from dropnorm.language import SOURCE, current, shown


def translate_labels(figure: Figure) -> None:
    """Put every text of a figure into the language that is spoken, where it is known and a font can write it.

    A text keeps the fonts that were set when it was made: the one for the language's letters is put behind them.
    """
    if current().code == SOURCE or not can_write(current()):
        return
    for axis in figure.findobj(Axis):
        _translate_ticks(axis)
    more = family_for(current())
    for text in figure.findobj(Text):
        text.set_text(shown(text.get_text()))
        if more:
            text.set_fontfamily(list(dict.fromkeys([*text.get_fontfamily(), *more])))


def _translate_ticks(axis: Axis) -> None:
    """Names on an axis are written when it is drawn, by a formatter."""
    formatter = axis.get_major_formatter()
    if isinstance(formatter, FixedFormatter):
        formatter.seq = [shown(str(label)) for label in formatter.seq]
    elif isinstance(formatter, StrCategoryFormatter | FuncFormatter):  # the latter of `set_yticklabels` on fixed ticks
        axis.set_major_formatter(FuncFormatter(_told_by(formatter)))


def _told_by(formatter: StrCategoryFormatter | FuncFormatter) -> Any:
    return lambda place, number: shown(str(formatter(place, number)))  # labels may have been given as numbers
