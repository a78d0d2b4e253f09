"""What a built-in Keras layer is and how it was set, as plain values that can be compared, printed and stored.

Only what changes the computation is kept: names, seeds and settings left at Keras' defaults are not.
"""

from __future__ import annotations

import inspect
import math
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
CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D")
# Settings by which other layers say how they do what Dense does.
NOT_OF_DENSE = {"equation", "output_shape", "bias_axes", "filters", "kernel_size", "strides", "padding", "data_format"}
NOT_OF_DENSE |= {"dilation_rate", "groups", "use_bias"}
# A setting of the second is without effect where the first is False.
SWITCHES = {"use_bias": "bias_", "center": "beta_", "scale": "gamma_"}


def built_in_base(layer: Any) -> type | None:
    """The built-in class that the layer is or derives from; None for a layer or a model of one's own."""
    generic = (keras.layers.Layer, keras.Model, keras.Sequential)
    base = next((base for base in type(layer).__mro__ if base.__module__.startswith("keras.")), None)
    return None if base in generic or base is None or issubclass(base, keras.Model) else base


def built_in_class(layer: Any) -> type | None:
    """The built-in class whose computation the layer does; None for a layer of one's own.

    A subclass of a built-in layer that does not override ``call`` does what its parent does.
    """
    base = built_in_base(layer)
    if base is None:
        return None
    own = type(layer).__mro__[: type(layer).__mro__.index(base)]
    return None if any({"call", "__call__"} & set(vars(cls)) for cls in own) else base


def kind_of(cls: type) -> str:
    """The name of a kind of layer: its class name in snake case (``batch_normalization``, ``spatial_dropout1d``)."""
    name = re.sub(r"([a-z0-9])([A-Z][a-z])", r"\1_\2", cls.__name__)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)).lower()


def does_dense(layer: Any, cls: type, shape: tuple[int, ...]) -> bool:
    """Whether a layer does what Dense does on inputs of a shape.

    Dense itself does, EinsumDense from one axis to one axis, and a convolution that sees one step at a time where there
    is one step only.
    """
    if cls.__name__ in CONVOLUTIONS:
        one_step = math.prod(shape[1:-1]) == math.prod(layer.kernel_size) == 1
        return one_step and layer.groups == 1 and layer.data_format == "channels_last"
    if cls.__name__ != "EinsumDense" or len(shape) != 2:
        return cls.__name__ == "Dense"
    given, kernel, made = re.match(r"(.*),(.*)->(.*)", layer.equation.replace("...", "z").replace(" ", "")).groups()
    whole_bias = layer.bias is None or layer.bias.ndim == 1
    return kernel == given[1:] + made[1:] and len(kernel) == 2 and given[0] == made[0] and whole_bias


def width_of(layer: Any, cls: type, outputs: Any) -> int | None:
    """How many numbers a layer gives that multiplies by weights (a convolution, a recurrent layer); else None."""
    wraps = isinstance(layer, keras.layers.Wrapper)
    by_feature = not wraps and ("normalization" in kind_of(cls) or cls.__name__ == "PReLU")
    if by_feature or all(len(weight.shape) < 2 for weight in layer.weights):
        return None
    return int(outputs[0].shape[-1])


def settings_of(layer: Any, cls: type, shape: tuple[int, ...]) -> dict[str, Any]:
    """The settings of a built-in layer that matter: those always told, those without a default, those changed.

    Args:
        layer: the layer.
        cls: its built-in class.
        shape: of its input. An axis is counted from the end, so that equal axes have equal numbers.
    """
    rank = len(shape)
    always = ALWAYS.get(kind_of(cls), ())
    settings: dict[str, Any] = {}
    ignored = IGNORED
    if cls.__name__ != "Dense" and does_dense(layer, cls, shape):
        settings = {"units": int(layer.kernel.shape[-1]), "use_bias": layer.bias is not None}
        ignored = IGNORED | NOT_OF_DENSE
    elif cls.__name__ == "Dense" and math.prod(shape[1:-1]) > 1:
        settings["steps"] = math.prod(shape[1:-1])  # it works on each of them by itself
    for name, parameter in inspect.signature(cls.__init__).parameters.items():
        if name in ignored or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        if not hasattr(layer, name):
            continue
        value = plain(_resolve(name, getattr(layer, name)))
        if name == "axis":
            value = value[0] if isinstance(value, list) and len(value) == 1 else value
            value = value % rank - rank if isinstance(value, int) else value
        if name == "noise_shape" and value and _each_number(value, shape):
            value = None
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
    if hasattr(value, "numpy"):
        value = np.asarray(value.numpy())
    if isinstance(value, np.ndarray):
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
    if isinstance(value, keras.regularizers.Regularizer) and _without_effect(value):
        return None
    cls, config = type(value), {}
    if hasattr(value, "get_config") and cls.__module__.startswith("keras."):
        config = {k: plain(v) for k, v in value.get_config().items() if k not in ("seed", "name") and v is not None}
        return {"class_name": cls.__name__, "config": config}
    name = getattr(value, "__name__", cls.__name__)
    return {"class_name": f"{getattr(value, '__module__', cls.__module__)}.{name}", "config": config}


def _each_number(noise_shape: list[int | None], shape: tuple[int, ...]) -> bool:
    """Whether a noise shape asks for a mask of its own for every number, as none does."""
    rest = zip(noise_shape[1:], shape[1:], strict=False)
    return len(noise_shape) == len(shape) and noise_shape[0] is None and all(n in (None, size) for n, size in rest)


def _without_effect(regularizer: Any) -> bool:
    """Whether a built-in regularizer multiplies by nothing but zero."""
    sums = isinstance(regularizer, keras.regularizers.L1 | keras.regularizers.L2 | keras.regularizers.L1L2)
    return sums and not any(float(factor) for factor in regularizer.get_config().values())


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
