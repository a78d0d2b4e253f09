"""How a view is shown in a cell and closed: `View`, the base of all labs and views."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any

import ipywidgets as widgets

from dropnorm.lab import front_end
from dropnorm.lab.reruns import Reruns


class View(ABC):
    """Something to display: controls where a page listens, a static picture with alternative text elsewhere.

    Nothing is built before it is displayed. Displayed again it shows the same controls again; after `close` it builds
    new ones, in the state in which the old ones were left. A cell that is run again closes what it showed before, and
    goes on in its state if it asks for the same.

    Args:
        asked: the arguments, by name.
    """

    css: str  # the outer box's CSS class
    state: tuple[str, ...]  # the attributes that the controls change

    def __init__(self, **asked: Any) -> None:
        self._asked = asked
        self._box: widgets.Box | None = None

    @abstractmethod
    def _build(self) -> widgets.Box:
        """The controls and their picture, in the present state."""

    def static(self) -> tuple[str, str]:
        """The static picture as an ``<svg>`` element, and its alternative text.

        A view without one has a `fallback` and a `_show_still` of its own.
        """
        raise NotImplementedError

    def fallback(self) -> tuple[str, str]:
        """What stands for open controls where they cannot be shown: a picture and its alternative text."""
        return self.static()

    def open(self) -> widgets.Box:
        """The box of controls, built if there is none."""
        if self._box is None:
            self._box = self._build()
            self._box.add_class(self.css)
        return self._box

    def close(self) -> None:
        """Take the controls off every page that shows them, and forget them."""
        if self._box is not None:
            close_all(self._box)
            self._box = None

    def _ipython_display_(self) -> None:
        if not front_end.listens():
            self._show_still()
            return
        before = _cells.show(self)
        if before is not None and before is not self:
            self._go_on(before)
        front_end.show(self.open(), *self.fallback())

    def _show_still(self) -> None:
        """Show the picture that is left where no page listens."""
        from IPython.display import display

        svg, alt = self.static()
        display({"text/html": svg, "text/plain": alt}, raw=True)

    def _go_on(self, before: View) -> None:
        """Take over the state of what was shown before, if it is a view of this kind and was asked for the same."""
        if type(before) is type(self) and before._asked == self._asked:
            for name in self.state:
                setattr(self, name, deepcopy(getattr(before, name)))


_cells: Reruns[View] = Reruns(lambda view: view.close())  # of all kinds: a changed cell may show another


def close_all(widget: widgets.Widget) -> None:
    """Close a widget with everything that it is made of: children, layout, style."""
    for name in widget.keys:
        part = getattr(widget, name)
        for each in part if isinstance(part, tuple) else (part,):
            if isinstance(each, widgets.Widget):
                close_all(each)
    widget.close()
