"""Pictures of a network under dropout: one mask after the other, and what a mask does to the activations.

`network_svg` is pure SVG and CSS: it moves without a kernel and without JavaScript, in a saved page too. It stops while
the pointer is on it or the keyboard's focus is in it, and stands still for readers whose system asks for reduced
motion. `dropout_svg` stands still and shows the numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr

import numpy as np

from dropnorm.figures import BLUE
from dropnorm.language import N_, _, current
from dropnorm.lettering import fitting

WIDTH, HEIGHT, RADIUS = 620, 340, 13
COLUMNS = (60, 240, 420, 560)  # x of inputs, of the hidden units that dropout acts on, of the next layer, of the output
NAMES = {  # of all columns there are
    "inputs": N_("inputs"),
    "hidden": N_("hidden layer"),
    "dropout": N_("dropout"),
    "next": N_("next layer"),
    "output": N_("output"),
}
TOP, BOTTOM = 40, 285
SECONDS_A_MASK = 1.6

_shown = itertools.count(1)


def show_network(masks: np.ndarray, inputs: int = 4, next_units: int = 5) -> None:
    """Display `network_svg` below the cell."""
    from IPython.display import display

    text = alternative_text(masks, next_units)
    display({"text/html": network_svg(masks, inputs, next_units), "text/plain": text}, raw=True)


def alternative_text(masks: np.ndarray, next_units: int = 5) -> str:
    """What the picture shows, in words."""
    dropped = current().between_items.join(str(int(count)) for count in (~np.asarray(masks, bool)).sum(axis=1))
    return _(
        "A network with one output. Dropout stands between a hidden layer of {units} units and the next, of "
        "{next_units}. The picture cycles through {masks} masks, which drop {dropped} units: a dropped unit is hollow "
        "and crossed, and no line leads on from it."
    ).format(units=masks.shape[1], next_units=next_units, masks=len(masks), dropped=dropped)


def network_svg(masks: np.ndarray, inputs: int = 4, next_units: int = 5) -> str:
    """The network as an ``<svg>`` element that shows one mask after the other.

    Args:
        masks: ``(masks, units)``, True where a hidden unit is kept.
        inputs: number of inputs.
        next_units: units of the layer whose inputs dropout drops.
    """
    masks = np.asarray(masks, bool)
    name = f"network-{next(_shown)}-{masks.tobytes().hex()[:8]}"  # styles and ids of a page are everybody's
    columns = [_places(count) for count in (inputs, masks.shape[1], next_units, 1)]
    frames = "".join(
        f'<g class="{name}-mask" style="animation-delay: {(number - len(masks)) * SECONDS_A_MASK:.1f}s">'
        f"{_frame(mask, number, len(masks), columns)}</g>"
        for number, mask in enumerate(masks)
    )
    first, hidden, following, last = columns
    rest = _lines(COLUMNS[0], first, COLUMNS[1], hidden) + _lines(COLUMNS[2], following, COLUMNS[3], last)
    units = _units(COLUMNS[0], first) + _units(COLUMNS[2], following) + _units(COLUMNS[3], last)
    labels = "".join(
        f'<text x="{x}" y="{HEIGHT - 20}" text-anchor="middle">{_(NAMES[column])}</text>'
        for x, column in zip(COLUMNS, ("inputs", "hidden", "next", "output"), strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'id="{name}" role="img" tabindex="0" aria-label={quoteattr(alternative_text(masks, next_units))} '
        f'fill="currentColor" stroke="none" font-family="sans-serif" font-size="14" '
        f'style="max-width: 100%; height: auto">'
        f"<style>{_style(name, len(masks))}</style>{rest}{frames}{units}{labels}</svg>"
    )


def _style(name: str, frames: int) -> str:
    """Each frame is visible for its share of the cycle; with reduced motion only the first one is."""
    share = 100 / frames
    return (
        f"@keyframes {name} {{0%, {share:.3f}% {{visibility: visible}} "
        f"{share + 0.001:.3f}%, 100% {{visibility: hidden}}}}"
        f".{name}-mask {{visibility: hidden; animation: {name} {frames * SECONDS_A_MASK:.1f}s step-end infinite}}"
        f"#{name}:hover .{name}-mask, #{name}:focus .{name}-mask {{animation-play-state: paused}}"
        f"@media (prefers-reduced-motion: reduce), print {{.{name}-mask {{animation: none}} "
        f"#{name} .{name}-mask:first-of-type {{visibility: visible}}}}"
    )


def _places(count: int, bottom: float = BOTTOM) -> np.ndarray:
    """The heights of a column of units, centred."""
    if count == 1:
        return np.array([(TOP + bottom) / 2])
    return np.linspace(TOP, bottom, count)


def _frame(mask: np.ndarray, number: int, frames: int, columns: list[np.ndarray]) -> str:
    hidden, following = columns[1], columns[2]
    lines = _lines(COLUMNS[1], hidden[mask], COLUMNS[2], following, strong=True)
    caption = _("mask {number} of {masks}: {dropped} of {units} units dropped").format(
        number=number + 1, masks=frames, dropped=int((~mask).sum()), units=len(mask)
    )
    return (
        lines
        + _units(COLUMNS[1], hidden[mask])
        + _units(COLUMNS[1], hidden[~mask], dropped=True)
        + _crosses(COLUMNS[1], hidden[~mask])
        + f'<text x="{(COLUMNS[1] + COLUMNS[2]) / 2}" y="18" text-anchor="middle">{caption}</text>'
    )


def _crosses(x: float, heights: np.ndarray) -> str:
    return "".join(
        f'<path class="cross" d="M {x - 6} {y - 6:.1f} l 12 12 m 0 -12 l -12 12" stroke="currentColor" '
        'stroke-width="2"/>'
        for y in heights
    )


def _units(x: float, heights: np.ndarray, dropped: bool = False, radius: int = RADIUS) -> str:
    look = (
        'class="dropped" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3"'
        if dropped
        else f'fill="{BLUE}" stroke="currentColor" stroke-width="1.5"'
    )
    return "".join(f'<circle cx="{x}" cy="{y:.1f}" r="{radius}" {look}/>' for y in heights)


def _lines(
    x: float,
    heights: np.ndarray,
    next_x: float,
    next_heights: np.ndarray,
    strong: bool = False,
    radius: int = RADIUS,
    next_radius: int = RADIUS,
) -> str:
    look = f'stroke="{BLUE}" stroke-width="1.4"' if strong else 'stroke="currentColor" stroke-opacity="0.35"'
    return "".join(
        f'<line x1="{x + radius}" y1="{y:.1f}" x2="{next_x - next_radius}" y2="{next_y:.1f}" {look}/>'
        for y, next_y in itertools.product(heights, next_heights)
    )


LARGE = 18  # radius of a circle that holds a number
ROW = 48  # from one such circle to the next
ALL_COLUMNS = {"inputs": 40, "hidden": 175, "dropout": 325, "next": 475, "output": 585}
MIDDLE_COLUMNS = {"hidden": 45, "dropout": 160, "next": 265}
ALL_WIDTH, MIDDLE_WIDTH = 625, 305
LETTERS = 13  # pixels: the size of letters around the panels


@dataclass(frozen=True)
class DropoutPanel:
    """What dropout makes of one row's activations.

    Attributes:
        title: what stands above it.
        activations: ``(units,)``, what the hidden layer computes.
        kept: ``(units,)``, True where the mask keeps a unit.
        factor: what the kept ones are multiplied by.
    """

    title: str
    activations: np.ndarray
    kept: np.ndarray
    factor: float

    @property
    def passed_on(self) -> np.ndarray:
        """``(units,)``: what the next layer receives."""
        return self.activations * self.kept * self.factor


def dropout_svg(panels: Sequence[DropoutPanel], alt: str, inputs: int = 4, next_units: int = 5) -> str:
    """Panels as one ``<svg>`` element; a single one with the whole network, several two abreast with its middle.

    Args:
        panels: at least one, of equally many units.
        alt: what is seen, in words.
        inputs: number of inputs.
        next_units: units of the layer whose inputs dropout drops.
    """
    whole = len(panels) == 1
    columns, width = (ALL_COLUMNS, ALL_WIDTH) if whole else (MIDDLE_COLUMNS, MIDDLE_WIDTH)
    abreast = 1 if whole else 2
    height = TOP + ROW * (len(panels[0].kept) - 1) + 72
    drawn = "".join(
        f'<g class="panel" transform="translate({number % abreast * width} {number // abreast * height})">'
        f"{_panel(panel, columns, inputs, next_units, width)}</g>"
        for number, panel in enumerate(panels)
    )
    width, height = width * abreast, height * -(-len(panels) // abreast)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img" '
        f'aria-label={quoteattr(alt)} fill="currentColor" stroke="none" font-family="sans-serif" font-size="{LETTERS}" '
        f'text-anchor="middle" style="max-width: 100%; height: auto">{drawn}</svg>'
    )


def _panel(panel: DropoutPanel, columns: dict[str, int], inputs: int, next_units: int, width: int) -> str:
    kept, bottom = panel.kept, TOP + ROW * (len(panel.kept) - 1)
    hidden, following = _places(len(kept), bottom), _places(next_units, bottom)
    x, x_dropout, x_next = (columns[name] for name in ("hidden", "dropout", "next"))
    drawn = [
        _lines(x_dropout, hidden[kept], x_next, following, strong=True, radius=LARGE),
        _units(x, hidden, radius=LARGE),
        _units(x_dropout, hidden[kept], radius=LARGE),
        _units(x_dropout, hidden[~kept], dropped=True, radius=LARGE),
        _crosses(x_dropout, hidden[~kept]),
        _units(x_next, following),
    ]
    if "inputs" in columns:
        first, last = _places(inputs, bottom), _places(1, bottom)
        drawn += [
            _lines(columns["inputs"], first, x, hidden, next_radius=LARGE),
            _lines(x_next, following, columns["output"], last),
            _units(columns["inputs"], first),
            _units(columns["output"], last),
        ]
    for y, computed, passed_on, is_kept in zip(hidden, panel.activations, panel.passed_on, kept, strict=True):
        drawn += [
            _lines(x, y[None], x_dropout, y[None], strong=bool(is_kept), radius=LARGE, next_radius=LARGE),
            _text((x + x_dropout) / 2, y - 5, f"× {panel.factor:.3g}" if is_kept else "× 0", "factor"),
            _text(x, y + 4, number(computed), "computed", ON_BLUE),
        ]
        if is_kept:
            drawn.append(_text(x_dropout, y + 4, number(passed_on), "passed-on", ON_BLUE))
    for name, place in columns.items():
        words = _(NAMES[name])
        size = fitting(words, LETTERS, 2 * min(place, width - place))
        look = f'font-size="{size:.1f}"' if size < LETTERS else ""
        drawn.append(_text(place, bottom + 44, words, "column", look))
    drawn.append(_text(sum(columns.values()) / len(columns), 13, panel.title, "title", 'font-weight="bold"'))
    return "".join(drawn)


ON_BLUE = 'fill="#ffffff" font-size="12"'


def _text(x: float, y: float, words: str, name: str, look: str = "") -> str:
    return f'<text class="{name}" x="{x:g}" y="{y:.1f}" {look}>{words}</text>'


def number(value: float) -> str:
    """An activation, short enough for its circle."""
    return f"{value:.2f}" if abs(value) < 9.995 else f"{value:.1f}"
