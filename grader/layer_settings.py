"""What a built-in Keras layer is and how it was set, as plain values that can be compared, printed and stored.

Only what changes the computation is kept: names, seeds and settings left at Keras' defaults are not.
"""

from __future__ import annotations

import inspect
import re
from typing import Any

import keras
import numpy as np

# Always told, default or not: they are what the criteria ask about.
ALWAYS = {
    "dense": ("units", "use_bias"),
    "dropout": ("rate",),
    "batch_normalization": ("axis", "momentum", "epsilon", "center", "scale"),
}
# Not part of what a layer computes: names and seeds; the activation is a step of its own.
IGNORED = {"self", "name", "seed", "dtype", "trainable", "activation", "synchronized", "quantization_config"}
# A setting of the second is without effect where the first is False.
SWITCHES = {"use_bias": "bias_", "center": "beta_", "scale": "gamma_"}


def built_in_class(layer: Any) -> type | None:
    """The built-in class whose computation the layer does; None for a layer of one's own.

    A subclass of a built-in layer that overrides neither ``call`` nor ``build`` does what its parent does.
    """
    cls = type(layer)
    for base in cls.__mro__:
        if base.__module__.startswith("keras."):
            return None if base in (keras.layers.Layer, keras.Model, keras.Sequential) else base
        if {"call", "build", "__call__"} & set(vars(base)):
            return None
    return None


def kind_of(cls: type) -> str:
    """The name of a kind of layer: its class name in snake case (``batch_normalization``, ``spatial_dropout1d``)."""
    name = re.sub(r"([a-z0-9])([A-Z][a-z])", r"\1_\2", cls.__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)).lower()


def settings_of(layer: Any, cls: type, rank: int) -> dict[str, Any]:
    """The settings of a built-in layer that matter: those always told, those without a default, those changed.

    Args:
        layer: the layer.
        cls: its built-in class.
        rank: number of axes of its input; an axis is counted from the end, so that equal axes have equal numbers.
    """
    always = ALWAYS.get(kind_of(cls), ())
    settings: dict[str, Any] = {}
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        if name in IGNORED or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if not hasattr(layer, name):
            continue
        value = plain(_resolve(name, getattr(layer, name)))
        if name == "axis" and isinstance(value, int):
            value = value % rank - rank
        required = parameter.default is parameter.empty
        if required or name in always or value != plain(_resolve(name, parameter.default)):
            settings[name] = value
    for switch, prefix in SWITCHES.items():
        if settings.get(switch) is False:
            settings = {name: value for name, value in settings.items() if not name.startswith(prefix)}
    policy = layer.dtype_policy.name
    if policy != "float32":
        settings["dtype"] = policy
    return settings


def plain(value: Any) -> Any:
    """A value as JSON could hold it: numbers rounded to six significant digits, Keras objects by class and config."""
    if isinstance(value, np.ndarray) or hasattr(value, "numpy"):
        value = np.asarray(value)
        return plain(value.item() if value.ndim == 0 else value.tolist())
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    cls, config = type(value), {}
    if hasattr(value, "get_config") and cls.__module__.startswith("keras."):
        config = {k: plain(v) for k, v in value.get_config().items() if k not in ("seed", "name") and v is not None}
        return {"class_name": cls.__name__, "config": config}
    name = getattr(value, "__name__", cls.__name__)
    return {"class_name": f"{getattr(value, '__module__', cls.__module__)}.{name}", "config": config}


def _resolve(name: str, value: Any) -> Any:
    """An initializer, regularizer or constraint as an object, whatever it was given as."""
    for suffix, module in (
        ("_initializer", keras.initializers),
        ("_regularizer", keras.regularizers),
        ("_constraint", keras.constraints),
    ):
        if name.endswith(suffix) and isinstance(value, str):
            return module.get(value)
    return value
