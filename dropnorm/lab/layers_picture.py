"""The drawing of `PlacementLab`'s layers: small multiples, what each layer gives out in both modes.

All of it is written as SVG: bars, numbers and axes of a dozen panels take a millisecond, and they stay put.
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape

import numpy as np

from dropnorm.figures import GREEN, VERMILLION
from dropnorm.lab.drawing import POINTS_AN_INCH, element
from dropnorm.lab.numerals import plain, signed
from dropnorm.language import _, listed, spaced, wrapped
from dropnorm.lettering import fitting
from dropnorm.sweep.activations import BARS, END, LINEAR, LayerOutputs, Outputs

COLUMNS, WIDTH, GAP = 4, 130.0, 9.0  # points: together 547, as wide as the curves
TITLE, LINE, BARS_HEIGHT, TICKS = 12.0, 10.5, 40.0, 12.0
HEIGHT = TITLE + 2 * LINE + BARS_HEIGHT + TICKS + 8  # of a panel
ROWS = 4  # the inputs, the legend and the output; then a row for each of three blocks
SIZE = ((COLUMNS * (WIDTH + GAP) - GAP) / POINTS_AN_INCH, ROWS * HEIGHT / POINTS_AN_INCH)
FULL = 0.2  # the share of the values that fills the height; what is more is cut off, and the zeros are told in words
LEGEND = 16  # columns of a terminal: a line of the legend
NUMBERED = (-10, -1, 0, 1, 10)  # at the axis, whose ends are about ±100
LOOK = 'fill="currentColor" stroke-linejoin="round" font-family="sans-serif"'
TRAINING = f'fill="none" stroke="{GREEN}" stroke-width="1.6" stroke-dasharray="4 2"'
INFERENCE = f'fill="{VERMILLION}"'


def layers_svg(layers: Sequence[LayerOutputs], alt: str, note: str = "") -> str:
    """The layers of a network as one ``<svg>`` element, a row for each block that begins with a Dense layer.

    Args:
        layers: what goes into the network and what each layer gives out; empty where nothing is known yet.
        alt: what is seen, in words.
        note: a short line beside the legend, such as "computing".
    """
    drawn = [_legend(note)]
    for layer, title, column, row in _arranged(layers):
        inside = _panel(layer, title)
        drawn.append(
            f'<g class="layer" transform="translate({column * (WIDTH + GAP):g} {row * HEIGHT:g})">{inside}</g>'
        )
    return element("".join(drawn), alt, SIZE, LOOK)


def described(layers: Sequence[LayerOutputs]) -> str:
    """The same in words: each layer's mean and standard deviation in both modes, as long as they are not alike."""
    told = []
    for layer, title, _column, _row in _arranged(layers):
        both = listed(_("{mode} {numbers}").format(mode=mode, numbers=_numbers(each)) for mode, each in _modes(layer))
        told.append(_("{layer}: {numbers}").format(layer=title, numbers=both))
    return spaced(_("; ").join(told))


def _arranged(layers: Sequence[LayerOutputs]) -> list[tuple[LayerOutputs, str, int, int]]:
    """Each layer with its title, its column and its row."""
    arranged, block, column = [], 0, 0
    output = max((place for place, layer in enumerate(layers) if layer.layer == "Dense"), default=-1)
    for place, layer in enumerate(layers):
        if place == output:
            arranged.append((layer, _("output"), COLUMNS - 1, 0))
            continue
        if layer.layer == "Dense":
            block, column = block + 1, 0
        before = _("inputs") if layer.layer == "inputs" else _("inputs, dropped")
        arranged.append((layer, f"{layer.layer} {block}" if block else before, column, block))
        column += 1
    return arranged


def _modes(layer: LayerOutputs) -> list[tuple[str, Outputs]]:
    if layer.training == layer.inference:
        return [(_("both modes"), layer.inference)]
    return [(_("training"), layer.training), (_("inference"), layer.inference)]


