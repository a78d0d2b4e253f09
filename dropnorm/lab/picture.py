"""The lab's learning curves: axes that stay put, and curves that change (`dropnorm.lab.drawing`).

The curves are a few SVG paths, so a slider's move is answered by a small message; as vectors they follow the page's
theme and stay sharp at any width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib.figure import Figure

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.figures import BEST, LABELS, LOOKS, VERMILLION, svg
from dropnorm.fonts import label
from dropnorm.lab.drawing import POINTS_AN_INCH, element, path, places
from dropnorm.language import N_, _, spaced
from dropnorm.lettering import abreast

SIZE = (7.6, 3.3)  # inches: 547 points, which a notebook of 800 pixels shows without shrinking the letters
SERIES = (LOGGED, AT_INFERENCE, VALIDATION)
DASHES = {LOGGED: "1.5 2.5", AT_INFERENCE: "6 3", VALIDATION: "none"}
GHOST_DASHES = {AT_INFERENCE: "1 3", VALIDATION: "4 3"}
LABEL, LABEL_ROWS = 26, 8  # points that a rate at a change takes, and rows of them below one another
DOT = 4  # points: the radius of the best epoch's mark; the last epoch's lies half outside the axes


@dataclass(frozen=True)
class Change:
    """A moment of a live training at which its dropout rate was changed: after how many epochs, and to what."""

    epochs: float
    rate: float


class CurvesPicture:
    """Axes for learning curves, and the curves in them.

    Args:
        epochs: the right end of the axis of epochs.
        bottom, top: the limits of the loss axis.
        ylabel: the loss and its unit.
        series: the curves that the legend names.
        ticks: the numbers at a logarithmic loss axis; without them the axis is linear.
    """

    def __init__(
        self,
        epochs: int,
        bottom: float,
        top: float,
        ylabel: str,
        series: Sequence[str] = SERIES,
        ticks: Sequence[float] = (),
    ) -> None:
        figure = Figure(figsize=SIZE, dpi=POINTS_AN_INCH, layout="constrained")
        self.axes = figure.add_subplot()
        self.axes.set(xlim=(0, epochs), ylim=(bottom, top), xlabel=label(N_("epoch")), ylabel=label(ylabel))
        self.axes.xaxis.get_major_locator().set_params(integer=True)
        if ticks:
            self.axes.set_yscale("log")
            self.axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
            self.axes.minorticks_off()
            self.axes.set_ylim(bottom, top)
        for name in series:
            self.axes.plot([], [], label=label(LABELS[name]), **LOOKS[name])
        if VALIDATION in series:
            self.axes.plot([], [], "o", color=VERMILLION, markersize=7, label=label(BEST))
        named = [line.get_label() for line in self.axes.lines]
        figure.legend(loc="outside upper left", ncols=abreast(named, POINTS_AN_INCH * SIZE[0]), frameon=False)
        alt = _("Axes: {loss} from {bottom} to {top} over {epochs} epochs.")
        limits = {"bottom": f"{bottom:g}", "top": f"{top:g}"}
        self.frame = svg(figure, spaced(alt.format(loss=_(ylabel), epochs=epochs, **limits)))
        # A slider goes to and fro over the same curves.
        self._behind, self._in_front = lru_cache(64)(self._draw_behind), lru_cache(64)(self._draw_in_front)
        box = self.axes.get_window_extent()
        self._box = (box.x0, figure.bbox.height - box.y1, box.width, box.height)

    def curves(
        self,
        shown: LearningCurves | None,
        ghost: LearningCurves | None = None,
        changes: Sequence[Change] = (),
        note: str = "",
        alt: str = "",
    ) -> str:
        """The curves as an ``<svg>`` that lies on the frame.

        Args:
            shown: what is drawn; of several runs the mean, with a band from the lowest to the highest.
            ghost: curves drawn thin and broken behind it, for comparison: validation dashed, training dotted.
            changes: the moments at which a live training's rate was changed, each drawn as a line with its rate.
            note: one short line inside the axes, such as "computing".
            alt: what is seen, in words.
        """
        x, y, width, height = self._box
        inside: list[str] = []
        if ghost is not None:
            inside.append(self._behind(ghost))
        if shown is not None:
            inside.append(self._in_front(shown))
        inside += self._changes(changes)
        words = f'<text x="{x + width / 2:.1f}" y="{y + height / 2:.1f}" {TEXT}>{note}</text>' if note else ""
        within = (
            f'<svg x="{x:.1f}" y="{y:.1f}" width="{width + DOT:.1f}" height="{height:.1f}" overflow="hidden" '
            f'viewBox="{x:.1f} {y:.1f} {width + DOT:.1f} {height:.1f}">{"".join(inside)}</svg>'
        )
        return element(within + words, alt, SIZE, 'fill="none"')

    def _draw_behind(self, ghost: LearningCurves) -> str:
        return "".join(self._path(ghost, name, "ghost", GHOST) for name in SERIES[1:])

    def _draw_in_front(self, shown: LearningCurves) -> str:
        bands = [self._band(shown, name) for name in SERIES if shown.runs > 1]
        lines = [self._path(shown, name, "shown", _look(name)) for name in SERIES]
        return "".join([*bands, *lines, self._best(shown)])

    def _path(self, curves: LearningCurves, name: str, role: str, look: str) -> str:
        series = getattr(curves, name)
        if series is None:
            return ""
        with np.errstate(all="ignore"):
            points = self._points(series.mean(axis=0))
        numbers = points[~np.isnan(points[:, 1])]
        if len(numbers) == 1:  # a line needs two
            (x, y), colour = numbers[0], "currentColor" if role == "ghost" else LOOKS[name]["color"]
            return f'<circle class="{role} {name}" cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{colour}"/>'
        dashes = (GHOST_DASHES if role == "ghost" else DASHES)[name]
        return f'<path class="{role} {name}" d="{path(points)}" {look} stroke-dasharray="{dashes}"/>'

    def _band(self, curves: LearningCurves, name: str) -> str:
        series = getattr(curves, name)
        if series is None or not np.isfinite(series).all():
            return ""
        outline = np.concatenate([self._points(series.max(axis=0)), self._points(series.min(axis=0))[::-1]])
        return f'<path class="band {name}" d="{path(outline)}Z" fill="{LOOKS[name]["color"]}" fill-opacity="0.2"/>'

    def _best(self, curves: LearningCurves) -> str:
        mean = curves.val_loss.mean(axis=0)
        if not np.isfinite(mean).any():
            return ""
        best = int(np.nanargmin(np.where(np.isfinite(mean), mean, np.nan)))
        x, y = self._points(mean)[best]
        return f'<circle class="best" cx="{x:.1f}" cy="{y:.1f}" r="{DOT}" fill="{VERMILLION}"/>'

    def _changes(self, changes: Sequence[Change]) -> list[str]:
        """A line for each change, with its rate; where lines are close, each rate stands a row lower than the last."""
        top, height = self._box[1], self._box[3]
        drawn: list[str] = []
        rows = [-LABEL] * LABEL_ROWS  # where the last label of each row stands
        for change in changes:
            x = float(places(self.axes, change.epochs, 1)[0, 0])
            row = next((number for number, last in enumerate(rows) if x - last >= LABEL), None)
            drawn.append(
                f'<g class="change"><line x1="{x:.1f}" x2="{x:.1f}" y1="{top:.1f}" y2="{top + height:.1f}" '
                f'stroke="currentColor" stroke-width="1" stroke-dasharray="2 3"/>'
            )
            if row is not None:  # else the line alone: all of them are listed in words
                rows[row] = x
                drawn[-1] += f'<text x="{x + 3:.1f}" y="{top + 11 + 11 * row:.1f}" {SMALL_TEXT}>{change.rate:g}</text>'
            drawn[-1] += "</g>"
        return drawn

    def _points(self, series: np.ndarray) -> np.ndarray:
        """Where the numbers of the epochs 1, 2, … lie in the drawing, ``(epochs, 2)``; NaN where there is none."""
        epochs = np.arange(1, len(series) + 1)
        with np.errstate(all="ignore"):
            bottom, top = self.axes.get_ylim()
            far = 1e3 * (top - bottom)  # out of sight, and still a number that a browser can draw
            least = bottom / 1e3 if self.axes.get_yscale() == "log" else bottom - far
            finite = np.where(np.isfinite(series), np.clip(series, least, top + far), np.nan)
        return places(self.axes, epochs, finite)


GHOST = 'stroke="currentColor" stroke-opacity="0.7" stroke-width="1"'
TEXT = 'text-anchor="middle" font-family="sans-serif" font-size="13" fill="currentColor"'
SMALL_TEXT = 'font-family="sans-serif" font-size="10" fill="currentColor"'


def _look(name: str) -> str:
    look = LOOKS[name]
    return f'stroke="{look["color"]}" stroke-width="{look["linewidth"]}" stroke-linejoin="round"'
