"""Drawings in two layers: axes that matplotlib draws once, and what changes, as SVG written over them.

A full figure takes matplotlib longer than a slider may wait, a few SVG paths take next to nothing; both lie on each
other and have one size, so that nothing jumps.
"""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import numpy as np
from matplotlib.axes import Axes

POINTS_AN_INCH = 72  # of a figure that is drawn here: its pixels are then the drawing's points


def element(inside: str, alt: str, inches: tuple[float, float], look: str = 'fill="currentColor"') -> str:
    """SVG code as an ``<svg>`` element of its own, no wider than the page.

    Args:
        inside: the code.
        alt: what is seen, in plain words.
        inches: width and height.
        look: attributes that hold for all of it.
    """
    width, height = (POINTS_AN_INCH * side for side in inches)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}pt" role="img" '
        f'aria-label={quoteattr(alt)} {look} style="max-width: 100%; height: auto">{inside}</svg>'
    )


def places(axes: Axes, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Where numbers lie in the drawing, ``(points, 2)``, in points from its left and from its top."""
    points = axes.transData.transform(np.column_stack([x, y]))
    points[:, 1] = axes.figure.bbox.height - points[:, 1]
    return points


def path(points: np.ndarray) -> str:
    """The ``d`` of a line through the points, ``(points, 2)``, interrupted where there is no number."""
    steps, drawing = [], False
    for x, y in points.tolist():
        if y != y:  # NaN
            drawing = False
            continue
        steps.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = True
    return "".join(steps)
