"""`DropoutLab`: a slider for the dropout rate that answers at once, and a training that it moves while it runs."""

from __future__ import annotations

import threading
from dataclasses import fields, replace
from html import escape
from typing import Any

import ipywidgets as widgets

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.lab import front_end, still
from dropnorm.lab.controls import close_all, spoken
from dropnorm.lab.dropout_controls import CHOOSE, DropoutControls
from dropnorm.lab.live_training import LiveTraining, Progress
from dropnorm.lab.picture import CurvesPicture
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.reading import reading
from dropnorm.lab.setting import ALLOWED, EPOCHS, Setting, nearest_rate
from dropnorm.lab.swept import SweptCurves
from dropnorm.split import split
from dropnorm.sweep.plan import Plan

DATA = "red-wine"
# Of the loss axis, which is logarithmic: first losses are some 5, the last ones of an overfitted network above 0.1.
BOTTOM, TOP, TICKS = 0.1, 7.0, (0.1, 0.2, 0.5, 1, 2, 5)
YLABEL = "mean absolute error"

_open: dict[str, DropoutLab] = {}  # by the cell that shows it: a cell that is run again ends the lab it showed before


class DropoutLab:
    """Learning curves of red wine for every dropout rate, at hand by a slider.

    Put it last in a cell. On a page that shows widgets it is live; anywhere else it is a still picture of four rates.

    Args:
        rate, batch_norm, inputs, width, optimizer, seed: the state to begin with, as `dropnorm.lab.setting.Setting`
            describes it. What is not given is its default there; a cell that is run again unchanged goes on where its
            controls stood.

    Raises:
        ValueError: a value that the lab does not offer.
        TypeError: something that is no setting, such as a model or curves.
    """

    def __init__(self, rate: float | None = None, **setting: Any) -> None:
        if rate is not None and (isinstance(rate, bool) or not isinstance(rate, int | float)):
            raise TypeError(
                f"DropoutLab takes a dropout rate and settings, and trains its own networks; this is a "
                f"{type(rate).__name__}. To draw learning curves of yours, use `show_curves(curves)`."
            )
        unknown = set(setting) - {field.name for field in fields(Setting)}
        if unknown:
            raise TypeError(
                f"DropoutLab has no setting {', '.join(sorted(unknown))}; it has rate, batch_norm, inputs, width, "
                "optimizer and seed."
            )
        self._asked = setting if rate is None else {"rate": float(rate), **setting}
        self.setting = Setting(**self._asked)
        self.controls: DropoutControls | None = None

    def _ipython_display_(self) -> None:
        from IPython.display import display

        cell = front_end.cell_id()
        if cell is None:
            still.show_rates(self.setting)
            return
        before = _open.pop(cell, None)
        if before is not None:
            before.close()
            if before._asked == self._asked:
                self.setting = before.setting
        _open[cell] = self
        display(self.open())

    def open(self) -> widgets.Widget:
        """Build the widgets and begin to compute; returns what is to be displayed."""
        try:
            self._splits = {inputs: split(DATA, inputs) for inputs in ALLOWED["inputs"]}
            self._source = datasets.source(DATA)
        except datasets.DataError as error:
            return widgets.HTML(f'<p role="alert">{escape(str(error))} Then run this cell again.</p>')
        self._lock = threading.RLock()
        self._shown: LearningCurves | None = None
        self._shown_for: Setting | None = None
        self._ghost: LearningCurves | None = None
        self._live: LiveTraining | None = None  # the one that runs, or ended last
        self._progress: Progress | None = None  # its curves so far
        self._said = ""
        self.controls = DropoutControls(self.setting)
        self._swept = SweptCurves(self._came, self._say)
        self._picture = CurvesPicture(EPOCHS, BOTTOM, TOP, YLABEL, ticks=TICKS)
        self.controls.frame.value = self._picture.frame
        self._observe()
        self._swept.want(self.setting, self._splits[self.setting.inputs])
        self._paint()
        return self.controls.box

    def close(self) -> None:
        """End what runs and take the widgets away."""
        if self.controls is None:
            return
        if self._live is not None:
            self._live.stop()
        self._swept.close()
        with self._lock:
            controls, self.controls = self.controls, None
        close_all(controls.box)

    def _observe(self) -> None:
        controls = self.controls
        controls.rate.observe(lambda change: self.choose(rate=nearest_rate(change["new"])), "value")
        controls.rate_field.observe(lambda change: self._typed(change["new"]), "value")
        for name in ("batch_norm", "inputs", "width", "optimizer", "seed"):
            getattr(controls, name).observe(lambda change, name=name: self.choose(**{name: change["new"]}), "value")
        controls.preset.observe(lambda change: self._preset(change["new"]), "value")
        controls.train.on_click(lambda _: self.train())
        controls.stop.on_click(lambda _: self.stop())
        controls.reset.on_click(lambda _: self.reset())

    @property
    def _training(self) -> bool:
        """Whether a live training runs."""
        return self._live is not None and self._live.running

    # What the controls do.

    def choose(self, **changes: Any) -> None:
        """Go to a setting that differs from the present one by these values."""
        self.go(replace(self.setting, **changes))

    def go(self, setting: Setting) -> None:
        """Show the curves of a setting; a training that runs goes on with its rate."""
        with self._lock:
            if self.controls is None or setting == self.setting:
                return
            before, self.setting, self._said = self.setting, setting, ""
            if self._training:
                self._live.move(setting.rate)
            elif self._progress is not None:  # a live training that has ended becomes the ghost
                self._shown, self._shown_for, self._progress = self._progress.curves, None, None
            self.controls.show(setting)  # before the drawing: the page paints when no message waits any more
            if before.at(setting.rate) != setting or self._swept.at(setting) is None:
                self._swept.want(setting, self._splits[setting.inputs])
            self._paint()

    def _typed(self, rate: float) -> None:
        near = nearest_rate(rate)
        self.choose(rate=near)
        if near != rate:
            with self._lock:
                self.controls.rate_field.value = near
            self._say(f"The lab's rates go from 0 to 0.9 in steps of 0.05: {near:g} is the nearest to {rate:g}.")

    def _preset(self, name: str) -> None:
        for preset in PRESETS:
            if preset.name == name:
                self.go(preset.setting)
        self.controls.preset.value = CHOOSE

    def train(self) -> None:
        """Train the present setting by Keras, in a thread; the rate can be moved while it runs."""
        with self._lock:
            if self.controls is None or self._training:
                return
            self.controls.training(True)
            self.controls.progress.value = 0
            self._progress = None
            data = self._splits[self.setting.inputs]
            self._live = LiveTraining(self.setting.plan(), data, self._epoch, self._ended)
            self._live.start()
            self._paint()

    def stop(self) -> None:
        """End the live training after the step at hand."""
        if self._live is not None:
            self._live.stop()

    def reset(self) -> None:
        """Back to the setting with which the cell began, without a ghost and without a live training."""
        self.stop()
        with self._lock:
            self._progress = self._shown = self._shown_for = self._ghost = None
            self.controls.progress.value = 0
            self.go(Setting(**self._asked))
            self._paint()

    # What comes from other threads.

    def _came(self, plan: Plan) -> None:
        with self._lock:
            if self.controls is not None and plan.layers == self.setting.plan().layers:
                self._paint()

    def _epoch(self, progress: Progress) -> None:
        with self._lock:
            if self.controls is None:
                return
            self._progress, self._said = progress, ""
            self.controls.progress.value = progress.epochs
            self._paint()

    def _ended(self, failure: str | None) -> None:
        with self._lock:
            if self.controls is None:
                return
            stopped = self._progress is not None and self._progress.epochs < EPOCHS
            self._said = failure or ("Stopped." if stopped or self._progress is None else "")
            self._paint()
            self.controls.training(False)

    def _say(self, sentence: str) -> None:
        with self._lock:
            if self.controls is not None:
                self._said = sentence
                self._paint()

    # What is seen.

    def _paint(self) -> None:
        """Draw what there is for the present setting, and say it."""
        swept, note, changes = self._swept.at(self.setting), "", ()
        if self._progress is not None:
            shown, ghost, changes = self._progress.curves, swept, self._progress.changes
            seen = reading(shown)
            source = self._live_source()
        else:
            if swept is None:
                note = f"computing the curves at rate {self.setting.rate:g} …"
            else:
                if self._shown_for != self.setting and self._shown is not None:
                    self._ghost = self._shown
                self._shown, self._shown_for = swept, self.setting
            shown, ghost = self._shown, self._ghost
            seen = note or reading(shown)
            source = self._swept_source(swept)
            if not note and self._training and not self._live.stopping:
                seen += " The live training starts: Keras builds its network."
        controls = self.controls
        controls.curves.value = self._picture.curves(shown, ghost, changes, note, seen)
        controls.reading.value = spoken(f"{self._said} {seen}".strip())
        controls.source.value = f"<small>{escape(source)}</small>"

    def _swept_source(self, swept: LearningCurves | None) -> str:
        if swept is None:
            return ""
        seeds = ", ".join(map(str, swept.seeds))
        return (
            f"Swept: {swept.runs} run{'s' * (swept.runs > 1)} (seed{'s' * (swept.runs > 1)} {seeds}), "
            f"{self.setting.inputs} red wine, {self._source} data. Dashed and thin: the curves shown before."
        )

    def _live_source(self) -> str:
        changes = "".join(
            f"; rate {change.rate:g} from epoch {change.epochs:.1f} on" for change in self._progress.changes
        )
        return (
            f"Live: Keras' fit (seed {self._live.plan.seed}), {self.setting.inputs} red wine, {self._source} data"
            f"{changes}. Dashed and thin: the swept curves of rate {self.setting.rate:g}."
        )
