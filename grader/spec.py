"""ModelSpec: the part of a model's facts from which the model can be rebuilt without the learner's code.

It is data, never code: built-in layers and their settings, optimizer, loss, and how long it is trained, as canonical
JSON. Equal models have equal specs to the byte, whatever way they were written. Nothing here imports Keras; `build`
does.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dropnorm.language import _
from grader.facts import CompileFacts, ModelFacts, Operation
from grader.spec_rules import LIMITS, SpecError, check_compile, check_fit, check_operation

FIELDS = ("version", "inputs", "operations", "compile", "fit")
VERSION = 1


@dataclass(frozen=True)
class FitSettings:
    """How a model is trained: passes over the training part, and rows a step."""

    epochs: int
    batch_size: int


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """A model that can be rebuilt, and how it is trained. Two specs are equal where their JSON is.

    Attributes:
        inputs: number of input features.
        operations: the steps in order; their layers' names are not part of it.
        compile: optimizer, learning rate, loss.
        fit: epochs and batch size, or None where nobody said.

    Raises:
        SpecError: a kind, a setting or a size that no spec may have; one sentence.
    """

    inputs: int
    operations: tuple[Operation, ...]
    compile: CompileFacts
    fit: FitSettings | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "operations", tuple(_canonical(operation) for operation in self.operations))
        check(self.to_dict())

    @classmethod
    def of(cls, facts: ModelFacts, fit: FitSettings | None = None) -> ModelSpec:
        """The spec of an observed model.

        Raises:
            SpecError: the facts are not enough to rebuild the model: it branches, it is not compiled, a step of it is
                code of one's own.
        """
        if facts.unjudged:
            said = _("This model cannot be rebuilt to be trained anew: {reason}")
            raise SpecError(said.format(reason=facts.unjudged[0]))
        if not facts.chain:
            raise SpecError(_("This model is no single chain of layers: it branches, or uses weights twice."))
        if facts.compiled is None:
            raise SpecError(_("This model is not compiled: call `compile` with an optimizer and a loss."))
        if not facts.deterministic and not any(operation.forced_training for operation in facts.operations):
            raise SpecError(_("This model's predictions differ from call to call, and no layer of it says why."))
        return cls(facts.inputs, facts.operations, facts.compiled, fit)

    @classmethod
    def from_json(cls, text: str | bytes) -> ModelSpec:
        """The spec that `to_json` wrote; anything else is refused.

        Raises:
            SpecError: it is too long, no JSON, or no spec within the bounds; one sentence.
        """
        if len(text) > LIMITS["characters"]:
            too_long = _("A spec has at most {most} characters; this has {count}.")
            raise SpecError(too_long.format(most=LIMITS["characters"], count=len(text)))
        try:
            data = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        except (ValueError, RecursionError) as error:
            raise SpecError(_("This is no JSON of a spec: {error}.").format(error=str(error)[:100])) from None
        check(data)
        operations = tuple(Operation(layer="", **operation) for operation in data["operations"])
        fit = None if data["fit"] is None else FitSettings(**data["fit"])
        return cls(data["inputs"], operations, CompileFacts(**data["compile"]), fit)

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists, numbers in their canonical form."""
        fit = None if self.fit is None else {"epochs": self.fit.epochs, "batch_size": self.fit.batch_size}
        described = {
            "optimizer": self.compile.optimizer,
            "learning_rate": self.compile.learning_rate,
            "loss": self.compile.loss,
            "settings": self.compile.settings,
        }
        operations = [_described(operation) for operation in self.operations]
        data = {"version": VERSION, "inputs": self.inputs, "operations": operations, "compile": described, "fit": fit}
        return canonical(data)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, no spaces, numbers rounded to six significant digits."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), allow_nan=False)

    @property
    def digest(self) -> str:
        """The SHA-256 of the canonical JSON, in hexadecimal."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()

    def build(self) -> Any:
        """A new compiled Keras model that does what the spec says, with fresh weights.

        Raises:
            SpecError: Keras cannot build it.
        """
        from grader.rebuilding import build  # imports Keras

        return build(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ModelSpec) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.to_json())


def canonical(value: Any, depth: int = 0) -> Any:
    """A value with its numbers in one form: six significant digits, and whole numbers without a point.

    Raises:
        SpecError: a number is not finite, something is no plain value, or it is nested too deeply.
    """
    if depth > LIMITS["depth"]:
        raise SpecError(_("A spec is nested at most {most} deep.").format(most=LIMITS["depth"]))
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SpecError(_("A setting that is infinite or no number is not trained anew here."))
        value = float(f"{value:.6g}")
        return int(value) if value.is_integer() and abs(value) < 1e15 else value
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): canonical(value[key], depth + 1) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [canonical(item, depth + 1) for item in value]
    raise SpecError(_("A setting that is a {kind} is not trained anew here.").format(kind=type(value).__name__))


def check(data: Any) -> None:
    """Raise `SpecError` where ``data`` is no spec within the bounds."""
    data = canonical(data)
    if not isinstance(data, dict) or sorted(data) != sorted(FIELDS):
        raise SpecError(_("A spec has exactly the fields {fields}.").format(fields=", ".join(FIELDS)))
    if data["version"] != VERSION or isinstance(data["version"], bool):
        raise SpecError(_("This spec has another version than {version}.").format(version=VERSION))
    if not _whole(data["inputs"], 1, LIMITS["inputs"]):
        out_of_bounds = _("What is trained anew here has between 1 and {most} inputs.")
        raise SpecError(out_of_bounds.format(most=LIMITS["inputs"]))
    if not isinstance(data["operations"], list) or not 1 <= len(data["operations"]) <= LIMITS["operations"]:
        out_of_bounds = _("What is trained anew here has between 1 and {most} layers and activations.")
        raise SpecError(out_of_bounds.format(most=LIMITS["operations"]))
    for operation in data["operations"]:
        check_operation(operation)
    parameters, width = 0, data["inputs"]
    for operation in data["operations"]:
        units = operation["settings"].get("units", width)
        parameters += width * units if operation["kind"] == "dense" else 4 * width
        width = units
    if parameters > LIMITS["parameters"]:
        too_many = _("At most {most} weights are trained anew here; this has about {count}.")
        raise SpecError(too_many.format(most=LIMITS["parameters"], count=parameters))
    check_compile(data["compile"])
    check_fit(data["fit"])
    if len(json.dumps(data, separators=(",", ":"))) > LIMITS["characters"]:
        raise SpecError(_("A spec has at most {most} characters.").format(most=LIMITS["characters"]))


def _canonical(operation: Operation) -> Operation:
    """The operation without what is not part of a spec: its layer's name, and what Keras does not heed in `fit`."""
    settings = canonical(operation.settings)
    return Operation(operation.kind, "", settings, operation.trainable, operation.forced_training)


def _described(operation: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {"kind": operation.kind, "settings": operation.settings}
    if not operation.trainable:
        described["trainable"] = False
    if operation.forced_training is not None:
        described["forced_training"] = operation.forced_training
    return described


def _whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice in one object")
    return dict(pairs)


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is no number")
