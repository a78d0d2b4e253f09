"""What the labs have in common that show swept curves of red wine: a setting as their state, and data that may lack."""

from __future__ import annotations

from html import escape
from typing import Any, ClassVar

import ipywidgets as widgets

from dropnorm import datasets
from dropnorm.lab import wine
from dropnorm.lab.view import View
from dropnorm.language import _


class WineLab(View):
    """A view whose state is a setting: a frozen dataclass with the line of ``code`` that asks for it.

    A subclass says of which kind its setting is, and what it shows; its ``_build`` makes ``controls``, the sweep
    ``_swept`` and the ``_lock`` under which other threads come in.

    Args:
        given: the setting's values by name; None for its default.
    """

    state = ("setting",)
    kind: ClassVar[type]  # of the setting
    shows: ClassVar[str]  # in words that go on after the line of code; translated where they are shown

    def __init__(self, **given: Any) -> None:
        self.setting = self.kind(**{name: value for name, value in given.items() if value is not None})
        super().__init__(setting=self.setting)
        self.controls: Any = None

    def open(self) -> widgets.Box:
        """The box of controls, built if there is none; a message where the data are missing."""
        try:
            return super().open()
        except datasets.DataError as error:  # the message is not kept: the data may be there when the cell runs again
            return wine.missing(error)

    def close(self) -> None:
        """Compute nothing more and take the widgets away."""
        if self.controls is None:
            return
        self._swept.close()
        with self._lock:
            self.controls = None
        super().close()

    def fallback(self) -> tuple[str, str]:
        """A line in place of a picture: the curves are still being computed when the controls are shown."""
        words = _("{code}: {shows}").format(code=self.setting.code, shows=_(self.shows))
        return f"<p>{escape(words)}</p>", words
