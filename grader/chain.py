"""From recorded calls to the steps of a computation, in the order in which data flow through them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import permutations
from typing import Any

import keras
import numpy as np

from grader.activations import dropout_of_values, name_of, name_of_values, same, scaling_of_values
from grader.facts import Operation
from grader.layer_settings import kind_of, settings_of
from grader.recording import SCALINGS, Call

PLAIN = "a plain function"  # the name of a step that is no layer's
INPUT = -1  # the place of the model's input among the steps
POSITIVE = {"relu", "leaky_relu"}  # f(c x) = c f(x) for c >= 0, so that dropout may as well come after them
ACTIVATIONS = ("Activation", "ReLU", "LeakyReLU", "ELU", "Softmax")
DEAF = {"dense", "activation", "einsum_dense"}  # told `training`, but doing the same in both modes
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
            for operation in filter(is_dropout, step.operations):
                given, passed = np.asarray(step.inputs[0]) != 0, np.asarray(step.outputs[0]) == 0
                zeros[operation.layer] = float(np.mean(passed[given])) if given.any() else 0.0
        return zeros


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
        name = self._name(tensor)
        for place, found in known.items():
            recognised = self._recognise(found, value, place == INPUT or self._scales(tensor))
            if recognised is not None:
                return self.add(Step([Operation(recognised[0], name, recognised[1])], [place], [found], [tensor]))
        for first, second in permutations(known, 2):
            kind = _merge_of_values(known[first], known[second], value)
            if kind is not None:
                merged = [known[first], known[second]]
                return self.add(Step([Operation(kind, name)], [first, second], merged, [tensor]))
        self.unjudged.append(f"What {name} computes before {reader} cannot be told from its values.")
        latest = max(known, default=INPUT)
        return self.add(Step([Operation("custom", name)], [latest], [tensor], [tensor]))

    def _scales(self, tensor: Any) -> bool:
        return isinstance(self.insides.get(id(tensor)), SCALINGS)

    def _recognise(self, found: np.ndarray, value: np.ndarray, by_column: bool) -> tuple[str, dict[str, Any]] | None:
        if found.dtype.kind != "f" or found.ndim != 2:
            return None
        function = name_of_values(found, value)
        if function is not None:
            return "activation", {"function": function[0], **function[1]}
        return scaling_of_values(found, value, by_column) or dropout_of_values(found, value)

    def _name(self, tensor: Any) -> str:
        layer = self.insides.get(id(tensor))
        return PLAIN if layer is None or layer is self.model else layer.name

    def call(self, call: Call) -> None:
        name = self._unique(call.layer)
        sources = [self.source(tensor, f"the layer '{name}'") for tensor in call.inputs]
        self.add(Step(self._operations(call, name), sources, call.inputs, call.outputs, call))

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
            cls.__name__ in MAY_DO_NOTHING
            and len(call.inputs) == len(call.outputs) == 1
            and same(np.asarray(call.inputs[0]), np.asarray(call.outputs[0]))
        ):
            return []
        own = layer.trainable_variables
        trainable = not layer.weights or (layer.trainable and (not own or any(id(v) in self.trained for v in own)))
        forced = False if call.training is False and kind_of(cls) not in DEAF else None  # in a run in training mode
        settings = settings_of(layer, cls, tuple(call.inputs[0].shape))
        operations = [Operation(kind_of(cls), name, settings, trainable, forced)]
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
    """The steps of a model from its run in training mode, checked against its other runs (`grader.tracing.Run`).

    Args:
        model: the model.
        training: the run in training mode, in which every step shows.
        inference: the run at inference, from which dropout may be absent.
    """
    steps, resting = _followed(model, training), _followed(model, inference)
    _mark_forced(steps, inference)
    unjudged = list(steps.unjudged)
    if _lasting(steps) != _lasting(resting) and not unjudged:
        unjudged.append("This model takes other steps in training than at inference.")
    drawn, still = ([s for s in each.steps if s.call is None and _drops(s)] for each in (steps, resting))
    if still and len(still) != len(drawn):
        unjudged.append("This model drops at inference in one place and not in another.")
    for step in drawn if still else ():
        step.operations = [replace(operation, forced_training=True) for operation in step.operations]
    return Steps(steps.steps, steps.chain, tuple(dict.fromkeys(unjudged)))


def _followed(model: Any, run: Any) -> Steps:
    """The steps of one run that the output depends on."""
    follower = _Follower(model, run)
    for call in run.recorder.calls:
        follower.call(call)
    ends = [follower.source(tensor, "the output") for tensor in keras.tree.flatten(run.outputs)]
    used: set[int] = set()
    waiting = list(ends)
    while waiting:
        place = waiting.pop()
        if place != INPUT and place not in used:
            used.add(place)
            waiting.extend(follower.steps[place].sources)
    places = sorted(used)
    steps = [follower.steps[place] for place in places]
    one_after_another = all(step.sources == [before] for before, step in zip([INPUT, *places], steps, strict=False))
    weighted = [id(step.call.layer) for step in steps if step.call is not None and step.call.layer.weights]
    chain = len(ends) == 1 and one_after_another and len(weighted) == len(set(weighted))
    return Steps(steps, chain, tuple(follower.unjudged))


def _mark_forced(steps: Steps, inference: Any) -> None:
    """Mark the steps whose layers were told to train in a run at inference, or only in calls that name no mode."""
    told = _told(inference)
    seen: Counter[int] = Counter()
    for step in steps.steps:
        if step.call is None:
            continue
        layer = step.call.layer
        forced = told.get((id(layer), seen[id(layer)]))
        seen[id(layer)] += 1
        # A functional model keeps `training=True` in its graph's node, but what `fit` and `predict` say comes first.
        in_node = any(node.arguments.kwargs.get("training") for node in layer._inbound_nodes)
        for i, operation in enumerate(step.operations):
            if operation.kind not in DEAF and (forced or in_node):
                step.operations[i] = replace(
                    operation, forced_training=True if forced else None, forced_in_plain_calls=not forced
                )


def _told(run: Any) -> dict[tuple[int, int], bool | None]:
    """The ``training`` that each layer was told, by the layer and the number of its call."""
    told: dict[tuple[int, int], bool | None] = {}
    seen: Counter[int] = Counter()
    for call in run.recorder.calls:
        told[id(call.layer), seen[id(call.layer)]] = call.training
        seen[id(call.layer)] += 1
    return told


def _lasting(steps: Steps) -> list[tuple[str, Any]]:
    """What the steps do apart from dropout, which is no step at inference."""
    return [(op.kind, op.settings) for op in simplify(steps.operations) if not is_dropout(op)]


def _merge_of_values(a: np.ndarray, b: np.ndarray, value: np.ndarray) -> str | None:
    """How two arrays were merged into ``value``: ``add`` or ``concatenate``; None where neither."""
    if a.shape == b.shape and same(a + b, value):
        return "add"
    if a.ndim == b.ndim == 2 and len(a) == len(b) and same(np.concatenate([a, b], axis=1), value):
        return "concatenate"
    return None


def _drops(step: Step) -> bool:
    return any(is_dropout(operation) for operation in step.operations)


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
