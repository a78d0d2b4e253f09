"""From recorded calls to the steps of a computation, in the order in which data flow through them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import keras
import numpy as np

from grader.activations import name_of, name_of_values, same, scaling_of_values
from grader.facts import Operation
from grader.layer_settings import kind_of, settings_of
from grader.recording import Call

INPUT = -1  # the place of the model's input among the steps
POSITIVE = {"relu", "leaky_relu"}  # f(c x) = c f(x) for c >= 0, so that dropout may as well come after them
ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax")
FREE_OF_DATA = ("Flatten", "Reshape", "Rescaling", "Normalization", "Permute", "ActivityRegularization")


@dataclass(eq=False)
class Step:
    """One step: what it does, the places of the steps that feed it, its values, and the call behind it."""

    operations: list[Operation]
    sources: list[int]
    outputs: list[Any]
    call: Call | None = None


@dataclass(eq=False)
class Steps:
    """The steps between input and output, and what can be said of their order."""

    steps: list[Step]
    chain: bool
    unjudged: tuple[str, ...]
    names: dict[int, str] = field(default_factory=dict)

    @property
    def operations(self) -> list[Operation]:
        return [operation for step in self.steps for operation in step.operations]

    def calls_of(self, kind: str) -> list[tuple[str, Call]]:
        """The calls behind the steps of a kind with the layers' names; ``dropout`` means all kinds of dropout."""
        return [
            (operation.layer, step.call)
            for step in self.steps
            for operation in step.operations
            if step.call is not None and (operation.kind == kind or (kind == "dropout" and is_dropout(operation)))
        ]


def is_dropout(operation: Operation) -> bool:
    """Whether a step is of the dropout family: it has a rate and draws a mask."""
    return "dropout" in operation.kind and "rate" in operation.settings


class _Follower:
    """Finds, for each tensor that a layer was given, the step that it came from."""

    def __init__(self, model: Any, run: Any) -> None:
        self.model, self.run = model, run
        self.steps: list[Step] = []
        self.owner: dict[int, int] = {id(run.inputs): INPUT}
        self.unjudged: list[str] = []
        self.chain = True
        self.trained = {id(variable) for variable in model.trainable_variables}
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
        """The place of the step whose output ``tensor`` is; where a plain function stands between, a step of its own."""
        if id(tensor) in self.owner:
            return self.owner[id(tensor)]
        value = np.asarray(tensor)
        places = list(range(len(self.steps) - 1, INPUT - 1, -1))
        known = {place: found for place in places if (found := self.value(place)) is not None}
        for place, found in known.items():
            if same(found, value):
                self.owner[id(tensor)] = place
                return place
        name = self._name(tensor)
        for place, found in known.items():
            recognised = name_of_values(found, value) if found.dtype.kind == "f" and found.ndim == 2 else None
            if recognised is not None:
                function, settings = recognised
                return self.add(Step([Operation("activation", name, {"function": function, **settings})], [place], [tensor]))
            scaling = scaling_of_values(found, value, by_column=place == INPUT)
            if scaling is not None:
                return self.add(Step([Operation(scaling[0], name, scaling[1])], [place], [tensor]))
        for first, a in known.items():
            for second, b in known.items():
                if first < second and a.shape == b.shape and same(a + b, value):
                    return self.add(Step([Operation("add", name)], [first, second], [tensor]))
        self.unjudged.append(f"What {name} does between the layers, before {reader}, cannot be told from its values.")
        return self.add(Step([Operation("custom", name)], [places[0]], [tensor]))

    def _name(self, tensor: Any) -> str:
        layer = self.insides.get(id(tensor))
        return "a plain function" if layer is None or layer is self.model else layer.name

    def call(self, call: Call) -> None:
        name = self._unique(call.layer)
        sources = [self.source(tensor, f"the layer '{name}'") for tensor in call.inputs]
        self.add(Step(self._operations(call, name), sources, call.outputs, call))

    def _unique(self, layer: Any) -> str:
        """The layer's name; a second layer of the same name gets a number."""
        names, name, number = self.layer_names, layer.name, 1
        while names.setdefault(name, id(layer)) != id(layer):
            number += 1
            name = f"{layer.name}_{number}"
        return name

    def _operations(self, call: Call, name: str) -> list[Operation]:
        layer, cls = call.layer, call.cls
        if cls.__name__ in ACTIVATIONS:
            function = getattr(layer, "activation", None) if cls.__name__ == "Activation" else None
            return self._activation(function or (lambda x: cls.call(layer, x)), name, layer)
        if cls.__name__ == "InputLayer" or (
            cls.__name__ in FREE_OF_DATA
            and len(call.inputs) == len(call.outputs) == 1
            and same(np.asarray(call.inputs[0]), np.asarray(call.outputs[0]))
        ):
            return []
        rank = len(call.inputs[0].shape)
        forced = call.training if call.training is False else None
        weights = [variable for variable in layer.variables if variable.trainable or id(variable) in self.trained]
        own = [v for v in layer.weights if id(v) in self.trained]
        trainable = layer.trainable and (bool(own) or not weights)
        operations = [Operation(kind_of(cls), name, settings_of(layer, cls, rank), trainable, forced)]
        if cls.__name__ == "Dense":
            operations += self._activation(layer.activation, name, layer)
        return operations

    def _activation(self, function: Any, name: str, layer: Any) -> list[Operation]:
        recognised = name_of(function)
        if recognised is None:
            self.unjudged.append(f"The activation of the layer '{name}' cannot be told from its values.")
            return [Operation("activation", name, {"function": "unknown"})]
        if recognised[0] == "linear":
            return []
        return [Operation("activation", name, {"function": recognised[0], **recognised[1]})]


