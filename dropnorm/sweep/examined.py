"""Runs whose networks are looked into: curves as ever, and beside them what the layers give out, both kept on disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from dropnorm.curves import LearningCurves
from dropnorm.split import Split
from dropnorm.sweep import activations, cache, runs
from dropnorm.sweep.activations import BARS, NAMES, LayerOutputs, Outputs, layer_outputs, variance_shifts
from dropnorm.sweep.plan import Plan


@dataclass(frozen=True)
class Examined:
    """A run and its network.

    Attributes:
        curves: of the run.
        layers: what goes into the network and what each layer gives out, after the last epoch.
        shifts: for each batch normalization, the variance at inference over the one kept (`variance_shifts`).
    """

    curves: LearningCurves
    layers: tuple[LayerOutputs, ...]
    shifts: tuple[float, ...]


def examine(plan: Plan, split: Split) -> Examined:
    """Train a plan on a split, and look into the network."""
    network, curves = runs.trained(plan, split)
    layers = layer_outputs(network, plan, split.X_train)
    return Examined(curves, layers, variance_shifts(network, split.X_train))


def computed(plan: Plan, split: Split, data: str, folder: Path = cache.FOLDER) -> Examined:
    """What `examine` finds, kept for the next time if the disk allows."""
    found = examine(plan, split)
    content = {"layers": [asdict(layer) for layer in found.layers], "shifts": found.shifts}
    with contextlib.suppress(OSError):  # read-only, full, or deleted meanwhile: the next time computes again
        cache.store(plan, data, found.curves, folder)
        cache.keep(folder / name(plan, data), json.dumps(content).encode())
    return found


def load(plan: Plan, data: str, folder: Path = cache.FOLDER) -> Examined | None:
    """What is kept of a plan, or None where the curves or the layers are not kept or cannot be read."""
    curves = cache.load(plan, data, folder)
    if curves is None:
        return None
    try:
        content = json.loads((folder / name(plan, data)).read_bytes())
        layers = tuple(
            LayerOutputs(each["layer"], _outputs(each["training"]), _outputs(each["inference"]))
            for each in content["layers"]
        )
        shifts = tuple(float(ratio) for ratio in content["shifts"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    wanted = ("inputs", *(NAMES[type(layer)] for layer in plan.layers))
    return Examined(curves, layers, shifts) if tuple(layer.layer for layer in layers) == wanted else None


def name(plan: Plan, data: str) -> str:
    """The entry's file name; it changes with what the curves' name changes with, and with how layers are looked at."""
    return hashlib.sha256(f"{cache.name(plan, data)} {_source()}".encode()).hexdigest()[:32] + ".json"


def _outputs(content: dict) -> Outputs:
    counts = tuple(int(count) for count in content["counts"])
    if len(counts) != BARS:
        raise ValueError(f"These are {len(counts)} bars, not {BARS}.")
    return Outputs(counts, *(float(content[each]) for each in ("mean", "deviation", "zeros")))


@lru_cache
def _source() -> str:
    """A digest of the module whose code decides what is said of a layer."""
    return hashlib.sha256(Path(activations.__file__).read_bytes()).hexdigest()[:16]
