"""The controls of `DropoutLab`: which widgets, with which labels, in which rows.

Choices are buttons: JupyterLab takes the arrow keys and letters that a drop-down list would need for itself.
"""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from dropnorm.lab.controls import BUTTON, LAYER, WRAPPED, choice, html_widget, room
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.setting import ALLOWED, EPOCHS, RATES, Setting
from dropnorm.language import N_, _

PLACES = {"off": N_("off"), "after": N_("after"), "before": N_("before activation"), "first": N_("first")}
INPUTS = {"raw": N_("raw"), "standardised": N_("standardised")}
WIDE = {"description_width": "max-content"}
WIDTH = "760px"  # at most: as wide as the drawing
LONG = {"width": "auto", "min_width": "148px"}  # of the buttons that do most: at least as wide as ipywidgets makes one
CHOICES = ("batch_norm", "inputs", "width", "optimizer", "seed")


class DropoutControls:
    """The widgets, showing a setting; `box` holds them all, with room for what is drawn.

    The slider's handle has no name that a screen reader could tell, so a labelled number field stands beside it. The
    buttons that change the network stand above what is read: its lines may wrap, and nothing else moves.
    """

    def __init__(self, setting: Setting) -> None:
        self.rate = widgets.FloatSlider(
            min=0, max=RATES[-1], step=0.05, readout=False, tooltip=_("dropout rate"), layout={"width": "260px"}
        )
        self.rate_field = widgets.FloatText(step=0.05, **_labelled(_("dropout rate"), 5))
        places = [(_(PLACES[each]), each) for each in ALLOWED["batch_norm"]]
        self.batch_norm = _choice(_("batch normalization"), places, "bn")
        self.inputs = _choice(_("inputs"), [(_(INPUTS[each]), each) for each in ALLOWED["inputs"]], "inputs")
        self.width = _choice(_("units in each layer"), [(str(each), each) for each in ALLOWED["width"]], "width")
        optimizers = [(str(each), each) for each in ALLOWED["optimizer"]]
        self.optimizer = _choice(_("optimizer"), optimizers, "optimizer")
        self.seed = widgets.BoundedIntText(min=0, max=2**31 - 1, **_labelled(_("seed"), 9))
        self.presets = [
            widgets.Button(
                description=_(preset.name), tooltip=_("Show: {preset}").format(preset=_(preset.name)), layout=BUTTON
            )
            for preset in PRESETS
        ]
        self.more = widgets.ToggleButton(description=_("more"), tooltip=_("Units, optimizer and seed"), layout=BUTTON)
        self.train = widgets.Button(
            description=_("Train live"), icon="play", tooltip=_("Train this network now, by Keras"), layout=LONG
        )
        self.stop = widgets.Button(
            description=_("Stop"), icon="stop", disabled=True, tooltip=_("End the live training"), layout=LONG
        )
        self.reset = widgets.Button(
            description=_("Reset"), icon="refresh", tooltip=_("Back to where the cell began"), layout=LONG
        )
        self.progress = widgets.IntProgress(
            max=EPOCHS,
            tooltip=_("epochs of the live training"),
            style=WIDE,
            layout={"width": room(_come_to(EPOCHS), beside=11.5)},
        )
        self.frame, self.curves = (html_widget(layout=LAYER) for _ in range(2))
        self.reading, self.source = (
            html_widget(layout={"width": "auto", "max_width": WIDTH, "min_height": height})
            for height in ("4.5em", "3em")
        )
        self.code = widgets.Text(
            description=_("this state as code"),
            tooltip=_("this state as code"),
            style=WIDE,
            layout={"width": "auto", "max_width": WIDTH},
        )
        self.show(setting)
        self.epochs(0)
        self.box = self._arranged()

    def _arranged(self) -> widgets.VBox:
        for name in ("rate", "train", "stop", "curves", "reading", "progress"):
            getattr(self, name).add_class(f"dropnorm-{name}")
        for name in ("rate_field", "reset", "source", "code", "seed", "more"):
            getattr(self, name).add_class(f"dropnorm-{name.replace('_', '-')}")
        folded = _row(self.width, self.optimizer, self.seed)
        widgets.dlink((self.more, "value"), (folded.layout, "display"), lambda more: "flex" if more else "none")
        presets = _row(widgets.Label(_("show me"), tooltip=_("show me")), *self.presets)
        presets.add_class("dropnorm-preset")
        return widgets.VBox(
            [
                _row(self.rate_field, self.rate),
                presets,
                _row(self.batch_norm, self.inputs, self.more),
                folded,
                _row(self.train, self.stop, self.reset, self.progress),
                widgets.GridBox([self.frame, self.curves], layout={"max_width": WIDTH}),
                self.reading,
                self.source,
                self.code,
            ]
        )

    def show(self, setting: Setting) -> None:
        """Set every control to a setting's value."""
        self.rate.value = self.rate_field.value = setting.rate
        for name in CHOICES:
            getattr(self, name).value = getattr(setting, name)
        self.code.value = setting.code

    def epochs(self, number: int) -> None:
        """How far the live training has come, as a bar and in words."""
        self.progress.value, self.progress.description = number, _come_to(number)

    def training(self, running: bool) -> None:
        """What may be pressed while a live training runs: its rate and Stop; what would need another network waits."""
        self.stop.disabled = not running
        for control in (self.train, *self.presets, *(getattr(self, name) for name in CHOICES)):
            control.disabled = running


def _come_to(epoch: int) -> str:
    return _("live: epoch {epoch} of {epochs}").format(epoch=epoch, epochs=EPOCHS)


def _labelled(label: str, em: float) -> dict[str, Any]:
    """What gives a field its label, with so much room for what is typed."""
    return {"description": label, "tooltip": label, "style": WIDE, "layout": {"width": room(label, beside=em)}}


def _choice(label: str, options: list[tuple[str, Any]], css: str) -> widgets.ToggleButtons:
    """Buttons of which one is pressed, with room for the label before them."""
    made = choice(label, options, options[0][1], f"dropnorm-{css}")
    made.style.description_width = room(label)
    made.layout.margin = "2px 16px 2px 2px"
    return made


def _row(*children: widgets.Widget) -> widgets.HBox:
    return widgets.HBox(children, layout=WRAPPED)
