"""`DropoutLab` and `PlacementLab` on runs that are made up on the spot, and what is drawn of their curves."""

from __future__ import annotations

import re

import numpy as np

from dropnorm.curves import LearningCurves
from dropnorm.lab import DropoutLab, PlacementLab
from dropnorm.sweep import examined
from dropnorm.sweep.activations import BARS, NAMES, LayerOutputs, Outputs
from dropnorm.sweep.plan import BatchNorm, Dropout, Plan


class InstantPool:
    """A pool whose curves are made up on the spot, so that what is drawn can be told by heart: loss = 1 + rate."""

    def __init__(self) -> None:
        self.wishes = []
        self.hold = False

    def want(self, owner, wish) -> None:
        self.wishes.append(wish)
        if not self.hold:
            self.serve(wish)

    def serve(self, wish) -> None:
        for plan in wish.plans:
            rate = next((layer.rate for layer in plan.layers if hasattr(layer, "rate")), 0.0)
            level = 1 + rate + 0.01 * plan.seed
            falling = np.linspace(level + 1, level, plan.epochs)
            curves = LearningCurves(falling, falling, falling - 0.2, seeds=(plan.seed,))
            wish.on_curves(plan, looked_into(plan, curves) if wish.load is examined.load else curves)

    def drop(self, owner) -> None:
        pass


def looked_into(plan: Plan, curves: LearningCurves) -> examined.Examined:
    """Made-up layers: the n-th, from 0, has the mean n and the spread 1; from a Dropout on, 2 in training mode."""
    layers, spread = [], 1.0
    norms = sum(isinstance(layer, BatchNorm) for layer in plan.layers)
    for place, layer in enumerate((None, *plan.layers)):
        spread = 2.0 if isinstance(layer, Dropout) else spread
        modes = (Outputs((1,) * BARS, float(place), each, 0.0) for each in (spread, 1.0))
        layers.append(LayerOutputs("inputs" if layer is None else NAMES[type(layer)], *modes))
    return examined.Examined(curves, tuple(layers), tuple(0.5 + 0.1 * place for place in range(norms)))


def opened(*args, **kwargs) -> DropoutLab:
    lab = DropoutLab(*args, **kwargs)
    lab.open()
    return lab


def path(lab: DropoutLab | PlacementLab, role: str, series: str = "val_loss") -> np.ndarray | None:
    """The points of a curve that is drawn, ``(points, 2)``, or None."""
    found = re.search(rf'<path class="{role} {series}" d="([^"]*)"', lab.controls.curves.value)
    return np.array(re.findall(r"[ML]([\d.-]+) ([\d.-]+)", found[1]), float) if found else None
