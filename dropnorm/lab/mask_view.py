"""`MaskView`: what dropout does to one row at one step, and what it leaves alone at inference."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets
import numpy as np

from dropnorm.lab.arguments import in_a_row, real_number, refuse_objects, refuse_unknown, whole_number
from dropnorm.lab.controls import (
    WRAPPED,
    NumberControl,
    Player,
    button,
    choice,
    html_widget,
    reading_widget,
    spoken,
)
from dropnorm.lab.view import View
from dropnorm.language import N_, _, ngettext, sentences
from dropnorm.network_picture import DropoutPanel, dropout_svg, number
from dropnorm.sweep.masks import MaskStream

HIGHEST_RATE = 0.9
STEPS = 100  # of playing: then it stops by itself, also where nobody looks any more
MILLISECONDS_A_STEP = 1500
MASKS = 10_000  # over which the mean is taken
INPUTS = 4
TRAINING_TITLE, INFERENCE_TITLE = N_("training: row {row}, step {step}"), N_("inference: row {row}")


class MaskView(View):
    """A small network with the units that one row's mask drops, and the numbers that dropout passes on.

    The rows are no data: their inputs are drawn from a standard normal distribution, as standardised measurements
    are spread, and the hidden layer's weights from a narrower one, both by ``seed``; activations are ``relu``'s. The
    same rows are shown at every step, so that only the masks change. The masks are those that the course's own runs
    of that seed draw (`MaskStream`): a new one at each step, a row of it for each row of the batch. Another rate
    draws the same random numbers, so that a higher one drops the same units and some more.

    Args:
        rate: share of the hidden layer's activations that dropout drops, 0 to 0.9.
        units: of the hidden layer, 2 to 12.
        rows: of the batch, 2 to 64.
        seed: of inputs, weights and masks.

    Raises:
        ValueError: an argument is outside these limits.
        TypeError: something of another kind, such as a model or curves.
    """

    css = "dropnorm-mask-view"
    state = ("rate", "row", "step", "training")

    def __init__(self, rate: float = 0.5, units: int = 6, rows: int = 4, seed: int = 0, **unknown: Any) -> None:
        super().__init__(rate=rate, units=units, rows=rows, seed=seed)
        refuse_unknown("MaskView", unknown, ("rate", "units", "rows", "seed"))
        refuse_objects("MaskView", _("a dropout rate, and draws a network of its own"), rate)
        self.rate = real_number("rate", rate, 0, HIGHEST_RATE)
        self.units = whole_number("units", units, 2, 12)
        self.rows = whole_number("rows", rows, 2, 64)
        self.seed = whole_number("seed", seed, 0, 2**31 - 1)
        self.row, self.step, self.training = 0, 1, True
        random = np.random.default_rng((self.seed, 2))
        inputs, weights = random.normal(size=(self.rows, INPUTS)), random.normal(scale=0.35, size=(INPUTS, self.units))
        # The bias keeps nearly all activations above zero: a zero would look like a dropped unit's.
        self.activations = np.maximum(inputs @ weights + 1.5, 0)

    def masks(self, step: int) -> np.ndarray:
        """The masks of a step, counted from 1, ``(rows, units)``: True where an activation is kept."""
        stream = MaskStream(self.seed, 0, self.rate)
        for _number in range(step):
            kept = stream.draw((self.rows, self.units))
        return kept.copy()

    @property
    def factor(self) -> float:
        """What training multiplies the kept activations by."""
        return 1 / (1 - self.rate)

    def panel(self, row: int, step: int, training: bool, title: str = "") -> DropoutPanel:
        """One row, counted from 0, at one step in one mode."""
        kept = self.masks(step)[row] if training else np.ones(self.units, bool)
        return DropoutPanel(title, self.activations[row], kept, self.factor if training else 1.0)

    def shown(self) -> DropoutPanel:
        """What the controls ask for now."""
        title = _(TRAINING_TITLE if self.training else INFERENCE_TITLE).format(row=self.row + 1, step=self.step)
        return self.panel(self.row, self.step, self.training, title)

    def reading(self) -> str:
        """What is seen, in words and numbers."""
        panel = self.shown()
        plain, over_masks = panel.activations.mean(), self._mean_over_masks()
        if not self.training:
            return _(
                "Inference mode, row {row} of {rows}: no unit is dropped and nothing is rescaled, the same at every "
                "step. The mean of what the layer passes on is {mean}. In training mode at rate {rate} it is "
                "{over_masks} over {masks} masks: the next layer receives inputs of the same size in both modes."
            ).format(
                row=self.row + 1,
                rows=self.rows,
                mean=number(plain),
                rate=f"{self.rate:g}",
                over_masks=number(over_masks),
                masks=f"{MASKS:,}",
            )
        dropped = np.flatnonzero(~panel.kept) + 1
        which = _(" ({numbers})").format(numbers=in_a_row(map(str, dropped))) if len(dropped) else ""
        return _(
            "Training mode, row {row} of {rows}, step {step}: at rate {rate} this row's mask drops {dropped} of "
            "{units} hidden units{which} and multiplies the others by 1 / (1 − {rate}) = {factor}. The mean of what "
            "the layer passes on is {with_this} with this mask and {over_masks} over {masks} masks, near the "
            "{without} without dropout. Not rescaled, it would be {unscaled}."
        ).format(
            row=self.row + 1,
            rows=self.rows,
            step=self.step,
            rate=f"{self.rate:g}",
            dropped=len(dropped),
            units=self.units,
            which=which,
            factor=f"{self.factor:.3g}",
            with_this=number(panel.passed_on.mean()),
            over_masks=number(over_masks),
            masks=f"{MASKS:,}",
            without=number(plain),
            unscaled=number(over_masks / self.factor),
        )

    def _mean_over_masks(self) -> float:
        """What the layer passes on in training mode, averaged over its units and many masks."""
        kept = MaskStream(self.seed, 1, self.rate).draw((MASKS, self.units))
        return float((kept.mean(axis=0) * self.activations[self.row] * self.factor).mean())

    def static(self) -> tuple[str, str]:
        """Two rows at one step, one of them a step later, and inference mode; and the same in words."""
        panels = [
            *(
                self.panel(row, step, True, _(TRAINING_TITLE).format(row=row + 1, step=step))
                for row, step in ((0, 1), (1, 1), (0, 2))
            ),
            self.panel(0, 1, False, _("inference: row 1, any step")),
        ]
        told = _("; ").join(
            _("{panel}: {seen}").format(panel=panel.title, seen=_dropped(panel.kept)) for panel in panels
        )
        alt = _(
            "Dropout at rate {rate} between a hidden layer of {units} units and the next, four times. {told}. A "
            "dropped unit is hollow and crossed, and no line leads on from it; in training the others are multiplied "
            "by {factor}, at inference by 1."
        ).format(rate=f"{self.rate:g}", units=self.units, told=told, factor=f"{self.factor:.3g}")
        return dropout_svg(panels, alt), alt

    def _build(self) -> widgets.Box:
        self._picture, self._reading = html_widget(), reading_widget()
        self._picture.add_class("dropnorm-picture")
        self._rate = NumberControl(_("dropout rate"), self.rate, 0, HIGHEST_RATE, 0.05, css="dropnorm-rate")
        modes = [(_("training"), True), (_("inference"), False)]
        self._mode = choice(_("mode"), modes, self.training, "dropnorm-mode")
        steps = (1, self.step, STEPS)
        self._player = Player(_("play steps"), steps, MILLISECONDS_A_STEP, self._step_changed, self._draw)
        self._rate.on_change(self._rate_changed)
        self._mode.observe(self._mode_changed, "value")
        buttons = [
            button(_("next row"), "dropnorm-next-row", self._next_row),
            button(_("next step"), "dropnorm-next-step", self._next_step),
            self._player.box,
        ]
        self._draw()
        return widgets.VBox(
            [
                widgets.HBox([self._mode, *buttons], layout=WRAPPED),
                self._rate.box,
                self._reading,
                self._picture,
            ]
        )

    def _draw(self) -> None:
        text = self.reading()
        self._reading.value = spoken(sentences(self._rate.take_note(), text), live=not self._player.playing)
        self._picture.value = dropout_svg([self.shown()], text)

    def _rate_changed(self) -> None:
        self.rate = self._rate.value
        self._draw()

    def _mode_changed(self, change: dict[str, Any]) -> None:
        self.training = change["new"]
        self._draw()

    def _step_changed(self, step: int) -> None:
        self.step = step
        self._draw()

    def _next_row(self) -> None:
        self.row = (self.row + 1) % self.rows
        self._draw()

    def _next_step(self) -> None:
        self._player.count.value = self.step % STEPS + 1


def _dropped(kept: np.ndarray) -> str:
    dropped = np.flatnonzero(~kept) + 1
    if not len(dropped):
        return _("no unit dropped")
    return ngettext("unit {numbers} dropped", "units {numbers} dropped", len(dropped)).format(
        numbers=in_a_row(map(str, dropped))
    )
