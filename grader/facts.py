"""Facts about a model: what it does, whatever way it was written.

These are the nouns; `grader.tracing` observes them on a Keras model. Nothing here imports Keras, so that rubric and
messages can be read and tested without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from grader.misconceptions import explain

REGULARIZER = "_regularizer"  # how the settings end that add a penalty to the loss


class ObservationError(Exception):
    """What was handed in cannot be observed; the text says what was seen, why it matters, and one next step.

    Attributes:
        reason: the misconception behind it: one of `grader.misconceptions.no_model`.
        details: the fields of its message: ``type``; ``expected`` and ``got`` (widths); ``error``; …
    """

    def __init__(self, reason: str, **details: Any) -> None:
        super().__init__(explain(reason, name="model", **details))
        self.reason, self.details = reason, details

    @property
    def cause(self) -> BaseException | None:
        """What the model raised, where that is behind it."""
        return getattr(self.__cause__, "known", self.__cause__)

    def told_of(self, name: str) -> str:
        """The text for a model of that name."""
        return explain(self.reason, name=name, **self.details)


@dataclass(frozen=True)
class Operation:
    """One step of the computation from the inputs to the output.

    Attributes:
        kind: ``dense``, ``activation``, ``dropout``, ``batch_normalization``; for every other built-in layer its class
            name in snake case (``alpha_dropout``, ``layer_normalization``, …); ``custom`` for a layer of one's own.
        layer: the Keras layer's name, for messages; for a plain function its name.
        settings: what the kind needs: ``units`` and ``use_bias``; ``function`` (by its values: ``relu``, …, or
            ``unknown``); ``rate``; ``axis``, ``momentum``, ``epsilon``, ``center`` and ``scale``; else the config.
        trainable: False where no training moves the layer's weights: it was frozen, or the model does not own it.
        forced_training: the value of ``training=`` where the code forces it in the call, else None.
        forced_in_plain_calls: True where ``training=True`` stands in the call, but Keras heeds it only when the model
            is called as ``model(X)``: ``fit``, ``evaluate`` and ``predict`` tell a functional model otherwise.
        owned: False where the layer would learn, but the model does not have it: it is made anew in each call, say.
        width: of a layer that multiplies by weights as Dense does, but is none (a convolution): how many numbers it
            gives; else None.
        inverted: True where ``training`` is forced to the opposite of the mode that the model runs in.
    """

    kind: str
    layer: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    trainable: bool = True
    forced_training: bool | None = None
    forced_in_plain_calls: bool = False
    owned: bool = True
    width: int | None = None
    inverted: bool = False


@dataclass(frozen=True)
class CompileFacts:
    """How a model was compiled.

    Attributes:
        optimizer: its name in lower case: ``adam``, ``sgd``, …
        learning_rate: its value before any schedule moved it; None where it is a schedule.
        loss: the canonical name of the loss by its values (``mean_absolute_error``, …), or ``unknown``.
        settings: the optimizer's other settings that differ from Keras' defaults (``momentum`` 0.9, …).
    """

    optimizer: str
    learning_rate: float | None
    loss: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelFacts:
    """What a Keras model does.

    Attributes:
        operations: the steps in the order in which data flow through them; steps that change nothing (a linear
            activation, an identity, the input itself) are left out.
        inputs: number of input features that it was observed on.
        chain: whether the steps form one chain: no branch, no weights used twice. Where they do not, ``operations``
            lists the steps in the order of their calls.
        compiled: how it was compiled; None where it was not.
        deterministic: whether the same rows twice at inference give the same predictions.
        moving: for each batch normalization, by layer name: whether a training step moves its moving averages.
        zeros: for each dropout-like step, by layer name: the share of its non-zero inputs that training mode sets to
            zero.
        idle: layers that change nothing though they are of a kind that does (dropout of rate 0); not in ``operations``.
        unjudged: reasons why a human must look, one sentence each: a layer of one's own, a step that cannot be traced.
        shapes: for each output the shape of one row's prediction; ``((1,),)`` for one number.
    """

    operations: tuple[Operation, ...]
    inputs: int
    chain: bool = True
    compiled: CompileFacts | None = None
    deterministic: bool = True
    moving: Mapping[str, bool] = field(default_factory=dict)
    zeros: Mapping[str, float] = field(default_factory=dict)
    idle: tuple[Operation, ...] = ()
    unjudged: tuple[str, ...] = ()
    shapes: tuple[tuple[int, ...], ...] = ((1,),)

    @property
    def penalized(self) -> tuple[str, ...]:
        """The regularizers of the layers, each as it is written: ``kernel_regularizer = L2``."""
        found = (each for step in self.operations for each in step.settings.items() if each[0].endswith(REGULARIZER))
        written = (f"{name} = {value['class_name']}" for name, value in found if isinstance(value, dict))
        return tuple(dict.fromkeys(written))

    def of_kind(self, kind: str) -> tuple[Operation, ...]:
        """The steps of one kind, in order."""
        return tuple(operation for operation in self.operations if operation.kind == kind)
