"""The widgets and drawings of a lab, read without a browser."""

from __future__ import annotations

import html
import re
from typing import Any, TypeVar
from xml.etree import ElementTree

import ipywidgets as widgets
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from dropnorm.lab import front_end
from dropnorm.lab.view import View

SPACE = "{http://www.w3.org/2000/svg}"


def find(box: widgets.Box, css: str) -> widgets.Widget:
    """The one control with that CSS class."""
    found, open_boxes = [], [box]
    while open_boxes:
        for child in open_boxes.pop().children:
            found += [child] if css in child._dom_classes else []
            open_boxes += [child] if isinstance(child, widgets.Box) else []
    (control,) = found
    return control


def picture(view: View) -> ElementTree.Element:
    """What is drawn."""
    return ElementTree.fromstring(find(view.open(), "dropnorm-picture").value)


def elements(drawing: ElementTree.Element, tag: str, name: str) -> list[ElementTree.Element]:
    """The drawing's elements of that class."""
    return [each for each in drawing.iter(f"{SPACE}{tag}") if each.attrib.get("class") == name]


def texts(drawing: ElementTree.Element, name: str) -> list[str]:
    """The drawing's words of that class."""
    return [text.text for text in elements(drawing, "text", name)]


def path(drawing: ElementTree.Element, name: str) -> str:
    """The ``d`` of the drawing's one path of that class."""
    (found,) = elements(drawing, "path", name)
    return found.attrib["d"]


def reading(view: View) -> str:
    """What stands below the picture."""
    return html.unescape(re.sub("<[^>]*>", "", find(view.open(), "dropnorm-reading").value))


def outputs_of(view: View) -> list[dict[str, Any]]:
    """What a cell that ends in it shows: each output, by kind."""
    InteractiveShell.instance()
    with capture_output() as captured:
        view._ipython_display_()
    assert captured.stderr == ""
    return [output.data for output in captured.outputs]


Kind = TypeVar("Kind", bound=View)


class Page:
    """A page whose cells show views, without a browser and without a kernel."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._cell, self._requests = "", 0
        monkeypatch.setattr(front_end, "running_cell", lambda: (self._cell, str(self._requests)))

    def run(self, cell: str, *views: Kind) -> list[Kind]:
        """Run a cell that shows these views; returns them, to be closed in the end."""
        self._cell, self._requests = cell, self._requests + 1
        for view in views:
            shown_by(view)
        return list(views)


def unnamed(box: widgets.Box) -> list[str]:
    """The classes of the controls and texts to which a page would give the title "null"."""
    found = []
    for child in box.children:
        if isinstance(child, widgets.Box):
            found += unnamed(child)
        elif child.tooltip is None and not isinstance(child, widgets.Play):
            found += child._dom_classes
    return found


def shown_by(view: View) -> dict[str, Any]:
    """What a cell that ends in it shows, by kind; the hint that follows widgets is left out."""
    output, *hint = outputs_of(view)
    assert all("dropnorm-hint" in each["text/html"] for each in hint)
    return output
