"""What the views are given in code: within its limits, or one sentence that says what they take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real


def refuse_objects(view: str, takes: str, value: object) -> None:
    """Say what a view takes where it was given something of another kind, such as a model or curves.

    Args:
        view: its name.
        takes: what it takes and does.
        value: its first argument.

    Raises:
        TypeError: ``value`` is neither a number nor something that could have been meant as one.
    """
    if value is not None and not isinstance(value, Real | str):
        raise TypeError(
            f"{view} takes {takes}; this is a {type(value).__name__}. To draw learning curves of yours, use "
            "`show_curves(curves)`."
        )


def refuse_unknown(view: str, unknown: Iterable[str], known: str) -> None:
    """Say which settings a view has where it was given others.

    Raises:
        TypeError: there are unknown ones.
    """
    if unknown:
        raise TypeError(f"{view} has no setting {', '.join(sorted(unknown))}; it has {known}.")


def whole_number(name: str, value: object, low: int, high: int) -> int:
    """``value``, if it is a whole number within the limits.

    Raises:
        ValueError: it is not; names the argument, the limits and what it was.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= value <= high:
        raise ValueError(f"{name} is a whole number from {low} to {high}; this is {value!r}.")
    return int(value)


def real_number(name: str, value: object, low: float, high: float) -> float:
    """``value``, if it is a number within the limits.

    Raises:
        ValueError: it is not; names the argument, the limits and what it was.
    """
    try:
        given = float(value)
    except (TypeError, ValueError):
        given = math.nan
    if isinstance(value, bool | str) or not low <= given <= high:
        raise ValueError(f"{name} is a number from {low:g} to {high:g}; this is {value!r}.")
    return given


def one_of(name: str, value: object, allowed: tuple[float, ...]) -> float:
    """``value``, if it is one of those allowed.

    Raises:
        ValueError: it is not; names the argument, what is allowed and what it was.
    """
    if isinstance(value, bool) or value not in allowed:
        raise ValueError(f"{name} is {' or '.join(f'{each:g}' for each in allowed)}; this is {value!r}.")
    return float(value)


def among(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """``value``, if it is one of these words.

    Raises:
        ValueError: it is not; names the argument, what it was and what is allowed.
    """
    if not isinstance(value, str) or value not in allowed:
        choices = ", ".join(repr(each) for each in allowed)
        raise ValueError(f"{name}={value!r} is not among the lab's choices: {choices}.")
    return value
