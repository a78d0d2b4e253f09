"""`PlacementLab`: the order of layers in a block, its learning curves, and what each layer gives out."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.experiments.placement import BEFORE, DROPOUT_FIRST, NORM_FIRST, WITHOUT
from dropnorm.lab import still, wine
from dropnorm.lab.arguments import refuse_objects, refuse_unknown
from dropnorm.lab.controls import LINES, spoken
from dropnorm.lab.layers_picture import described, layers_svg
from dropnorm.lab.placement_controls import CHOICES, PlacementControls
from dropnorm.lab.placement_reading import placement_reading
from dropnorm.lab.placement_setting import PlacementSetting, label
from dropnorm.lab.reading import runs_and_seeds
from dropnorm.lab.setting import SEEDS
from dropnorm.lab.swept import SweptCurves
from dropnorm.lab.wine_lab import WineLab
from dropnorm.language import N_, _, sentences, spaced
from dropnorm.split import Split
from dropnorm.sweep import background, cache, examined
from dropnorm.sweep.activations import ROWS
from dropnorm.sweep.examined import Examined
from dropnorm.sweep.plan import Plan

STILL = (WITHOUT, BEFORE, DROPOUT_FIRST, NORM_FIRST)  # beside one another where no page listens


class SweptNetworks(SweptCurves):
    """Swept runs with what their networks' layers give out."""

    def __init__(self, on_change: Callable[[Plan], None], on_failure: Callable[[str], None]) -> None:
        super().__init__(on_change, on_failure)
        self._examined: dict[tuple[str, Plan], Examined] = {}

    def examined(self, setting: PlacementSetting) -> list[Examined]:
        """What was found in the runs of a setting that are there, the first seed first."""
        keys = [(setting.inputs, setting.plan(run=run)) for run in range(SEEDS)]
        with self._lock:
            return [self._examined[key] for key in keys if key in self._examined]

    def _wish(self, plans: list[Plan], split: Split, came: Callable[[Plan, Any], None]) -> background.Wish:
        return background.Wish(plans, split, came, self._failed, examined.load, examined.computed)

    def _came(self, inputs: str, plan: Plan, found: Examined) -> None:
        with self._lock:
            self._examined[inputs, plan] = found
        super()._came(inputs, plan, found.curves)


