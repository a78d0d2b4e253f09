"""`DropoutLab` on curves that are made up on the spot, and what it draws of them."""

from __future__ import annotations

import re

import numpy as np

from dropnorm.curves import LearningCurves
from dropnorm.lab import DropoutLab


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
            wish.on_curves(plan, LearningCurves(falling, falling, falling - 0.2, seeds=(plan.seed,)))

    def drop(self, owner) -> None:
        pass


def opened(*args, **kwargs) -> DropoutLab:
    lab = DropoutLab(*args, **kwargs)
    lab.open()
    return lab


def path(lab: DropoutLab, role: str, series: str = "val_loss") -> np.ndarray | None:
    """The points of a curve that is drawn, ``(points, 2)``, or None."""
    found = re.search(rf'<path class="{role} {series}" d="([^"]*)"', lab.controls.curves.value)
    return np.array(re.findall(r"[ML]([\d.-]+) ([\d.-]+)", found[1]), float) if found else None