def follow(model: Any, training: Any, inference: Any) -> Steps:
    """The steps of a model from its run in training mode, checked against its run at inference.

    Args:
        model: the model.
        training: its run (`grader.tracing.Run`) in training mode, in which every step shows.
        inference: its run at inference, which may leave dropout out.
    """
    follower = _Follower(model, training)
    for call in training.recorder.calls:
        follower.call(call)
    outputs = keras.tree.flatten(training.outputs)
    ends = [follower.source(tensor, "the output") for tensor in outputs]
    used, waiting = set(), list(ends)
    while waiting:
        place = waiting.pop()
        if place != INPUT and place not in used:
            used.add(place)
            waiting.extend(follower.steps[place].sources)
    places = sorted(used)
    chain = len(ends) == 1 and all(
        follower.steps[place].sources == [before] for before, place in zip([INPUT, *places], places, strict=False)
    )
    steps = [follower.steps[place] for place in places]
    weighted = [id(step.call.layer) for step in steps if step.call is not None and step.call.layer.weights]
    chain = chain and len(weighted) == len(set(weighted))
    told = {id(call.layer) for call in inference.recorder.calls if call.training}
    steps = [_forced(step, told) for step in steps]
    unjudged = list(follower.unjudged)
    at_inference = {id(call.layer) for call in inference.recorder.calls}
    for step in steps:
        absent = step.call is not None and id(step.call.layer) not in at_inference
        for operation in step.operations:
            if absent and not is_dropout(operation):
                unjudged.append(f"The layer '{operation.layer}' is used in training only, so that inference differs.")
    return Steps(steps, chain, tuple(dict.fromkeys(unjudged)))


def _forced(step: Step, told: set[int]) -> Step:
    """The step with ``forced_training`` True where its layer was told to train at inference, too."""
    if step.call is None or id(step.call.layer) not in told:
        return step
    operations = [replace(op, forced_training=True) if op.kind != "activation" else op for op in step.operations]
    return replace(step, operations=operations)


def simplify(operations: list[Operation]) -> tuple[Operation, ...]:
    """The steps in one order where several orders do the same.

    Dropout scales each number by zero or by a positive factor, so before or after a relu it does the same: the relu is
    put first. A relu after a relu changes nothing: it is left out.
    """
    ordered = list(operations)
    moved = True
    while moved:
        moved = False
        for i in range(len(ordered) - 1):
            if ordered[i].kind == "dropout" and ordered[i + 1].settings.get("function") in POSITIVE:
                ordered[i], ordered[i + 1] = ordered[i + 1], ordered[i]
                moved = True
    kept: list[Operation] = []
    for operation in ordered:
        again = kept and operation.kind == kept[-1].kind == "activation" and operation.settings == kept[-1].settings
        if not (again and operation.settings["function"] == "relu"):
            kept.append(operation)
    return tuple(kept)
