"""What labs of red wine leave where no page listens: curves side by side, computed on the spot or from the cache."""

from __future__ import annotations

from collections.abc import Mapping

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.figures import show_curves
from dropnorm.fonts import label
from dropnorm.lab import wine
from dropnorm.lab.reading import reading
from dropnorm.lab.setting import Setting
from dropnorm.language import N_, _, sentences
from dropnorm.split import split
from dropnorm.sweep import background, cache
from dropnorm.sweep.plan import Plan

RATES = (0.0, 0.2, 0.5, 0.8)
TOLD = N_("{title}: {reading}")


def show_rates(setting: Setting) -> None:
    """Show the curves of four rates side by side, each of one run from the setting's seed.

    Raises:
        DataError: the red-wine data cannot be read.
    """
    what = _("Learning curves at four dropout rates, {wine} ({data}), seed {seed}.").format(
        wine=_(wine.WINES[setting.inputs]), data=_(wine.SOURCES[datasets.source(wine.DATA)]), seed=setting.seed
    )
    plans = {label(N_("rate {rate}")).format(rate=f"{rate:g}"): setting.plan(rate) for rate in RATES}
    show_runs(plans, setting.inputs, what, N_("At {title}: {reading}"))


def show_runs(plans: Mapping[str, Plan], inputs: str, what: str, told: str = TOLD) -> None:
    """Show the curves of runs side by side.

    Args:
        plans: what is run, by title.
        inputs: how the inputs are prepared.
        what: a sentence that says what is shown.
        told: how a title's curves are told in words.

    Raises:
        DataError: the red-wine data cannot be read.
    """
    data = split(wine.DATA, inputs)
    digest = cache.digest(data)
    curves: dict[str, LearningCurves] = {}
    for title, plan in plans.items():
        curves[title] = cache.load(plan, digest) or background.computed(plan, data, digest)
    words = (_(told).format(title=" ".join(title.split()), reading=reading(each)) for title, each in curves.items())
    top = max(1.0, *(float(each.val_loss[0, -10:].mean()) * 1.15 for each in curves.values()))
    show_curves(curves, top=top, bottom=0, ylabel=wine.YLABEL, alt=sentences(what, *words))
