"""From a spec to the cells that a learner would hand in for it, in one of several spellings."""

from __future__ import annotations

import textwrap
from enum import Enum

import nbformat

from dropnorm import places
from grader.exercises import exercise
from grader.facts import Operation
from grader.operations import BATCH_NORM, RELU
from grader.spec import ModelSpec
from tests.classroom import CONCRETE, FIRST, SPOTIFY

# The cells that compile and fit are given; who wants other settings changes them.
GIVEN_FOR = {
    "spotify_model": ("spotify-compile", "spotify-fit"),
    "spotify_own_model": ("spotify-own-fit",),
    "concrete_model": ("concrete-compile", "concrete-fit"),
}
GIVEN = {
    cell.id: cell.source
    for notebook in (SPOTIFY, CONCRETE)
    for cell in nbformat.read(places.SOLUTIONS / FIRST / f"{notebook}.ipynb", as_version=4).cells
}
USUAL = {"batch_normalization": BATCH_NORM.settings, "dense": {"use_bias": True}}
FIRST_ARGUMENTS = ("units", "rate")


class Spelling(Enum):
    """A way to write one and the same network."""

    LIST = "a list in Sequential"
    APART = "a list, activations as layers"
    ADD = "layer by layer with add"
    FUNCTIONAL = "functional"
    CLASS = "a class"


def cells(name: str, spec: ModelSpec, spelling: Spelling) -> dict[str, str]:
    """The answer cell of an exercise by a spec, and those given cells that other settings change."""
    wanted, reference = exercise(name), exercise(name).reference
    layers = [_layer(operation) for operation in spec.operations]
    if spelling is not Spelling.APART:
        layers = _with_activations(spec.operations)
    written = {name: _WRITTEN[spelling](wanted.model_name, spec.inputs, layers)}
    changes = [
        (f'optimizer="{reference.compile.optimizer}"', f'optimizer="{spec.compile.optimizer}"'),
        (f"epochs={reference.fit.epochs}", f"epochs={spec.fit.epochs}"),
        (f"batch_size={reference.fit.batch_size}", f"batch_size={spec.fit.batch_size}"),
    ]
    for cell in GIVEN_FOR[name]:
        text = GIVEN[cell]
        for old, new in changes:
            text = text.replace(old, new)
        written |= {cell: text} if text != GIVEN[cell] else {}
    return written


def _layer(operation: Operation, **more: str) -> str:
    """A layer as it is written in a cell."""
    usual = USUAL.get(operation.kind, {})
    settings = {key: value for key, value in operation.settings.items() if usual.get(key) != value}
    if operation.kind == "activation":
        return f'layers.Activation("{settings["function"]}")'
    settings |= more | ({} if operation.trainable else {"trainable": False})
    arguments = [f"{value!r}" if key in FIRST_ARGUMENTS else f"{key}={value!r}" for key, value in settings.items()]
    name = "".join(word.title() for word in operation.kind.split("_"))
    return f"layers.{name}({', '.join(arguments)})".replace("'", '"')


def _with_activations(operations: tuple[Operation, ...]) -> list[str]:
    """The layers of a network, relu as an argument of the Dense layer that it follows."""
    written: list[str] = []
    for place, operation in enumerate(operations):
        before, after = operations[max(place - 1, 0)], operations[min(place + 1, len(operations) - 1)]
        if operation.kind == "dense" and after == RELU:
            written.append(_layer(operation, activation="relu"))
        elif operation != RELU or before.kind != "dense":
            written.append(_layer(operation))
    return written


def _list(model: str, inputs: int, layers: list[str]) -> str:
    lines = "".join(f"        {each},\n" for each in [f"keras.Input(({inputs},))", *layers])
    return f"{model} = keras.Sequential(\n    [\n{lines}    ]\n)\n"


def _add(model: str, inputs: int, layers: list[str]) -> str:
    lines = "".join(f"{model}.add({each})\n" for each in [f"keras.Input(shape=({inputs},))", *layers])
    return f"{model} = keras.Sequential()\n{lines}"


def _functional(model: str, inputs: int, layers: list[str]) -> str:
    lines = "".join(f"x = {each}(x)\n" for each in layers)
    return f"x = inputs = keras.Input(({inputs},))\n{lines}{model} = keras.Model(inputs, x)\n"


def _class(model: str, inputs: int, layers: list[str]) -> str:
    lines = textwrap.indent("".join(f"{each},\n" for each in layers), " " * 12)
    return (
        "class Net(keras.Model):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        f"        self.stack = [\n{lines}        ]\n\n"
        "    def call(self, x):\n"
        "        for step in self.stack:\n"
        "            x = step(x)\n"
        "        return x\n\n\n"
        f"{model} = Net()\n"
    )


_WRITTEN = {
    Spelling.LIST: _list,
    Spelling.APART: _list,
    Spelling.ADD: _add,
    Spelling.FUNCTIONAL: _functional,
    Spelling.CLASS: _class,
}
