"""Red wine in the labs whose curves are swept: its parts, the axes, and what is said where the data are missing."""

from __future__ import annotations

from html import escape

import ipywidgets as widgets

from dropnorm import datasets
from dropnorm.lab.picture import CurvesPicture
from dropnorm.lab.setting import ALLOWED, EPOCHS
from dropnorm.language import N_, _, sentences
from dropnorm.split import Split, split

DATA = "red-wine"
YLABEL = N_("mean absolute error")
WINES = {"raw": N_("raw red wine"), "standardised": N_("standardised red wine")}
SOURCES = {"official": N_("official data"), "stand-in": N_("stand-in data")}
# Of the loss axis, which is logarithmic: first losses are some 5, the last ones of an overfitted network above 0.1.
BOTTOM, TOP, TICKS = 0.1, 7.0, (0.1, 0.2, 0.5, 1, 2, 5)


def splits() -> dict[str, Split]:
    """The data by how their inputs are prepared.

    Raises:
        DataError: they cannot be read.
    """
    return {inputs: split(DATA, inputs) for inputs in ALLOWED["inputs"]}


def axes() -> CurvesPicture:
    """Axes for curves of red wine, the same in every lab."""
    return CurvesPicture(EPOCHS, BOTTOM, TOP, YLABEL, ticks=TICKS)


def words(inputs: str, source: str) -> str:
    """Which data these are."""
    return _("{wine}, {data}").format(wine=_(WINES[inputs]), data=_(SOURCES[source]))


def missing(error: datasets.DataError) -> widgets.Box:
    """What is shown in place of a lab whose data cannot be read."""
    words = sentences(str(error), _("Then run this cell again."))
    return widgets.HBox([widgets.HTML(f'<p role="alert">{escape(words)}</p>')])
