"""The drawing of `BatchNormLab`: three histograms on one axis, and the moving averages over the batches seen.

A histogram is of one batch, or of two colours of vehicles: then blue has bars, and red a broken outline.

The axes are drawn once for each of their few limits, bars, lines and numbers over them (`dropnorm.lab.drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dropnorm.figures import BLUE, GREEN, PURPLE, VERMILLION, svg
from dropnorm.fonts import label
from dropnorm.lab.drawing import POINTS_AN_INCH, element, path, places
from dropnorm.lab.normalization import Averages
from dropnorm.lab.numerals import signed
from dropnorm.lab.vehicle_batches import Colours
from dropnorm.language import N_, _, current
from dropnorm.lettering import abreast, fitting

SIZE = (7.6, 5.2)  # inches: 547 points, which a notebook of 800 pixels shows without shrinking the letters
EDGES = np.linspace(-8, 12, 41)  # of the bars; what lies beyond is counted in the outermost
TOPS = (0.4, 1.0)  # upper limits of the share axis: the lower one holds all bars unless γ or the batch is small
ENDS = (100, 300, 1000, 3000, 10_000, 30_000)  # right ends of the axis of batches
LOOK = 'fill="currentColor" stroke-linejoin="round" font-family="sans-serif" font-size="10"'
AVERAGES = (-5.0, 5.0)
POINTS = 400  # at most, of one line
PANELS = ((N_("before"), BLUE), (N_("after, training mode"), GREEN), (N_("after, inference mode"), VERMILLION))
STATISTICS, ROOM = 9, 175  # points: the letters of the numbers above a panel, and what room they have
RED = f'fill="none" stroke="{VERMILLION}" stroke-width="1.8" stroke-dasharray="5 2.5"'
Values = Sequence[np.ndarray] | Sequence[Colours]
BATCH_DOTS, BATCH_CROSSES = {"marker": ".", "linestyle": "none"}, {"marker": "x", "linestyle": "none", "markersize": 5}


class BatchNormPicture:
    """Axes drawn once, and what is written over them."""

    def __init__(self) -> None:
        self._frames: dict[tuple[float, int], Frame] = {}

    def layers(self, values: Values, history: Sequence[Averages], alt: str) -> tuple[str, str]:
        """Axes, and what lies on them, as two ``<svg>`` elements of one size: only the second one changes often.

        Args:
            values: the batch's activations before, after in training mode, after at inference; each ``(rows,)``, or
                those of blue and of red vehicles.
            history: what each batch since the reset did to the averages, the first one first.
            alt: what is seen, in words.
        """
        frame, drawn = self._drawn(values, history)
        return frame.axes, element(drawn, alt, SIZE, LOOK)

    def whole(self, values: Values, history: Sequence[Averages], alt: str) -> str:
        """The same as one ``<svg>`` element."""
        frame, drawn = self._drawn(values, history)
        axes = frame.axes[frame.axes.index(">") + 1 : frame.axes.rindex("</svg>")]
        return element(f"<g>{axes}</g>{drawn}", alt, SIZE, LOOK)

    def _drawn(self, values: Values, history: Sequence[Averages]) -> tuple[Frame, str]:
        shares = [share for each in values for share in _shares(each)]
        top = next(top for top in TOPS if top >= max(share.max() for share in shares) or top == TOPS[-1])
        end = next((end for end in ENDS if end >= len(history)), ENDS[-1])
        if (top, end) not in self._frames:
            self._frames[top, end] = Frame(top, end)
        frame = self._frames[top, end]
        drawn = [
            frame.colours(place, each) if isinstance(each, Colours) else frame.histogram(place, each)
            for place, each in enumerate(values)
        ]
        return frame, "".join(drawn) + frame.averages(history)


class Frame:
    """The four axes, for an upper limit of the shares and a right end of the axis of batches."""

    def __init__(self, top: float, end: int) -> None:
        figure = Figure(figsize=SIZE, dpi=POINTS_AN_INCH, layout="none")  # whatever the notebook has set
        grid = figure.add_gridspec(
            2, 3, left=0.08, right=0.97, top=0.89, bottom=0.1, wspace=0.1, hspace=0.75, height_ratios=(5, 4)
        )
        self._histograms: list[Axes] = []
        for place, (title, _colour) in enumerate(PANELS):
            axes = figure.add_subplot(grid[0, place])
            axes.set_title(label(title), fontsize=fitting(label(title), 10, ROOM), pad=16)
            axes.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, top), xlabel=label(N_("activation")))
            axes.set(ylabel=label(N_("share of the batch"))) if place == 0 else axes.tick_params(labelleft=False)
            self._histograms.append(axes)
        self._averages = figure.add_subplot(grid[1, :])
        self._averages.set(xlim=(0, end), ylim=AVERAGES)
        self._averages.set_xlabel(label(N_("batches seen since the reset")))
        self._averages.set_ylabel(label(N_("activation")), labelpad=0)  # Chinese letters are higher than ours
        lines = {
            N_("batch mean"): (BLUE, BATCH_DOTS),
            N_("moving mean"): (BLUE, {"linestyle": "-"}),
            N_("batch standard deviation"): (PURPLE, BATCH_CROSSES),
            N_("moving standard deviation"): (PURPLE, {"linestyle": "--"}),
        }
        named = {label(line): drawn for line, drawn in lines.items()}
        for line, (colour, look) in named.items():
            self._averages.plot([], [], color=colour, label=line, **look)
        ncols = abreast(named, 3 * ROOM, 9, 1.2)
        self._averages.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=ncols, frameon=False, fontsize=9, columnspacing=1.2
        )
        self.axes = svg(figure, _("Axes of three histograms and of the moving averages."))

    def histogram(self, place: int, values: np.ndarray) -> str:
        """The bars of one panel, a dashed line at the mean, and mean and standard deviation as numbers."""
        said = _("mean {mean}, standard deviation {deviation}").format(
            mean=signed(values.mean(dtype=float)), deviation=f"{values.std(dtype=float):.2f}"
        )
        mean = self._mean(place, values, 'stroke="currentColor" stroke-dasharray="5 3"')
        return self._panel(place, self._bars(place, *_shares(values), PANELS[place][1]) + mean, said)

    def colours(self, place: int, both: Colours) -> str:
        """Bars of blue vehicles, a broken outline of red ones, a line at each one's mean, and the numbers."""
        blue, red = _shares(both)
        steps = self._corners(place, np.append(red, 0)).repeat(2, axis=0)
        steps[1:, 1] = steps[:-1, 1].copy()  # up or down at each edge, then along to the next
        steps[0, 1] = steps[-1, 1] = self._limits(place)[0]
        drawn = [
            self._bars(place, blue, BLUE),
            f'<path class="red" d="{path(steps)}" {RED}/>',
            self._mean(place, both.blue, f'stroke="{BLUE}"'),
            self._mean(place, both.red, f'stroke="{VERMILLION}" stroke-dasharray="5 2.5"'),
            self._key(place) if place == 0 else "",
        ]
        said = current().between_items.join(
            f"{name} {signed(each.mean(dtype=float))} ± {each.std(dtype=float):.2f}"
            for name, each in ((_("blue"), both.blue), (_("red"), both.red))
        )
        return self._panel(place, "".join(drawn), said)

    def _panel(self, place: int, drawn: str, said: str) -> str:
        """What is drawn in a panel, and the numbers above it."""
        box, (_floor, ceiling) = self._histograms[place].get_window_extent(), self._limits(place)
        size = fitting(said, STATISTICS, ROOM)
        return (
            f'<g class="histogram">{drawn}<text class="statistics" x="{(box.x0 + box.x1) / 2:.1f}" '
            f'y="{ceiling - 5:.1f}" text-anchor="middle" font-size="{size:.3g}">{escape(said)}</text></g>'
        )

    def _bars(self, place: int, shares: np.ndarray, colour: str) -> str:
        corners, (floor, _) = self._corners(place, np.append(shares, 0)), self._limits(place)
        rects = "".join(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{following - x:.1f}" height="{floor - y:.1f}"/>'
            for (x, y), (following, _), share in zip(corners[:-1], corners[1:], shares, strict=True)
            if share > 0
        )
        return f'<g fill="{colour}">{rects}</g>'

    def _mean(self, place: int, values: np.ndarray, look: str) -> str:
        """An upright line at the mean; at the axis' end, where it lies beyond."""
        mean = np.clip(values.mean(dtype=float), EDGES[0], EDGES[-1])
        (x, _), (floor, ceiling) = (
            places(self._histograms[place], np.array([mean]), np.zeros(1))[0],
            self._limits(place),
        )
        return f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{floor:.1f}" y2="{ceiling:.1f}" {look} stroke-width="1.5"/>'

    def _key(self, place: int) -> str:
        """What bars and outline stand for, in the panel's left corner, where few activations lie."""
        (x, _y), (_floor, ceiling) = self._corners(place, np.zeros(len(EDGES)))[0] + 5, self._limits(place)
        return (
            f'<rect x="{x:.1f}" y="{ceiling + 6:.1f}" width="12" height="7" fill="{BLUE}"/>'
            f'<text x="{x + 16:.1f}" y="{ceiling + 13:.1f}" font-size="9">{_("blue")}</text>'
            f'<path d="M{x:.1f} {ceiling + 22:.1f}h12" {RED}/>'
            f'<text x="{x + 16:.1f}" y="{ceiling + 25:.1f}" font-size="9">{_("red")}</text>'
        )

    def _corners(self, place: int, shares: np.ndarray) -> np.ndarray:
        """Where shares lie above the edges of the bars, ``(41, 2)``."""
        return places(self._histograms[place], EDGES, shares)

    def _limits(self, place: int) -> tuple[float, float]:
        """How high floor and ceiling of a panel lie."""
        axes = self._histograms[place]
        (_, floor), (_, ceiling) = places(axes, np.zeros(2), np.array(axes.get_ylim()))
        return float(floor), float(ceiling)

    def averages(self, history: Sequence[Averages]) -> str:
        """The statistics of each batch as dots and crosses, the moving averages as lines from their start, 0 and 1."""
        # One more point for the start, so that a line from batch 0 is drawn before and while batches are seen.
        seen = np.array([[np.nan, np.nan, 0, 1]] + [list(vars(each).values()) for each in history], float)
        batches = np.arange(len(seen))
        if len(seen) > POINTS:
            chosen = np.unique(np.linspace(0, len(seen) - 1, POINTS).astype(int))
            seen, batches = seen[chosen], batches[chosen]
        batches = np.minimum(batches, ENDS[-1])
        mean, deviation, moving_mean, moving_deviation = (
            places(self._averages, batches, np.clip(column, *AVERAGES)) for column in seen.T
        )
        dots = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in mean[1:])
        crosses = "".join(f"M{x - 2:.1f} {y - 2:.1f}l4 4m0-4l-4 4" for x, y in deviation[1:])
        return (
            f'<g fill="none"><path class="batch-mean" d="{dots}" stroke="{BLUE}" stroke-width="4" '
            f'stroke-linecap="round"/><path class="batch-deviation" d="{crosses}" stroke="{PURPLE}"/>'
            f'<path class="moving-mean" d="{path(moving_mean)}" stroke="{BLUE}" stroke-width="2"/>'
            f'<path class="moving-deviation" d="{path(moving_deviation)}" stroke="{PURPLE}" stroke-width="2" '
            f'stroke-dasharray="6 3"/></g>'
        )


def bars(values: np.ndarray) -> np.ndarray:
    """The share of the values in each bar, ``(40,)``; the outermost ones hold what lies beyond them."""
    inside = np.clip(values, EDGES[0], EDGES[-1])
    return np.histogram(inside, EDGES)[0] / len(values)


def _shares(values: np.ndarray | Colours) -> list[np.ndarray]:
    """The bars of a batch; or of its blue and its red vehicles, together one batch or each one of its own."""
    if not isinstance(values, Colours):
        return [bars(values)]
    return [bars(each) * len(each) / values.rows for each in (values.blue, values.red)]
