"""`DropoutLab`: a slider for the dropout rate that answers at once, and a training that it moves while it runs."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import Any

import ipywidgets as widgets

from dropnorm import datasets
from dropnorm.curves import LearningCurves
from dropnorm.lab import still, wine
from dropnorm.lab.arguments import refuse_objects, refuse_unknown
from dropnorm.lab.controls import LINES, spoken
from dropnorm.lab.dropout_controls import CHOICES, DropoutControls
from dropnorm.lab.live_training import LiveTraining, Progress
from dropnorm.lab.presets import PRESETS, Preset
from dropnorm.lab.reading import reading, reading_of_part, runs_and_seeds
from dropnorm.lab.setting import EPOCHS, Setting, nearest_rate
from dropnorm.lab.swept import SweptCurves
from dropnorm.lab.wine_lab import WineLab
from dropnorm.language import N_, _, sentences
from dropnorm.sweep.plan import Plan

PAUSE = 0.1  # seconds between pictures of a live training: more would keep a slider's move waiting
# Seconds after a slider's move in which the training draws nothing of its own: each move draws the latest epoch anyway,
# and the next one, while somebody drags, would find the page busy.
HELD = 0.5


@dataclass(frozen=True)
class Drawn:
    """Curves in the picture, and which they are: a setting's swept ones, or a live training's where it is None."""

    curves: LearningCurves
    setting: Setting | None

    @property
    def words(self) -> str:
        """Which they are, in words."""
        if self.setting is None:
            return _("the live training")
        return _("{setting}, swept").format(setting=self.setting.words)


class DropoutLab(WineLab):
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

    css = "dropnorm-lab"
    kind = Setting
    shows = N_("a slider for the dropout rate above the learning curves of red wine.")

    def __init__(
        self,
        rate: float | None = None,
        batch_norm: str | None = None,
        inputs: str | None = None,
        width: int | None = None,
        optimizer: str | None = None,
        seed: int | None = None,
        **unknown: Any,
    ) -> None:
        refuse_unknown("DropoutLab", unknown, ("rate", "batch_norm", "inputs", "width", "optimizer", "seed"))
        refuse_objects("DropoutLab", _("a dropout rate and settings, and trains its own networks"), rate)
        super().__init__(rate=rate, batch_norm=batch_norm, inputs=inputs, width=width, optimizer=optimizer, seed=seed)

    def close(self) -> None:
        """End what runs and take the widgets away."""
        if self.controls is not None and self._live is not None:
            self._live.stop()
        super().close()

    def _show_still(self) -> None:
        still.show_rates(self.setting)

    def _build(self) -> widgets.Box:
        """Build the widgets and begin to compute."""
        self._splits = wine.splits()
        self._source = datasets.source(wine.DATA)
        self._lock = threading.RLock()
        self._shown: Drawn | None = None
        self._ghost: Drawn | None = None
        self._live: LiveTraining | None = None  # the one that runs or ended last; None after a reset
        self._progress: Progress | None = None  # its curves so far
        self._token: object | None = None  # of the live training that is heard, while it runs
        self._said, self._painted, self._moved = "", 0.0, 0.0
        self.controls = DropoutControls(self.setting)
        self._swept = SweptCurves(self._came, self._say)
        self._picture = wine.axes()
        self.controls.frame.value = self._picture.frame
        self._observe()
        self._swept.want(self.setting, self._splits[self.setting.inputs])
        self._paint()
        return self.controls.box

    def _observe(self) -> None:
        controls = self.controls
        controls.rate.observe(lambda change: self.choose(rate=nearest_rate(change["new"])), "value")
        controls.rate_field.observe(lambda change: self._typed(change["new"]), "value")
        for name in CHOICES:
            getattr(controls, name).observe(lambda change, name=name: self.choose(**{name: change["new"]}), "value")
        for preset, button in zip(PRESETS, controls.presets, strict=True):
            button.on_click(lambda _, preset=preset: self._preset(preset))
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
            before, self.setting, self._said, self._moved = self.setting, setting, "", time.monotonic()
            if self._training:
                self._live.move(setting.rate)
            elif self._progress is not None:  # a live training that has ended becomes the ghost
                self._shown, self._progress = Drawn(self._progress.curves, None), None
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
            said = _("The lab's rates go from 0 to 0.9 in steps of 0.05: {near} is the nearest to {typed}.")
            self._say(said.format(near=f"{near:g}", typed=f"{rate:g}"))

    def _preset(self, preset: Preset) -> None:
        self.go(preset.setting)

    def train(self) -> None:
        """Train the present setting by Keras, in a thread; the rate can be moved while it runs."""
        with self._lock:
            if self.controls is None or self._training:
                return
            self.controls.training(True)
            self.controls.stop.focus()  # the button that was pressed cannot keep the focus
            self.controls.epochs(0)
            self._progress, self._said = None, ""
            data, token = self._splits[self.setting.inputs], object()
            self._token = token
            self._live = LiveTraining(
                self.setting.plan(), data, partial(self._epoch, token), partial(self._ended, token)
            )
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
            self._live = self._token = self._progress = self._shown = self._ghost = None
            self._said = ""
            self.controls.training(False)
            self.controls.epochs(0)
            self.go(self._asked["setting"])
            self._paint()

    # What comes from other threads. A training that was reset or replaced has another token, and is not heard.

    def _came(self, plan: Plan) -> None:
        with self._lock:
            if self.controls is not None and plan.layers in (self.setting.plan().layers, self.setting.layers(0.0)):
                self._paint()

    def _epoch(self, token: object, progress: Progress) -> None:
        with self._lock:
            if self.controls is None or token is not self._token:
                return
            self._progress = progress
            now = time.monotonic()
            if now - self._painted >= PAUSE and now - self._moved >= HELD:
                self._paint()

    def _ended(self, token: object, failure: str | None) -> None:
        with self._lock:
            if self.controls is None or token is not self._token:
                return
            stopped = self._progress is None or self._progress.epochs < EPOCHS
            self._said, self._token = failure or (_("Stopped.") if stopped else ""), None
            self._paint()
            self.controls.training(False)
            if self._live.stopping:  # Stop was pressed, and cannot keep the focus
                self.controls.train.focus()

    def _say(self, sentence: str) -> None:
        with self._lock:
            if self.controls is not None:
                self._said = sentence
                self._paint()

    # What is seen.

    def _paint(self) -> None:
        """Draw what there is for the present setting, and say it."""
        swept, note, changes = self._swept.at(self.setting), "", ()
        live, progress = self._live, self._progress
        if progress is not None:
            shown, changes = Drawn(progress.curves, None), progress.changes
            ghost = None if swept is None else Drawn(swept, self.setting)
            seen = reading(shown.curves) if progress.epochs == EPOCHS else reading_of_part(shown.curves, EPOCHS)
            self.controls.epochs(progress.epochs)
            source = self._trained(live, progress)
        else:
            if swept is None:
                note = _("computing the curves at rate {rate} …")
                if self._swept.failure:
                    note = _("no curves at rate {rate}")
                note = note.format(rate=f"{self.setting.rate:g}")
            else:
                if self._shown is not None and self._shown.setting != self.setting:
                    self._ghost = self._shown
                self._shown = Drawn(swept, self.setting)
            shown, ghost = self._shown, self._ghost
            seen = (note and self._swept.failure) or note or reading(shown.curves, self._without())
            source = ""
            if swept is not None:
                source = _("Swept: {runs}, {data}.").format(runs=runs_and_seeds(swept), data=self._data())
            if not note and self._token is not None and not live.stopping:
                seen = sentences(seen, _("The live training starts: Keras builds its network."))
        if ghost is not None and not note:
            source = sentences(source, _("Thin and broken lines: {curves}.").format(curves=ghost.words))
        controls = self.controls
        drawn = None if shown is None else shown.curves
        behind = None if ghost is None else ghost.curves
        controls.curves.value = self._picture.curves(drawn, behind, changes, note, seen)
        # While it trains, the sentence changes several times a second: nobody could listen.
        said = self._said if self._said != seen else ""
        controls.reading.value = spoken(sentences(said, seen), live=self._token is None)
        controls.source.value = f'<div style="{LINES}"><small>{escape(source)}</small></div>'
        self._painted = time.monotonic()

    def _without(self) -> LearningCurves | None:
        """The swept curves of the same setting at rate 0, to compare with."""
        return self._swept.at(self.setting.at(0.0)) if self.setting.rate else None

    def _trained(self, live: LiveTraining, progress: Progress) -> str:
        """What the live training is, and at which rates."""
        told = _("Live: Keras' fit (seed {seed}) from rate {rate} on, {data}").format(
            seed=live.plan.seed, rate=f"{live.first_rate:g}", data=self._data()
        )
        moved = _("rate {rate} from epoch {epoch} on")
        changes = (moved.format(rate=f"{each.rate:g}", epoch=f"{each.epochs:.1f}") for each in progress.changes)
        return _("{words}.").format(words=_("; ").join([told, *changes]))

    def _data(self) -> str:
        return wine.words(self.setting.inputs, self._source)
