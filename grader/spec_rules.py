"""What a spec may hold: the kinds, their settings, and the bounds. Whatever is not listed is refused.

A spec comes from a process that runs a learner's code, so nothing of it is taken on trust.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from dropnorm.language import N_, _

# Wide enough for every model of the course, narrow enough that a spec trains in minutes.
LIMITS = {
    "characters": 20_000,
    "depth": 8,
    "inputs": 20_000,
    "numbers": 1_000,
    "operations": 64,
    "units": 8_192,
    "parameters": 20_000_000,
    "epochs": 1_000,
    "batch_size": 100_000,
}
LEARNING_RATE = 1e6  # at most: no network of the course learns anything with a thousandth of it
OUT_OF_BOUNDS = {
    "epochs": N_("What is trained anew here has between 1 and {most} epochs."),
    "batch_size": N_("What is trained anew here has between 1 and {most} rows in a batch."),
}


class SpecError(ValueError):
    """A spec that cannot be made, read or built; the message is one sentence.

    With ``details`` the message is a template, told in the language of whoever reads it: a training fails once for all
    that want it, in a process that knows nobody's language.
    """

    def __init__(self, message: str, **details: str) -> None:
        super().__init__(message)
        self.details = details

    def __str__(self) -> str:
        return _(self.args[0]).format(**self.details) if self.details else self.args[0]


Rule = Callable[[Any], bool]


def _number(low: float, high: float) -> Rule:
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _whole(low: int, high: int) -> Rule:
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _one_of(*values: Any) -> Rule:
    return lambda value: isinstance(value, str) and value in values


def _or_none(rule: Rule) -> Rule:
    return lambda value: value is None or rule(value)


def _numbers(value: Any) -> bool:
    return isinstance(value, list) and 1 <= len(value) <= LIMITS["numbers"] and all(map(_number(-1e12, 1e12), value))


def _mask_shape(value: Any) -> bool:
    sides = _or_none(_whole(1, LIMITS["units"]))
    return value is None or (isinstance(value, list) and len(value) == 2 and all(map(sides, value)))


def _object(*class_names: str) -> Rule:
    """A Keras object by class and config, of one of these classes, its config flat and plain."""

    def rule(value: Any) -> bool:
        if value is None:
            return True
        if not isinstance(value, dict) or set(value) != {"class_name", "config"}:
            return False
        named = isinstance(value["class_name"], str) and value["class_name"] in class_names
        return named and isinstance(value["config"], dict) and all(map(_plain, value["config"].values()))

    return rule


def _plain(value: Any) -> bool:
    few = isinstance(value, list) and len(value) <= 64 and all(map(_number(-1e12, 1e12), value))
    return few or isinstance(value, bool) or _number(-1e12, 1e12)(value) or (isinstance(value, str) and len(value) < 32)


_INITIALIZER = _object(
    *("Zeros", "Ones", "Constant", "Orthogonal", "RandomNormal", "RandomUniform", "TruncatedNormal"),
    *("VarianceScaling", "GlorotNormal", "GlorotUniform", "HeNormal", "HeUniform", "LecunNormal", "LecunUniform"),
)
_REGULARIZER = _object("L1", "L2", "L1L2", "OrthogonalRegularizer")
_CONSTRAINT = _object("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")
_SCHEDULE = _object(
    *("ExponentialDecay", "CosineDecay", "CosineDecayRestarts"),
    *("PiecewiseConstantDecay", "PolynomialDecay", "InverseTimeDecay"),
)
_RATE, _MEASURE = _number(0, 1), _number(-1e12, 1e12)
# In the order in which they are tried on values: relu before its relatives.
FUNCTIONS = (
    *("relu", "sigmoid", "tanh", "elu", "selu", "silu", "gelu", "gelu_tanh", "softplus", "softsign", "exponential"),
    *("hard_sigmoid", "hard_silu", "hard_tanh", "relu6", "mish", "softmax", "log_softmax", "log_sigmoid"),
    *("squareplus", "soft_shrink", "hard_shrink", "tanh_shrink", "sparse_plus", "sparse_sigmoid", "leaky_relu"),
)


def _weights(*names: str) -> dict[str, Rule]:
    """The settings that Keras offers for each weight of a layer."""
    endings = {"_initializer": _INITIALIZER, "_regularizer": _REGULARIZER, "_constraint": _CONSTRAINT}
    return {name + ending: rule for name in names for ending, rule in endings.items()}


_NORMALIZATION = {
    "axis": _whole(-1, -1),
    "epsilon": _number(0, 10),
    "center": _flag,
    "scale": _flag,
    **_weights("beta", "gamma"),
}
# For each kind the settings that it must have, then those that it may have.
KINDS: Mapping[str, tuple[dict[str, Rule], dict[str, Rule]]] = {
    "dense": (
        {"units": _whole(1, LIMITS["units"]), "use_bias": _flag},
        {**_weights("kernel", "bias"), "activity_regularizer": _REGULARIZER},
    ),
    "activation": (
        {"function": _one_of(*FUNCTIONS)},
        {"negative_slope": _number(-10, 10), "alpha": _number(-10, 10)},
    ),
    "dropout": ({"rate": _RATE}, {"noise_shape": _mask_shape}),
    "alpha_dropout": ({"rate": _RATE}, {"noise_shape": _mask_shape}),
    "gaussian_dropout": ({"rate": _RATE}, {}),
    "gaussian_noise": ({"stddev": _number(0, 1e6)}, {}),
    "batch_normalization": (
        {"axis": _whole(-1, -1), "momentum": _number(0, 1), "epsilon": _number(0, 10), "center": _flag, "scale": _flag},
        {
            **_NORMALIZATION,
            "moving_mean_initializer": _INITIALIZER,
            "moving_variance_initializer": _INITIALIZER,
            "renorm": _flag,
            "renorm_momentum": _number(0, 1),
        },
    ),
    "layer_normalization": ({}, _NORMALIZATION),
    "rms_normalization": ({}, {"axis": _whole(-1, -1), "epsilon": _number(0, 10)}),
    "unit_normalization": ({}, {"axis": _whole(-1, -1)}),
    "p_re_lu": ({}, _weights("alpha")),
    "rescaling": ({"scale": _MEASURE, "offset": _MEASURE}, {}),
    "normalization": ({"mean": _numbers, "variance": _numbers}, {}),
}
OPTIMIZERS = (
    *("sgd", "adam", "adamw", "rmsprop", "adagrad", "adadelta", "adamax", "nadam"),
    *("ftrl", "lion", "adafactor"),
)
LOSSES = (
    "mean_absolute_error",
    "mean_squared_error",
    "mean_absolute_percentage_error",
    "mean_squared_logarithmic_error",
    "huber",
    "log_cosh",
    "poisson",
    "binary_crossentropy",
    "hinge",
    "squared_hinge",
    "kl_divergence",
    "cosine_similarity",
)
# Of kinds: of numbers of kinds, or of one-hot rows. Those that take probabilities may be told to take logits.
CLASS_LOSSES = ("categorical_crossentropy", "sparse_categorical_crossentropy", "categorical_focal_crossentropy")
SUM, LOGITS = "sum", "logits"
_NAMES = (
    *(f"{loss}{added}" for loss in (*LOSSES, *CLASS_LOSSES) for added in ("", f":{SUM}")),
    *(f"{loss}:{LOGITS}" for loss in (*CLASS_LOSSES, "binary_crossentropy")),
)
_AMOUNT = _or_none(_number(-1e6, 1e6))
OPTIMIZER_SETTINGS: Mapping[str, Rule] = {
    **dict.fromkeys(("momentum", "rho", "beta_1", "beta_2", "beta_2_decay", "ema_momentum"), _number(-10, 10)),
    **dict.fromkeys(("epsilon", "epsilon_1", "epsilon_2", "initial_accumulator_value", "learning_rate_power"), _AMOUNT),
    **dict.fromkeys(("l1_regularization_strength", "l2_regularization_strength", "beta", "clip_threshold"), _AMOUNT),
    **dict.fromkeys(("l2_shrinkage_regularization_strength", "loss_weights", "loss_scale_factor"), _AMOUNT),
    **dict.fromkeys(("weight_decay", "clipnorm", "clipvalue", "global_clipnorm"), _AMOUNT),
    **dict.fromkeys(("nesterov", "amsgrad", "centered", "use_ema", "relative_step"), _flag),
    **dict.fromkeys(("gradient_accumulation_steps", "ema_overwrite_frequency"), _or_none(_whole(1, 100_000))),
    "learning_rate_schedule": _SCHEDULE,
}


def check_operation(operation: Any) -> None:
    """Raise `SpecError` where an operation of a spec is not one of the known kinds with settings within the bounds."""
    if not isinstance(operation, dict) or not {"kind", "settings"} <= set(operation):
        raise SpecError(_("An operation of a spec has a kind and settings."))
    kind, settings = operation["kind"], operation["settings"]
    if not isinstance(kind, str) or kind not in KINDS:
        raise SpecError(_("A layer of the kind {kind} is not trained anew here.").format(kind=_cut(kind)))
    modes = {name: value for name, value in operation.items() if name not in ("kind", "settings")}
    allowed = {"trainable": (False,), "forced_training": (True, False)}
    for name, value in modes.items():
        if name not in allowed or not isinstance(value, bool) or value not in allowed[name]:
            raise SpecError(_("A layer that has {name} like this is not trained anew here.").format(name=_cut(name)))
    required, optional = KINDS[kind]
    if not isinstance(settings, dict):
        raise SpecError(_("The settings of the operation {kind} are no mapping.").format(kind=repr(kind)))
    for name in required:
        if name not in settings:
            missing = _("The operation {kind} of a spec needs {name}.")
            raise SpecError(missing.format(kind=repr(kind), name=repr(name)))
    _check_settings(_("layer {kind}").format(kind=repr(kind)), settings, {**optional, **required})


def check_compile(described: Any) -> None:
    """Raise `SpecError` where the compile part of a spec is not within the bounds."""
    if not isinstance(described, dict) or set(described) != {"optimizer", "learning_rate", "loss", "settings"}:
        raise SpecError(_("A spec's compile part has an optimizer, its learning rate, a loss and settings."))
    settings, optimizer, loss = described["settings"], described["optimizer"], described["loss"]
    if not _one_of(*OPTIMIZERS)(optimizer):
        refused = _("Nothing is trained anew here by the optimizer {optimizer}.")
        raise SpecError(refused.format(optimizer=_cut(optimizer)))
    if not _one_of(*_NAMES)(loss):
        raise SpecError(_("Nothing is trained anew here with the loss {loss}.").format(loss=_cut(loss, 60)))
    if not isinstance(settings, dict):
        raise SpecError(_("The settings of a spec's optimizer are no mapping."))
    if not _or_none(_number(0, LEARNING_RATE))(described["learning_rate"]):
        raise SpecError(_("What is trained anew here has a learning rate between 0 and a million."))
    if (described["learning_rate"] is None) != ("learning_rate_schedule" in settings):
        raise SpecError(_("A spec has a learning rate or a schedule of it, not both."))
    _check_settings(_("optimizer {name}").format(name=repr(optimizer)), settings, OPTIMIZER_SETTINGS)


def check_fit(fit: Any) -> None:
    """Raise `SpecError` where the fit part of a spec is not within the bounds."""
    if fit is None:
        return
    if not isinstance(fit, dict) or set(fit) != {"epochs", "batch_size"}:
        raise SpecError(_("A spec's fit part has epochs and a batch size."))
    for name, value in fit.items():
        if not _whole(1, LIMITS[name])(value):
            raise SpecError(_(OUT_OF_BOUNDS[name]).format(most=LIMITS[name]))


def _check_settings(of: str, settings: Mapping[str, Any], rules: Mapping[str, Rule]) -> None:
    for name, value in settings.items():
        if name not in rules:
            unknown = _("Nothing is trained anew here with the setting {name} of the {owner}.")
            raise SpecError(unknown.format(name=_cut(name), owner=of))
        if not rules[name](value):
            unusual = _("The setting {name} of the {owner} is {value}: with that nothing is trained anew here.")
            raise SpecError(unusual.format(name=repr(name), owner=of, value=_cut(value)))


def _cut(value: Any, length: int = 40) -> str:
    """A value in quotes, cut to a length: it is anything that a process may say."""
    return repr(str(value)[:length])
