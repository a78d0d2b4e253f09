"""The steps of one run of a model: each recorded call, each plain function between calls, and who feeds whom."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import Any

import keras
import numpy as np

from dropnorm.language import N_, _
from grader.activations import dropout_of_values, name_of, name_of_values, same, scaling_of_values
from grader.facts import Operation
from grader.layer_settings import does_dense, kind_of, plain, settings_of, width_of
from grader.recording import SCALINGS, Call

PLAIN = N_("a plain function")  # the name of a step that is no layer's
INPUT = -1  # the place of the model's input among the steps
ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax")
DEAF = {"dense", "activation"}  # told `training`, but doing the same in both modes
MAY_DO_NOTHING = ("Flatten", "Reshape", "Permute", "ActivityRegularization")


@dataclass(eq=False)
class Step:
    """One step: what it does, the places of the steps that feed it, what went in and came out, the call behind it."""

    operations: list[Operation]
    sources: list[int]
    inputs: list[Any]
    outputs: list[Any]
    call: Call | None = None


@dataclass(eq=False)
class Steps:
    """The steps between input and output in the order of their calls, and what can be said of it."""

    steps: list[Step]
    chain: bool
    unjudged: tuple[str, ...]

    @property
    def operations(self) -> list[Operation]:
        return [operation for step in self.steps for operation in step.operations]

    def moving(self) -> dict[str, bool]:
        """For each batch normalization, by name: whether the run moved its moving averages."""
        return {
            operation.layer: step.call is not None and step.call.moved
            for step in self.steps
            for operation in step.operations
            if operation.kind == "batch_normalization"
        }

    def zeros(self) -> dict[str, float]:
        """For each dropout-like step, by name: the share of its non-zero inputs that it set to zero."""
        zeros = {}
        for step in self.steps:
            for operation in step.operations:
                if not is_dropout(operation) or changes_nothing(operation):
                    continue
                given, passed = np.asarray(step.inputs[0]) != 0, np.asarray(step.outputs[0]) == 0
                zeros[operation.layer] = float(np.mean(passed[given])) if given.any() else 0.0
        return zeros


def is_dropout(operation: Operation) -> bool:
    """Whether a step is of the dropout family: it has a rate and draws a mask."""
    return "dropout" in operation.kind and "rate" in operation.settings


def changes_nothing(operation: Operation) -> bool:
    """Whether a step is of a kind that draws, but draws nothing: dropout of rate 0, noise of deviation 0."""
    settings = operation.settings
    return (is_dropout(operation) and settings["rate"] == 0) or settings.get("stddev") == 0


def steps_of(model: Any, run: Any) -> Steps:
    """The steps of one run (`grader.tracing.Run`) that its output depends on."""
    follower = _Follower(model, run)
    for call in run.recorder.calls:
        follower.call(call)
    ends = [follower.source(tensor, _("the output")) for tensor in keras.tree.flatten(run.outputs)]
    used: set[int] = set()
    waiting = list(ends)
    while waiting:
        place = waiting.pop()
        if place != INPUT and place not in used:
            used.add(place)
            waiting.extend(follower.steps[place].sources)
    places = sorted(used)
    steps = [follower.steps[place] for place in places]
    in_a_row = all(step.sources == [before] for before, step in zip([INPUT, *places], steps, strict=False))
    weighted = [id(step.call.layer) for step in steps if step.call is not None and step.call.layer.weights]
    chain = len(ends) == 1 and in_a_row and len(weighted) == len(set(weighted))
    return Steps(steps, chain, tuple(follower.unjudged))


def in_words(name: str) -> str:
    """The name of a step as messages say it."""
    return _(PLAIN) if name == PLAIN else name


class _Follower:
    """Finds, for each tensor that a layer was given, the step that it came from."""

    def __init__(self, model: Any, run: Any) -> None:
        self.model, self.run = model, run
        self.steps: list[Step] = []
        self.owner: dict[int, int] = {id(run.inputs): INPUT}
        self.unjudged: list[str] = []
        self.trained = {id(variable) for variable in model.trainable_variables}
        # Of the layers around a tensor the innermost names it: it was left first.
        self.insides = {id(tensor): layer for layer, tensors in reversed(run.recorder.insides) for tensor in tensors}
        self.layer_names: dict[str, int] = {}

    def add(self, step: Step) -> int:
        self.steps.append(step)
        place = len(self.steps) - 1
        self.owner.update({id(tensor): place for tensor in step.outputs})
        return place

    def value(self, place: int) -> np.ndarray | None:
        tensors = [self.run.inputs] if place == INPUT else self.steps[place].outputs
        return np.asarray(tensors[0]) if len(tensors) == 1 else None

    def source(self, tensor: Any, reader: str) -> int:
        """The place of the step that ``tensor`` came from; a plain function in between is a step of its own."""
        if id(tensor) in self.owner:
            return self.owner[id(tensor)]
        value = np.asarray(tensor)
        places = range(len(self.steps) - 1, INPUT - 1, -1)  # the latest first: it is the likeliest
        known = {place: found for place in places if (found := self.value(place)) is not None}
        for place, found in known.items():
            if same(found, value):
                self.owner[id(tensor)] = place
                return place
        layer = self.insides.get(id(tensor))
        name = PLAIN if layer is None or layer is self.model else layer.name
        for place, found in known.items():
            recognised = _recognise(found, value, by_column=place == INPUT or isinstance(layer, SCALINGS))
            if recognised is not None:
                return self.add(Step([Operation(recognised[0], name, recognised[1])], [place], [found], [tensor]))
        for first, second in permutations(known, 2):
            kind = _merge_of_values(known[first], known[second], value)
            if kind is not None:
                merged = [known[first], known[second]]
                return self.add(Step([Operation(kind, name)], [first, second], merged, [tensor]))
        said = _("What {name} computes before {reader} cannot be told from its values.")
        self.unjudged.append(said.format(name=in_words(name), reader=reader))
        return self.add(Step([Operation("custom", name)], [max(known, default=INPUT)], [tensor], [tensor]))

    def call(self, call: Call) -> None:
        name = self._unique(call.layer)
        reader = _("the layer '{name}'").format(name=name)
        sources = [self.source(tensor, reader) for tensor in call.inputs]
        self.add(Step(self._operations(call, name), sources, call.inputs, call.outputs, call))

    def _unique(self, layer: Any) -> str:
        """The layer's name; a second layer of the same name gets a number."""
        names, name, number = self.layer_names, layer.name, 1
        while names.setdefault(name, id(layer)) != id(layer):
            number += 1
            name = f"{layer.name}_{number}"
        return name

    def _operations(self, call: Call, name: str) -> list[Operation]:
        layer, cls, shape = call.layer, call.cls, tuple(call.inputs[0].shape)
        if cls.__name__ in ACTIVATIONS:
            function = getattr(layer, "activation", None) if cls.__name__ == "Activation" else None
            return self._activation(function or (lambda x: cls.call(layer, x)), name)
        if cls.__name__ == "InputLayer" or (
            cls.__name__ in MAY_DO_NOTHING
            and len(call.inputs) == len(call.outputs) == 1
            and same(np.asarray(call.inputs[0]), np.asarray(call.outputs[0]))
            and plain(layer.activity_regularizer) is None
        ):
            return []
        own = layer.trainable_variables
        owned = not own or any(id(variable) in self.trained for variable in own)
        trainable = not layer.weights or (layer.trainable and owned)
        kind = "dense" if does_dense(layer, cls, shape) else kind_of(cls)
        width = None if kind == "dense" else width_of(layer, cls, call.outputs)
        forced = False if call.training is False and kind not in DEAF else None  # in a run in training mode
        settings = settings_of(layer, cls, shape)
        operations = [Operation(kind, name, settings, trainable, forced, owned=owned, width=width)]
        return operations + (self._activation(layer.activation, name) if kind == "dense" else [])

    def _activation(self, function: Any, name: str) -> list[Operation]:
        recognised = ("linear", {}) if function is None else name_of(function)
        if recognised is None:
            said = _("The activation of the layer '{name}' cannot be told from its values.")
            self.unjudged.append(said.format(name=name))
            return [Operation("activation", name, {"function": "unknown"})]
        if recognised[0] == "linear":
            return []
        return [Operation("activation", name, {"function": recognised[0], **recognised[1]})]


def _recognise(found: np.ndarray, value: np.ndarray, by_column: bool) -> tuple[str, dict[str, Any]] | None:
    """The kind and the settings of the function that makes ``value`` of ``found``; None for one without a name."""
    if not np.issubdtype(found.dtype, np.floating) or found.ndim != 2:
        return None
    function = name_of_values(found, value)
    if function is not None:
        return "activation", {"function": function[0], **function[1]}
    return scaling_of_values(found, value, by_column) or dropout_of_values(found, value)


def _merge_of_values(a: np.ndarray, b: np.ndarray, value: np.ndarray) -> str | None:
    """How two arrays were merged into ``value``: ``add`` or ``concatenate``; None where neither."""
    if a.shape == b.shape and same(a + b, value):
        return "add"
    if a.ndim == b.ndim == 2 and len(a) == len(b) and same(np.concatenate([a, b], axis=1), value):
        return "concatenate"
    return None
