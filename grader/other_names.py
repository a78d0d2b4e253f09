"""An answer under a wrong name: a model that the notebook neither makes itself nor asks for elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def model_of_another_name(names: Mapping[str, Any], exercise: Any) -> str | None:
    """The name of a Keras model that may be the answer to an exercise, or None.

    Models of the names that the notebook uses for others are left out, under a second name as well; but for one that
    takes rows of this exercise's width where those others do not.
    """
    import keras

    others = [names.get(name) for name in exercise.other_models if not _fits_here_only(name, names, exercise)]
    for name, value in names.items():
        if isinstance(value, keras.Model) and not name.startswith("_") and all(value is not each for each in others):
            return name
    return None


def _fits_here_only(name: str, names: Mapping[str, Any], exercise: Any) -> bool:
    """Whether the name of another exercise's answer holds a model that takes rows as this exercise has them only."""
    from grader.exercises import EXERCISES  # its declarations look at evidence, which asks here

    widths = {each.reference.inputs for each in EXERCISES.values() if each.model_name == name}
    own = exercise.reference.inputs
    return bool(widths) and own not in widths and getattr(names.get(name), "input_shape", None) == (None, own)
