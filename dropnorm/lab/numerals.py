"""How the views write numbers that may be negative: with a minus, not a hyphen."""

from __future__ import annotations


def signed(number: float) -> str:
    """A number with two decimals, and no minus before a zero."""
    return f"{round(number, 2) + 0.0:.2f}".replace("-", "−")


def plain(number: float) -> str:
    """A number as short as it can be written, with a real minus."""
    return f"{number:g}".replace("-", "−")
