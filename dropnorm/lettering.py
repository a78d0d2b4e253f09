"""Words in drawings: what room they take in any language, and what is done where that is too much.

A word is longer in one language than in another, and no drawing is laid out anew for each. So letters become smaller
where words would not fit, and a legend takes a further row.
"""

from __future__ import annotations

from collections.abc import Collection

from dropnorm.language import width

COLUMN = 0.55  # of the letters' size: what a column of a terminal takes, two of which are a Chinese letter
SIGN = 2.8  # of the letters' size: what stands before the words of a legend's entry


def fitting(words: str, size: float, room: float) -> float:
    """The size of letters, at most ``size``, in which words are no longer than a room; all in one unit."""
    return min(size, room / max(1.0, COLUMN * width(words)))


def abreast(entries: Collection[str], room: float, size: float = 10, between: float = 2) -> int:
    """How many of a legend's entries stand beside one another: all of them, or as many as fit.

    Args:
        entries: their words.
        room: how wide the legend may be, in points.
        size: of the letters, in points.
        between: what lies between two of them, in letters' sizes.
    """
    wide = [size * (SIGN + COLUMN * width(words)) for words in entries]
    gap = size * between
    if sum(wide) + gap * (len(wide) - 1) <= room:
        return max(1, len(wide))
    return max(1, int((room + gap) // (max(wide) + gap)))
