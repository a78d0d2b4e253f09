"""The controls of `DropoutLab`: which widgets, with which labels, in which rows."""

from __future__ import annotations

import ipywidgets as widgets

from dropnorm.lab.controls import LAYER, WRAPPED
from dropnorm.lab.presets import PRESETS
from dropnorm.lab.setting import ALLOWED, EPOCHS, RATES, Setting

PLACES = tuple(("before activation" if place == "before" else place, place) for place in ALLOWED["batch_norm"])
WIDE = {"description_width": "max-content"}
CHOOSE = "choose …"


class DropoutControls:
    """The widgets, showing a setting; `box` holds them all, with room for what is drawn.

    The slider's handle has no name that a screen reader could tell, so a labelled number field stands beside it.
    """

    def __init__(self, setting: Setting) -> None:
        self.rate = widgets.FloatSlider(
            min=0, max=RATES[-1], step=0.05, readout=False, layout=widgets.Layout(width="260px")
        )
        self.rate_field = widgets.FloatText(
            step=0.05, description="dropout rate", style=WIDE, layout=widgets.Layout(width="150px")
        )
        self.batch_norm = _choice("batch normalization", PLACES)
        self.inputs = _choice("inputs", ALLOWED["inputs"])
        self.preset = _choice("show me", (CHOOSE, *(preset.name for preset in PRESETS)))
        self.width = _choice("units in each layer", ALLOWED["width"])
        self.optimizer = _choice("optimizer", ALLOWED["optimizer"])
        self.seed = widgets.BoundedIntText(
            min=0, max=2**31 - 1, description="seed", style=WIDE, layout=widgets.Layout(width="130px")
        )
        self.train = widgets.Button(description="Train live", icon="play", tooltip="Train this network now, by Keras")
        self.stop = widgets.Button(description="Stop", icon="stop", disabled=True, tooltip="End the live training")
        self.reset = widgets.Button(description="Reset", icon="refresh", tooltip="Back to where the cell began")
        self.progress = widgets.IntProgress(max=EPOCHS, description="live", layout=widgets.Layout(width="220px"))
        self.frame, self.curves = (widgets.HTML(layout=LAYER) for _ in range(2))
        self.reading, self.source = widgets.HTML(), widgets.HTML()
        self.code = widgets.Text(
            description="this state as code", style=WIDE, layout=widgets.Layout(width="auto", max_width="760px")
        )
        self.show(setting)
        self.box = self._arranged()

    def _arranged(self) -> widgets.VBox:
        for name in ("rate", "bn", "train", "stop", "curves", "reading", "progress"):
            widget = self.batch_norm if name == "bn" else getattr(self, name)
            widget.add_class(f"dropnorm-{name}")
        for name in ("rate_field", "inputs", "preset", "reset", "source", "code", "seed", "width", "optimizer"):
            getattr(self, name).add_class(f"dropnorm-{name.replace('_', '-')}")
        more = widgets.Accordion(
            [_row(self.width, self.optimizer, self.seed)],
            titles=("more",),
            selected_index=None,
            layout=widgets.Layout(max_width="760px"),
        )
        drawing = widgets.GridBox([self.frame, self.curves], layout=widgets.Layout(max_width="760px"))
        box = widgets.VBox(
            [
                _row(self.rate_field, self.rate, self.preset),
                _row(self.batch_norm, self.inputs),
                more,
                drawing,
                self.reading,
                self.source,
                _row(self.train, self.stop, self.reset, self.progress),
                self.code,
            ]
        )
        box.add_class("dropnorm-lab")
        return box

    def show(self, setting: Setting) -> None:
        """Set every control to a setting's value."""
        self.rate.value = self.rate_field.value = setting.rate
        for name in ("batch_norm", "inputs", "width", "optimizer", "seed"):
            getattr(self, name).value = getattr(setting, name)
        self.code.value = setting.code

    def training(self, running: bool) -> None:
        """What may be pressed while a live training runs: its rate and Stop; what would need another network waits."""
        self.stop.disabled = not running
        for control in (self.train, self.preset, self.batch_norm, self.inputs, self.width, self.optimizer, self.seed):
            control.disabled = running


def _choice(label: str, options: tuple) -> widgets.Dropdown:
    return widgets.Dropdown(
        description=label, options=options, style=WIDE, layout=widgets.Layout(width="max-content", max_width="340px")
    )


def _row(*children: widgets.Widget) -> widgets.HBox:
    return widgets.HBox(children, layout=WRAPPED)
