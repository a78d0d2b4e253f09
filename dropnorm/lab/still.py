"""What the lab leaves where no page listens: small multiples of four rates, computed on the spot or from the cache."""

from __future__ import annotations

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.figures import show_curves
from dropnorm.lab.reading import reading
from dropnorm.lab.setting import Setting
from dropnorm.split import split
from dropnorm.sweep import background, cache

RATES = (0.0, 0.2, 0.5, 0.8)


def show_rates(setting: Setting) -> None:
    """Show the curves of four rates side by side, each of one run from the setting's seed.

    Raises:
        DataError: the red-wine data cannot be read.
    """
    data = split("red-wine", setting.inputs)
    digest = cache.digest(data)
    curves: dict[str, LearningCurves] = {}
    for rate in RATES:
        plan = setting.plan(rate)
        curves[f"rate {rate:g}"] = cache.load(plan, digest) or background.computed(plan, data, digest)
    words = " ".join(f"At {title}: {reading(each)}" for title, each in curves.items())
    source = datasets.source("red-wine")
    what = f"Learning curves at four dropout rates, {setting.inputs} red wine ({source} data), seed {setting.seed}."
    top = max(1.0, *(float(each.val_loss[0, -10:].mean()) * 1.15 for each in curves.values()))
    show_curves(curves, top=top, bottom=0, ylabel="mean absolute error", alt=f"{what} {words}")
