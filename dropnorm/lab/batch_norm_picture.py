"""The drawing of `BatchNormLab`: three histograms on one axis, and the moving averages over the batches seen.

The axes are drawn once for each of their few limits, bars, lines and numbers over them (`dropnorm.lab.drawing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from dropnorm.figures import BLUE, GREEN, PURPLE, VERMILLION, svg
from dropnorm.lab.drawing import POINTS_AN_INCH, element, path, places
from dropnorm.lab.numerals import signed

SIZE = (7.6, 5.2)  # inches: 547 points, which a notebook of 800 pixels shows without shrinking the letters
EDGES = np.linspace(-8, 12, 41)  # of the bars; what lies beyond is counted in the outermost
TOPS = (0.4, 1.0)  # upper limits of the share axis: the lower one holds all bars unless γ or the batch is small
ENDS = (100, 300, 1000, 3000, 10_000, 30_000)  # right ends of the axis of batches
LOOK = 'fill="currentColor" stroke-linejoin="round" font-family="sans-serif" font-size="10"'
AVERAGES = (-5.0, 5.0)
POINTS = 400  # at most, of one line
PANELS = (("before", BLUE), ("after, training mode", GREEN), ("after, inference mode", VERMILLION))
BATCH_DOTS, BATCH_CROSSES = {"marker": ".", "linestyle": "none"}, {"marker": "x", "linestyle": "none", "markersize": 5}


@dataclass(frozen=True)
class Averages:
    """The statistics of one batch, and the moving averages once it was seen; standard deviations, not variances."""

    batch_mean: float
    batch_deviation: float
    moving_mean: float
    moving_deviation: float


class BatchNormPicture:
    """Axes drawn once, and what is written over them."""

    def __init__(self) -> None:
        self._frames: dict[tuple[float, int], Frame] = {}

    def layers(self, values: Sequence[np.ndarray], history: Sequence[Averages], alt: str) -> tuple[str, str]:
        """Axes, and what lies on them, as two ``<svg>`` elements of one size: only the second one changes often.

        Args:
            values: the batch's activations before, after in training mode, after at inference; each ``(rows,)``.
            history: what each batch since the reset did to the averages, the first one first.
            alt: what is seen, in words.
        """
        frame, drawn = self._drawn(values, history)
        return frame.axes, element(drawn, alt, SIZE, LOOK)

    def whole(self, values: Sequence[np.ndarray], history: Sequence[Averages], alt: str) -> str:
        """The same as one ``<svg>`` element."""
        frame, drawn = self._drawn(values, history)
        axes = frame.axes[frame.axes.index(">") + 1 : frame.axes.rindex("</svg>")]
        return element(f"<g>{axes}</g>{drawn}", alt, SIZE, LOOK)

    def _drawn(self, values: Sequence[np.ndarray], history: Sequence[Averages]) -> tuple[Frame, str]:
        shares = [bars(each) for each in values]
        top = next(top for top in TOPS if top >= max(share.max() for share in shares) or top == TOPS[-1])
        end = next((end for end in ENDS if end >= len(history)), ENDS[-1])
        if (top, end) not in self._frames:
            self._frames[top, end] = Frame(top, end)
        frame = self._frames[top, end]
        drawn = [
            frame.histogram(place, share, each) for place, (share, each) in enumerate(zip(shares, values, strict=True))
        ]
        return frame, "".join(drawn) + frame.averages(history)


class Frame:
    """The four axes, for an upper limit of the shares and a right end of the axis of batches."""

    def __init__(self, top: float, end: int) -> None:
        figure = Figure(figsize=SIZE, dpi=POINTS_AN_INCH)
        grid = figure.add_gridspec(
            2, 3, left=0.08, right=0.97, top=0.89, bottom=0.1, wspace=0.1, hspace=0.75, height_ratios=(5, 4)
        )
        self._histograms: list[Axes] = []
        for place, (title, _) in enumerate(PANELS):
            axes = figure.add_subplot(grid[0, place])
            axes.set_title(title, fontsize=10, pad=16)
            axes.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, top), xlabel="activation")
            axes.set(ylabel="share of the batch") if place == 0 else axes.tick_params(labelleft=False)
            self._histograms.append(axes)
        self._averages = figure.add_subplot(grid[1, :])
        self._averages.set(xlim=(0, end), ylim=AVERAGES, xlabel="batches seen since the reset", ylabel="activation")
        for label, colour, look in (
            ("batch mean", BLUE, BATCH_DOTS),
            ("moving mean", BLUE, {"linestyle": "-"}),
            ("batch standard deviation", PURPLE, BATCH_CROSSES),
            ("moving standard deviation", PURPLE, {"linestyle": "--"}),
        ):
            self._averages.plot([], [], color=colour, label=label, **look)
        self._averages.legend(
            loc="lower left", bbox_to_anchor=(-0.01, 1), ncols=4, frameon=False, fontsize=9, columnspacing=1.2
        )
        self.axes = svg(figure, "Axes of three histograms and of the moving averages.")

    def histogram(self, place: int, shares: np.ndarray, values: np.ndarray) -> str:
        """The bars of one panel, a dashed line at the mean, and mean and standard deviation as numbers."""
        axes, colour = self._histograms[place], PANELS[place][1]
        corners = places(axes, EDGES, np.append(shares, 0))
        floor = float(places(axes, EDGES[:1], np.zeros(1))[0, 1])
        rects = "".join(
            f'<rect x="{x:.1f}" y="{y:.1f}" width="{following - x:.1f}" height="{floor - y:.1f}"/>'
            for (x, y), (following, _), share in zip(corners[:-1], corners[1:], shares, strict=True)
            if share > 0
        )
        mean = float(values.mean(dtype=float))
        (x, _), (_, ceiling) = places(
            axes, np.array([np.clip(mean, EDGES[0], EDGES[-1]), 0]), np.array(axes.get_ylim())
        )
        box = axes.get_window_extent()
        said = escape(f"mean {signed(mean)}, standard deviation {values.std(dtype=float):.2f}")
        return (
            f'<g class="histogram"><g fill="{colour}">{rects}</g>'
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{floor:.1f}" y2="{ceiling:.1f}" stroke="currentColor" '
            f'stroke-width="1.5" stroke-dasharray="5 3"/>'
            f'<text class="statistics" x="{(box.x0 + box.x1) / 2:.1f}" y="{ceiling - 5:.1f}" text-anchor="middle" '
            f'font-size="9">{said}</text></g>'
        )

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
