"""`BatchNormLab`: what batch normalization does to a batch in training, and at inference with its moving averages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets
import numpy as np

from dropnorm.lab.arguments import among, one_of, real_number, refuse_objects, refuse_unknown, whole_number
from dropnorm.lab.batch_norm_picture import BatchNormPicture, Values
from dropnorm.lab.batch_norm_reading import batch_norm_reading
from dropnorm.lab.controls import (
    LAYER,
    ROOM,
    WRAPPED,
    NumberControl,
    Player,
    button,
    choice,
    html_widget,
    reading_widget,
    spoken,
)
from dropnorm.lab.normalization import MOMENTA, Averages, Normalization
from dropnorm.lab.vehicle_batches import IN_TURN, MAKE_UPS, MIXED, ColouredBatch, VehicleBatches
from dropnorm.lab.view import View
from dropnorm.language import N_, _, sentences

KNOWN = ("seed", "scale", "shift", "batch_size", "momentum", "gamma", "beta", "activations", "make_up")
SMALLEST, LARGEST = 8, 512  # batch sizes
# The numbers that can be moved: what they are called, their limits, and by how much an arrow key moves them.
NUMBERS = {
    "scale": (N_("input scale"), 0.5, 3, 0.1),
    "shift": (N_("input shift"), -4, 4, 0.1),
    "batch_size": (N_("batch size"), SMALLEST, LARGEST, 8),
    "gamma": (N_("γ (scale)"), 0, 2, 0.1),
    "beta": (N_("β (shift)"), -2, 2, 0.1),
}
DRAWN, VEHICLES = "drawn", "vehicles"
KINDS = {DRAWN: N_("drawn"), VEHICLES: N_("vehicles")}
BATCHES_PLAYED = 200  # then playing stops by itself, also where nobody looks any more
MILLISECONDS_A_BATCH = 250
STATIC_BATCHES = 100


class BatchNormLab(View):
    """One unit's activations before and after batch normalization, training and inference mode side by side.

    A batch's activations are ``shift + scale × z``, where ``z`` is drawn from a gamma distribution of shape 2 that is
    standardised to mean 0 and standard deviation 1: skewed to the right, as activations often are, so that one sees
    that normalizing moves and stretches a distribution and does not change its form. The sliders of scale and shift
    change the batch that is shown; the moving averages learn of it from the next batch on.

    Or ``z`` is what a unit makes of pictures of blue cars and of red ones (`VehicleBatches`). In a batch of mixed
    colours both go through one affine map; batches of one colour are pulled together in training mode, and at
    inference the moving averages undo that.

    Args:
        seed: of the batches.
        scale, shift, batch_size: of the activations to begin with, 0.5 to 3, −4 to 4 and 8 to 512.
        momentum: of the moving averages to begin with, 0.99 or 0.9.
        gamma, beta: scale and shift of the output to begin with, 0 to 2 and −2 to 2.
        activations: "drawn" or "vehicles" to begin with.
        make_up: of batches of vehicles to begin with: "mixed", "only blue", "only red", or blue and red "in turn".

    Raises:
        ValueError: an argument is outside these limits.
        TypeError: something of another kind, such as a model or curves.
    """

    css = "dropnorm-batch-norm-lab"
    state = ("scale", "shift", "batch_size", "normalization", "number", "activations", "make_up")

    def __init__(
        self,
        seed: int = 0,
        *,
        scale: float = 2.0,
        shift: float = 3.0,
        batch_size: int = 64,
        momentum: float = MOMENTA[0],
        gamma: float = 1.0,
        beta: float = 0.0,
        activations: str = DRAWN,
        make_up: str = MIXED,
        **unknown: Any,
    ) -> None:
        numbers = {"scale": scale, "shift": shift, "gamma": gamma, "beta": beta}
        words = {"activations": activations, "make_up": make_up}
        super().__init__(seed=seed, batch_size=batch_size, momentum=momentum, **numbers, **words)
        refuse_unknown("BatchNormLab", unknown, KNOWN)
        refuse_objects("BatchNormLab", _("a seed and settings, and draws its own activations"), seed)
        self.seed = whole_number("seed", seed, 0, 2**31 - 1)
        self.batch_size = whole_number("batch_size", batch_size, SMALLEST, LARGEST)
        scale, shift, gamma, beta = (real_number(name, value, *NUMBERS[name][1:3]) for name, value in numbers.items())
        self.scale, self.shift = scale, shift
        self.normalization = Normalization(one_of("momentum", momentum, MOMENTA), gamma, beta)
        self.activations = among("activations", activations, (DRAWN, VEHICLES))
        self.make_up = among("make_up", make_up, tuple(MAKE_UPS))
        self.number = 0  # of the batch that is shown

    @property
    def vehicles(self) -> VehicleBatches:
        """Where batches of vehicles come from; the first call for a seed takes about a second."""
        return VehicleBatches(self.seed)

    def coloured(self) -> ColouredBatch | None:
        """The batch with its colours, where vehicles are shown."""
        if self.activations == DRAWN:
            return None
        return self.vehicles.batch(self.make_up, self.number, self.batch_size, self.shift, self.scale)

    def batch(self) -> np.ndarray:
        """The activations that are shown, ``(batch_size,)``, in float32."""
        coloured = self.coloured()
        if coloured is not None:
            return coloured.values
        random = np.random.default_rng((self.seed, 3, self.number))
        z = (random.standard_gamma(2, LARGEST)[: self.batch_size] - 2) / np.sqrt(2)
        return (self.shift + self.scale * z).astype("float32")

    def values(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The batch before, after in training mode, and after at inference; each ``(batch_size,)``."""
        batch = self.batch()
        return batch, self.normalization.training(batch), self.normalization.inference(batch)

    def next_batch(self) -> None:
        """Draw a new batch and let the moving averages see it."""
        self.number += 1
        self.normalization.see(self.batch())

    def reading(self) -> str:
        """What is seen, in words and numbers."""
        coloured = self.coloured()
        return batch_norm_reading(
            self.values(),
            self.normalization,
            self._own(),
            None if coloured is None else (coloured, self.vehicles.unit),
            self.activations == VEHICLES and self.make_up == IN_TURN,
        )

    def _own(self) -> tuple[float, float]:
        """Mean and standard deviation of the inputs, to which the moving averages go."""
        if self.activations == DRAWN:
            return self.shift, self.scale
        mean, deviation = self.vehicles.own(self.make_up)
        return round(self.shift + self.scale * mean, 2), round(self.scale * deviation, 2)

    def static(self) -> tuple[str, str]:
        """The picture after the first hundred batches, with everything else as at the start; and its reading."""
        lab = BatchNormLab(**self._asked)
        for _number in range(STATIC_BATCHES):
            lab.next_batch()
        alt = lab.reading()
        return BatchNormPicture().whole(*lab._shown(), alt), alt

    def fallback(self) -> tuple[str, str]:
        """The picture in the present state: its axes are drawn already, and drawing others takes longest."""
        return self._drawing.whole(*self._shown(), self.reading()), self.reading()

    def _shown(self) -> tuple[Values, Sequence[Averages]]:
        """What is drawn: the histograms' values, of both colours where vehicles are shown; and the history."""
        coloured = self.coloured()
        values = self.values() if coloured is None else coloured.states(self.normalization)
        return values, self.normalization.history

    def _build(self) -> widgets.Box:
        state = self.normalization
        self._drawing = BatchNormPicture()
        self._reading = reading_widget()
        self._make_room()
        self._frame, self._picture = (html_widget(layout=LAYER) for _ in range(2))  # axes, and what changes over them
        self._picture.add_class("dropnorm-picture")
        now = {"scale": self.scale, "shift": self.shift, "batch_size": self.batch_size}
        now |= {"gamma": state.gamma, "beta": state.beta}
        self._numbers = {
            name: NumberControl(
                _(label),
                now[name],
                low,
                high,
                step,
                css=f"dropnorm-{name.replace('_', '-')}",
                whole=name == "batch_size",
            )
            for name, (label, low, high, step) in NUMBERS.items()
        }
        for control in self._numbers.values():
            control.on_change(self._numbers_changed)
        momenta = [(f"{momentum:g}", momentum) for momentum in MOMENTA]
        self._momentum = choice(_("momentum"), momenta, state.momentum, "dropnorm-momentum")
        self._momentum.observe(self._momentum_changed, "value")
        kinds = [(_(label), kind) for kind, label in KINDS.items()]
        self._activations = choice(_("activations"), kinds, self.activations, "dropnorm-activations")
        make_ups = [(_(label), make_up) for make_up, label in MAKE_UPS.items()]
        self._make_up = choice(_("colours"), make_ups, self.make_up, "dropnorm-make-up")
        self._make_up.disabled = self.activations == DRAWN
        self._make_up.style.description_width, self._make_up.layout.margin = "max-content", "2px 2px 2px 16px"
        for control in (self._activations, self._make_up):
            control.observe(self._kind_changed, "value")
        batches = (0, 0, BATCHES_PLAYED)
        self._player = Player(_("play batches"), batches, MILLISECONDS_A_BATCH, self._played, self._draw)
        buttons = [
            button(_("next batch"), "dropnorm-next-batch", self._next_batch),
            self._player.box,
            button(_("reset moving averages"), "dropnorm-reset", self._reset),
        ]
        self._draw()
        return widgets.VBox(
            [
                widgets.HBox([self._momentum, *buttons], layout=WRAPPED),
                widgets.HBox([self._activations, self._make_up], layout=WRAPPED),
                widgets.HBox([control.box for control in self._numbers.values()], layout=WRAPPED),
                self._reading,
                widgets.GridBox([self._frame, self._picture]),
            ]
        )

    def _draw(self) -> None:
        text = self.reading()
        notes = [control.take_note() for control in self._numbers.values()]
        self._reading.value = spoken(sentences(*notes, text), live=not self._player.playing)
        self._frame.value, self._picture.value = self._drawing.layers(*self._shown(), text)

    def _numbers_changed(self) -> None:
        for name in ("scale", "shift", "batch_size"):
            setattr(self, name, self._numbers[name].value)
        self.normalization.gamma, self.normalization.beta = self._numbers["gamma"].value, self._numbers["beta"].value
        self._draw()

    def _momentum_changed(self, change: dict[str, Any]) -> None:
        self.normalization.momentum = change["new"]
        self._draw()

    def _kind_changed(self, change: dict[str, Any]) -> None:
        self.activations, self.make_up = self._activations.value, self._make_up.value
        self._make_up.disabled = self.activations == DRAWN
        self._make_room()
        if self.activations == VEHICLES:  # the first time it takes a moment
            self._reading.value = spoken(_("Painting cars, blue and red …"))
        self._draw()

    def _make_room(self) -> None:
        if self.activations == VEHICLES:  # of which there is more to say
            self._reading.layout.min_height = ROOM

    def _next_batch(self) -> None:
        self.next_batch()
        self._draw()

    def _played(self, tick: int) -> None:
        if tick:  # begun again after the last one, counting starts from 0: no batch
            self._next_batch()

    def _reset(self) -> None:
        self.normalization.reset()
        self._draw()