def _numbers(outputs: Outputs) -> str:
    if outputs.mean != outputs.mean:
        return _("not a number")
    return f"{signed(outputs.mean)} ± {outputs.deviation:.2f}"


def _panel(layer: LayerOutputs, title: str) -> str:
    modes, floor = _modes(layer), TITLE + 2 * LINE + BARS_HEIGHT
    drawn = [_text(0, TITLE - 2, title, 'font-size="10" font-weight="bold"', "title")]
    for line, (mode, each) in enumerate(modes):
        words = _("{mode}: {numbers}").format(mode=mode, numbers=_numbers(each))
        drawn.append(_text(0, TITLE + LINE * (line + 1) - 2, words, _small(words, WIDTH), "numbers"))
    drawn.append(f'<path class="inference" d="{_outline(layer.inference, floor)}Z" {INFERENCE}/>')
    if len(modes) == 2:
        drawn.append(f'<path class="training" d="{_outline(layer.training, floor)}" {TRAINING}/>')
    zeros = [each.zeros for _mode, each in modes]
    if max(zeros) >= 0.005:
        for line, share in enumerate(zeros):
            words = _("{share} % zeros").format(share=f"{share:.0%}".rstrip("%"))
            drawn.append(_text(0, floor - BARS_HEIGHT + 8 + LINE * line, words, 'font-size="8"', "zeros"))
    return "".join(drawn) + _axis(floor)


def _outline(outputs: Outputs, floor: float) -> str:
    """The ``d`` of the bars' outline, from the left end of the axis to the right one."""
    shares = np.array(outputs.counts) / max(1, sum(outputs.counts))
    heights = floor - BARS_HEIGHT * np.minimum(shares / FULL, 1)
    edges = np.linspace(0, WIDTH, BARS + 1)
    steps = "".join(f"V{height:.1f}H{right:.1f}" for height, right in zip(heights, edges[1:], strict=True))
    return f"M0 {floor:g}{steps}V{floor:g}"


def _axis(floor: float) -> str:
    drawn = [f'<path d="M0 {floor:g}H{WIDTH:g}" fill="none" stroke="currentColor" stroke-width="0.8"/>']
    for number in NUMBERED:
        x = _place(number)
        drawn.append(f'<path d="M{x:.1f} {floor:g}v3" stroke="currentColor" stroke-width="0.8"/>')
        drawn.append(_text(x, floor + TICKS - 1, plain(number), 'font-size="8" text-anchor="middle"', "tick"))
    return "".join(drawn)


def _place(number: float) -> float:
    """Where a number stands on the axis, in points from its left."""
    return float((np.arcsinh(number / LINEAR) / END + 1) / 2 * WIDTH)


def _legend(note: str) -> str:
    x, y = 2 * (WIDTH + GAP), TITLE + 6
    entries = [
        f'<rect x="{x:g}" y="{y - 7:g}" width="20" height="9" {INFERENCE}/>',
        _text(x + 25, y, _("inference mode"), _small(_("inference mode"), WIDTH - 25), "legend"),
        f'<path d="M{x:g} {y + 11:g}h20" {TRAINING}/>',
    ]
    lines = wrapped(_("training mode, where it differs"), LEGEND)
    entries += [_text(x + 25, y + 14 + 10 * place, line, 'font-size="9"', "legend") for place, line in enumerate(lines)]
    y += 14 + 10 * len(lines)
    words = _("mean ± standard deviation")
    entries.append(_text(x, y + 4, words, _small(words, WIDTH), "legend"))
    if note:
        entries.append(_text(x, y + 20, note, 'font-size="10" font-weight="bold"', "note"))
    return "".join(entries)


def _small(words: str, room: float) -> str:
    """The look of words beside the bars: as large as the room allows."""
    return f'font-size="{fitting(words, 9, room):.3g}"'


def _text(x: float, y: float, words: str, look: str, name: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}" {look}>{escape(words)}</text>'
