"""A picture of a network under dropout: the same layer with one mask after the other.

Pure SVG and CSS: it moves without a kernel and without JavaScript, in a saved page too. It stops while the pointer is
on it or the keyboard's focus is in it, and stands still for readers whose system asks for reduced motion.
"""

from __future__ import annotations

import itertools

import numpy as np

from dropnorm.figures import BLUE

WIDTH, HEIGHT, RADIUS = 620, 340, 13
COLUMNS = (
    60,
    240,
    420,
    560,
)  # x of the inputs, of the hidden units that dropout acts on, of the next layer, of the output
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
    dropped = ", ".join(str(int(count)) for count in (~np.asarray(masks, bool)).sum(axis=1))
    return (
        f"A network with one output. Dropout stands between a hidden layer of {masks.shape[1]} units and the next, "
        f"of {next_units}. The picture cycles through {len(masks)} masks, which drop {dropped} units: "
        "a dropped unit is hollow and crossed, and no line leads on from it."
    )


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
        f'<text x="{x}" y="{HEIGHT - 20}" text-anchor="middle">{label}</text>'
        for x, label in zip(COLUMNS, ("inputs", "hidden layer", "next layer", "output"), strict=True)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" '
        f'id="{name}" role="img" tabindex="0" aria-label="{alternative_text(masks, next_units)}" '
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


def _places(count: int) -> np.ndarray:
    """The heights of a column of units, centred."""
    if count == 1:
        return np.array([(TOP + BOTTOM) / 2])
    return np.linspace(TOP, BOTTOM, count)


def _frame(mask: np.ndarray, number: int, frames: int, columns: list[np.ndarray]) -> str:
    hidden, following = columns[1], columns[2]
    lines = _lines(COLUMNS[1], hidden[mask], COLUMNS[2], following, strong=True)
    crosses = "".join(
        f'<path d="M {x - 6} {y - 6:.1f} l 12 12 m 0 -12 l -12 12" stroke="currentColor" stroke-width="2"/>'
        for x, y in zip(itertools.repeat(COLUMNS[1]), hidden[~mask], strict=False)
    )
    caption = f"mask {number + 1} of {frames}: {int((~mask).sum())} of {len(mask)} units dropped"
    return (
        lines
        + _units(COLUMNS[1], hidden[mask])
        + _units(COLUMNS[1], hidden[~mask], dropped=True)
        + crosses
        + f'<text x="{(COLUMNS[1] + COLUMNS[2]) / 2}" y="18" text-anchor="middle">{caption}</text>'
    )


def _units(x: float, heights: np.ndarray, dropped: bool = False) -> str:
    look = (
        'fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="4 3"'
        if dropped
        else f'fill="{BLUE}" stroke="currentColor" stroke-width="1.5"'
    )
    return "".join(f'<circle cx="{x}" cy="{y:.1f}" r="{RADIUS}" {look}/>' for y in heights)


def _lines(x: float, heights: np.ndarray, next_x: float, next_heights: np.ndarray, strong: bool = False) -> str:
    look = f'stroke="{BLUE}" stroke-width="1.4"' if strong else 'stroke="currentColor" stroke-opacity="0.35"'
    return "".join(
        f'<line x1="{x + RADIUS}" y1="{y:.1f}" x2="{next_x - RADIUS}" y2="{next_y:.1f}" {look}/>'
        for y, next_y in itertools.product(heights, next_heights)
    )