class PlacementLab(WineLab):
    """Learning curves of red wine, and the activations layer by layer, for the order of layers in a block.

    Put it last in a cell. On a page that shows widgets it is live; anywhere else it is a still picture: the curves of
    four orders, and the layers of the one that was asked for.

    Args:
        order, bias, input_dropout, inputs, seed: the state to begin with, as
            `dropnorm.lab.placement_setting.PlacementSetting` describes it. What is not given is its default there; a
            cell that is run again unchanged goes on where its controls stood.

    Raises:
        ValueError: a value that the lab does not offer.
        TypeError: something that is no setting, such as a model or curves.
    """

    css = "dropnorm-placement-lab"
    kind = PlacementSetting
    shows = N_("the order of layers in a block, above its learning curves and its activations.")

    def __init__(
        self,
        order: str | None = None,
        bias: bool | None = None,
        input_dropout: float | None = None,
        inputs: str | None = None,
        seed: int | None = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown("PlacementLab", unknown, ("order", "bias", "input_dropout", "inputs", "seed"))
        refuse_objects(
            "PlacementLab", _("the order of layers in a block and settings, and trains its own networks"), order
        )
        super().__init__(order=order, bias=bias, input_dropout=input_dropout, inputs=inputs, seed=seed)

    def _show_still(self) -> None:
        from IPython.display import display

        setting = self.setting
        orders = [setting.order, *(order for order in STILL if order != setting.order)][: len(STILL)]
        plan, data = setting.plan(), wine.splits()[setting.inputs]
        digest = cache.digest(data)
        found = examined.load(plan, digest) or examined.computed(plan, data, digest)
        source = datasets.source(wine.DATA)
        data_words = wine.words(setting.inputs, source)
        what = _("Learning curves of four orders of layers in a block, {data}, seed {seed}.").format(
            data=data_words, seed=setting.seed
        )
        plans = {_two_lines(label(order)): replace(setting, order=order).plan() for order in orders}
        still.show_runs(plans, setting.inputs, what)
        said = placement_reading(setting, found.curves, [found.shifts], _baseline(data))
        alt = sentences(_("{words}.").format(words=setting.words), said, self._layers_alt(found))
        display({"text/html": layers_svg(found.layers, alt), "text/plain": alt}, raw=True)

    def _build(self) -> widgets.Box:
        """Build the widgets and begin to compute."""
        self._splits = wine.splits()
        self._source = datasets.source(wine.DATA)
        self._baseline = _baseline(self._splits[self.setting.inputs])  # the targets are the same for all inputs
        self._lock = threading.RLock()
        self._shown: PlacementSetting | None = None  # whose curves are in the picture
        self._ghost: PlacementSetting | None = None  # whose were there before
        self._failure = ""
        self.controls = PlacementControls(self.setting)
        self._swept = SweptNetworks(self._came, self._failed)
        self._picture = wine.axes()
        self.controls.frame.value = self._picture.frame
        for name in CHOICES:
            getattr(self.controls, name).observe(
                lambda change, name=name: self.choose(**{name: change["new"]}), "value"
            )
        self._paint()
        self._want()
        return self.controls.box

    def choose(self, **changes: Any) -> None:
        """Go to a setting that differs from the present one by these values."""
        with self._lock:
            setting = replace(self.setting, **changes)
            if self.controls is None or setting == self.setting:
                return
            self.setting, self._failure = setting, ""
            self.controls.show(setting)
            self._paint()  # what is known is seen before anything is asked for
            self._want()

    def _want(self) -> None:
        self._swept.want(self.setting, self._splits[self.setting.inputs])

    def _came(self, plan: Plan) -> None:
        with self._lock:
            if self.controls is not None and plan.layers == self.setting.layers:
                self._paint()

    def _failed(self, sentence: str) -> None:
        with self._lock:
            if self.controls is not None:
                self._failure = sentence
                self._paint()

    def _paint(self) -> None:
        """Draw what there is for the present setting, and say it."""
        controls, setting, note = self.controls, self.setting, ""
        curves = self._swept.at(setting)
        if curves is None:
            note = _("no curves of this order") if self._failure else _("computing the curves …")
            seen = self._failure or spaced(_("Computing the curves of {setting} …").format(setting=setting.words))
            source = ""
        else:
            if self._shown not in (None, setting):
                self._ghost = self._shown
            self._shown = setting
            found = self._swept.examined(setting)
            seen = placement_reading(setting, curves, [each.shifts for each in found], self._baseline)
            data = wine.words(setting.inputs, self._source)
            source = sentences(
                _("Swept: {setting}; {runs}, {data}.").format(
                    setting=setting.words, runs=runs_and_seeds(curves), data=data
                ),
                _("Histograms: {rows} rows of the training part, seed {seed}.").format(
                    rows=ROWS, seed=found[0].curves.seeds[0]
                ),
            )
            if self._ghost is not None:
                swept = _("{setting}, swept").format(setting=self._ghost.words)
                source = sentences(source, _("Thin and broken lines: {curves}.").format(curves=swept))
        controls.curves.value = self._picture.curves(
            self._curves(self._shown), self._curves(self._ghost), (), note, seen
        )
        shown = self._swept.examined(self._shown)[0] if self._shown is not None else None
        alt = sentences(note, self._layers_alt(shown))
        controls.layers.value = layers_svg(shown.layers if shown else (), alt, note)
        controls.reading.value = spoken(seen)
        controls.source.value = f'<div style="{LINES}"><small>{escape(source)}</small></div>'

    def _curves(self, setting: PlacementSetting | None) -> LearningCurves | None:
        return None if setting is None else self._swept.at(setting)

    @staticmethod
    def _layers_alt(found: Examined | None) -> str:
        if found is None:
            return _("Histograms of what each layer gives out: none yet.")
        return _(
            "Histograms of what each layer gives out for {rows} rows of the training part, mean ± standard deviation: "
            "{layers}."
        ).format(rows=ROWS, layers=described(found.layers))


def _baseline(data: Split) -> float:
    """The mean absolute error of the best constant prediction, the median, on the training part."""
    return float(np.abs(data.y_train - np.median(data.y_train)).mean())


def _two_lines(title: str) -> str:
    """A title broken in the middle, to stand above a narrow picture."""
    words = title.split(" ")
    half = next(end for end in range(1, len(words) + 1) if len(" ".join(words[:end])) >= len(title) / 2)
    return "\n".join(filter(None, (" ".join(words[:half]), " ".join(words[half:]))))
