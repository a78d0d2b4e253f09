"""How deep a value of JSON is nested: what goes through all of it, calling itself, ends where that is too deep."""

from __future__ import annotations

import math
from typing import Any


def depth(value: Any, most: float = math.inf) -> int:
    """How many levels of lists and objects a value has; no more than one above ``most`` are counted."""
    levels, here = 0, [value]
    while levels <= most and (here := [each for each in here if isinstance(each, dict | list)]):
        levels += 1
        here = [item for each in here for item in (each.values() if isinstance(each, dict) else each)]
    return levels
