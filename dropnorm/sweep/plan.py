"""What a run is: the network's layers by their standard names, how it is trained, and from which seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from dropnorm.language import _


@dataclass(frozen=True)
class Dense:
    """``keras.layers.Dense(units, use_bias=...)``, without activation."""

    units: int
    use_bias: bool = True


@dataclass(frozen=True)
class Relu:
    """``keras.layers.Activation("relu")``."""


@dataclass(frozen=True)
class Dropout:
    """``keras.layers.Dropout(rate)``: ``rate`` is the share dropped."""

    rate: float

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 1:
            raise ValueError(_("A dropout rate is at least 0 and below 1; this one is {rate}.").format(rate=self.rate))


@dataclass(frozen=True)
class BatchNorm:
    """``keras.layers.BatchNormalization(momentum=..., epsilon=...)`` with Keras' defaults."""

    momentum: float = 0.99
    epsilon: float = 1e-3


Layer = Dense | Relu | Dropout | BatchNorm


def one_output(layers: Sequence[Layer]) -> bool:
    """Whether a chain of layers predicts one number a row: its last Dense has one unit."""
    return [layer.units for layer in layers if isinstance(layer, Dense)][-1:] == [1]


@dataclass(frozen=True)
class Plan:
    """One run: a chain of layers that predicts one number a row, trained on the mean absolute error.

    Attributes:
        layers: from the inputs to the output.
        optimizer: "adam" (learning rate 0.001 by default) or "sgd" (0.01), as Keras has them.
        epochs: passes over the training part.
        batch_size: rows a step; the last step of an epoch takes what is left.
        seed: of initial weights, masks and the order of the rows, each drawn from a stream of its own.
        shuffle: as in `dropnorm.training.train`: one order for all epochs, or a new one for each.
        learning_rate: None for the optimizer's own default.
    """

    layers: tuple[Layer, ...]
    optimizer: Literal["adam", "sgd"] = "adam"
    epochs: int = 100
    batch_size: int = 256
    seed: int = 0
    shuffle: Literal["once", "each epoch"] = "once"
    learning_rate: float | None = None

    def __post_init__(self) -> None:
        if not one_output(self.layers):
            raise ValueError(_("A plan predicts one number a row: its last Dense has one unit."))
        if self.optimizer not in ("adam", "sgd"):
            said = _("A plan's optimizer is 'adam' or 'sgd', not {optimizer}.")
            raise ValueError(said.format(optimizer=repr(self.optimizer)))
