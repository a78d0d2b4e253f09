"""What views are put together from: a number with field and slider, a button that plays, choices, a reading."""

from __future__ import annotations

import html
import math
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from dropnorm.lab.numerals import plain
from dropnorm.language import _, width

BUTTON = {"width": "auto", "flex": "0 0 auto"}  # as wide as its words, on narrow pages too
WRAPPED = {"flex_flow": "row wrap", "align_items": "center"}  # a narrow page puts controls on a further line
# In a grid: axes and what changes over them lie in one cell (`dropnorm.lab.drawing`).
LAYER = {"grid_area": "1 / 1 / 2 / 2", "margin": "0", "max_width": "100%", "overflow": "hidden"}
LINES = "line-height: 1.45; white-space: normal"  # of text; ipywidgets sets it as wide apart as controls
ROOM = "clamp(6.2em, calc(17em - 10vw), 11em)"  # of a long reading: seven lines on a narrow page, four on a wide one
COLUMN = 7  # em: the labels of numbers and choices that stand below one another are no narrower
NUMBER, SLIDER_WIDTH = 7.5, "16em"  # the number itself, in em


class NumberControl:
    """A number with a visible label: a field to type it into, and a slider beside it that keeps in step.

    What is typed is kept as it is within the limits; the slider stands at the step that is nearest to it.
    The label belongs to the field, because the slider's handle has no name that a screen reader could say.

    Args:
        label: what the number is.
        value: where it starts, within the limits.
        low, high, step: the limits, and by how much an arrow key moves.
        css: a CSS class for the slider; the field has it with ``-field`` behind it.
        whole: whether it is a whole number; another is rounded.
    """

    def __init__(
        self, label: str, value: float, low: float, high: float, step: float, *, css: str, whole: bool = False
    ) -> None:
        self.label, self.low, self.high, self.value = label, low, high, value
        self.step, self.whole = step, whole
        # Not `IntText`, even for a whole number: the page would let no point be typed there and take 7.5 for 75.
        self.field = widgets.FloatText(
            value=value,
            step=step,
            description=label,
            tooltip=label,
            style={"description_width": room(label, at_least=COLUMN)},
            layout={"width": room(label, at_least=COLUMN, beside=NUMBER)},
        )
        self.slider = (widgets.IntSlider if whole else widgets.FloatSlider)(
            value=self._nearest_step(),
            min=low,
            max=high,
            step=step,
            readout=False,
            tooltip=label,
            layout={"width": SLIDER_WIDTH, "min_width": "10em"},
        )
        self.field.add_class(f"{css}-field")
        self.slider.add_class(css)
        self.box = widgets.HBox([self.field, self.slider], layout=WRAPPED)
        self._listeners: list[Callable[[], None]] = []
        self._note = ""
        self._setting = False
        for control in (self.field, self.slider):
            control.observe(self._moved, "value")

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` after every change, and after an entry that could not be taken as it was."""
        self._listeners.append(listener)

    def take_note(self) -> str:
        """What there is to say about the last entry, once; empty if it was taken as it was."""
        note, self._note = self._note, ""
        return note

    def _moved(self, change: dict[str, Any]) -> None:
        if self._setting:  # the field follows the slider, or the other way round: no news
            return
        wanted = change["new"]
        if not math.isfinite(wanted):
            self._note = _("{label}: {value} is not a number to work with; it stays at {number}.").format(
                label=self.label, value=wanted, number=plain(self.value)
            )
        else:
            within = min(max(wanted, self.low), self.high)
            self.value = round(within) if self.whole else within
            numbers = {"value": plain(wanted), "low": plain(self.low), "high": plain(self.high)}
            if within != wanted:
                note = _("{label}: {value} is outside {low} to {high}; {number} is used.")
            else:
                note = _("{label}: {value} is not a whole number; {number} is used.")
            if self.value != wanted:
                self._note = note.format(label=self.label, number=plain(self.value), **numbers)
        self._setting = True
        try:
            self.field.value = self.value
            if change["owner"] is self.field:
                # Not elsewhere: the page would move it to a step, and tell that as a move of the learner's.
                self.slider.value = self._nearest_step()
        finally:
            self._setting = False
        for listener in self._listeners:
            listener()

    def _nearest_step(self) -> float:
        step = self.low + round((self.value - self.low) / self.step) * self.step
        return step if self.whole else round(step, 9)  # 0.30000000000000004 is 0.3 on the page


class Player:
    """A button that stays pressed while the page counts by itself.

    ipywidgets' own buttons for playing have no names that a screen reader could say; so they are hidden, and only
    their counting is used, which needs no thread in the kernel. It ends by itself: an output that nobody sees any
    more, because its cell ran again, would play for ever.

    Args:
        label: what stands on the button.
        numbers: the first one, the present one and the last, where counting ends; then it begins with the first.
        milliseconds: between two ticks.
        ticked: called with the number at every tick, and when the number is set.
        changed: called when playing begins and ends.
    """

    def __init__(
        self,
        label: str,
        numbers: tuple[int, int, int],
        milliseconds: int,
        ticked: Callable[[int], None],
        changed: Callable[[], None],
    ) -> None:
        first, now, last = numbers
        self.count = widgets.Play(min=first, max=last, value=now, interval=milliseconds, layout={"display": "none"})
        self.count.add_class("dropnorm-count")
        # Without a tooltip the page would say "null".
        self.button = widgets.ToggleButton(description=label, tooltip=label, icon="play", layout=BUTTON)
        self.button.add_class("dropnorm-play")
        widgets.link((self.button, "value"), (self.count, "playing"))
        self.count.observe(lambda change: ticked(change["new"]), "value")
        self.count.observe(lambda _: self._changed(changed), "playing")
        self.box = widgets.HBox([self.button, self.count])

    @property
    def playing(self) -> bool:
        """Whether the page counts."""
        return self.count.playing

    def _changed(self, changed: Callable[[], None]) -> None:
        self.button.icon = "pause" if self.playing else "play"
        changed()


def room(*labels: str, at_least: float = 0, beside: float = 0) -> str:
    """A width in which the longest of the labels can be read: a column of a terminal is about half an em.

    Args:
        labels: what has to be read.
        at_least: em that they have in any case.
        beside: em for what stands beside them.
    """
    return f"{max(at_least, max(map(width, labels)) / 2 + 0.5) + beside:g}em"


def spoken(text: str, live: bool = True) -> str:
    """A reading, as HTML that a screen reader says when it changes.

    Args:
        text: plain text.
        live: False while it changes by itself, several times a second or every second: nobody could listen.
    """
    spoken_when = "polite" if live else "off"
    return f'<div role="status" aria-live="{spoken_when}" style="{LINES}">{html.escape(text)}</div>'


def reading_widget() -> widgets.HTML:
    """Where a `spoken` reading stands: at least four lines high, so that nothing below it jumps."""
    widget = html_widget(layout={"width": "auto", "min_height": "6.2em"})
    widget.add_class("dropnorm-reading")
    return widget


def html_widget(**options: Any) -> widgets.HTML:
    """Words or a drawing; without a tooltip of its own the page would give it the title "null"."""
    return widgets.HTML(tooltip="", **options)


def button(label: str, css: str, pressed: Callable[[], None]) -> widgets.Button:
    """A button that calls ``pressed``."""
    made = widgets.Button(description=label, tooltip=label, layout=BUTTON)
    made.add_class(css)
    made.on_click(lambda _: pressed())
    return made


def choice(label: str, options: list[tuple[str, Any]], value: Any, css: str) -> widgets.ToggleButtons:
    """Buttons with a label before them, one of which is pressed."""
    made = widgets.ToggleButtons(
        options=options,
        value=value,
        description=label,
        tooltip=label,
        tooltips=[_("{label}: {option}").format(label=label, option=name) for name, value in options],
        style={"button_width": "auto", "description_width": room(label, at_least=COLUMN)},
        layout={"width": "max-content", "display": "flex", "flex_flow": "row", "align_items": "baseline"},
    )
    made.add_class(css)
    return made
