"""What the views are given in code: within its limits, or one sentence that says what they take."""

from __future__ import annotations

import math
from collections.abc import Iterable
from numbers import Integral, Real

from dropnorm.language import _, current, listed, spaced


def refuse_objects(view: str, takes: str, value: object) -> None:
    """Say what a view takes where it was given something of another kind, such as a model or curves.

    Args:
        view: its name.
        takes: what it takes and does, translated.
        value: its first argument.

    Raises:
        TypeError: ``value`` is neither a number nor something that could have been meant as one.
    """
    if value is not None and not isinstance(value, Real | str):
        raise TypeError(
            _(
                "{view} takes {takes}; this is a {kind}. To draw learning curves of yours, use `show_curves(curves)`."
            ).format(view=view, takes=takes, kind=type(value).__name__)
        )


def refuse_unknown(view: str, unknown: Iterable[str], known: Iterable[str]) -> None:
    """Say which settings a view has where it was given others.

    Raises:
        TypeError: there are unknown ones.
    """
    if unknown:
        said = _("{view} has no setting {unknown}; it has {known}.")
        raise TypeError(spaced(said.format(view=view, unknown=in_a_row(sorted(unknown)), known=listed(known))))


def whole_number(name: str, value: object, low: int, high: int) -> int:
    """``value``, if it is a whole number within the limits.

    Raises:
        ValueError: it is not; names the argument, the limits and what it was.
    """
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= value <= high:
        said = _("{name} is a whole number from {low} to {high}; this is {value}.")
        raise ValueError(spaced(said.format(name=name, low=low, high=high, value=repr(value))))
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
        raise ValueError(
            _("{name} is a number from {low} to {high}; this is {value}.").format(
                name=name, low=f"{low:g}", high=f"{high:g}", value=repr(value)
            )
        )
    return given


def one_of(name: str, value: object, allowed: tuple[float, ...]) -> float:
    """``value``, if it is one of those allowed.

    Raises:
        ValueError: it is not; names the argument, what is allowed and what it was.
    """
    if isinstance(value, bool) or value not in allowed:
        choices = _(" or ").join(f"{each:g}" for each in allowed)
        raise ValueError(
            _("{name} is {choices}; this is {value}.").format(name=name, choices=choices, value=repr(value))
        )
    return float(value)


def among(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """``value``, if it is one of these words.

    Raises:
        ValueError: it is not; names the argument, what it was and what is allowed.
    """
    if not isinstance(value, str) or value not in allowed:
        raise not_among(name, value, allowed)
    return value


def not_among(name: str, value: object, allowed: Iterable[object]) -> ValueError:
    """The error that says what a lab's choices are, where it was given another value."""
    return ValueError(
        _("{name}={value} is not among the lab's choices: {choices}.").format(
            name=name, value=repr(value), choices=in_a_row(map(repr, allowed))
        )
    )


def in_a_row(items: Iterable[str]) -> str:
    """Items one after the other, without a word before the last one."""
    return current().between_items.join(items)
