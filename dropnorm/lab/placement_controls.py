"""The controls of `PlacementLab`: which widgets, with which labels, in which rows."""

from __future__ import annotations

import ipywidgets as widgets

from dropnorm.lab.controls import LAYER, ROOM, WRAPPED, choice, html_widget, reading_widget, room
from dropnorm.lab.dropout_controls import INPUTS
from dropnorm.lab.placement_setting import INPUT_RATES, ORDERS, PlacementSetting, label
from dropnorm.lab.setting import ALLOWED
from dropnorm.language import _

WIDTH = "760px"  # at most: as wide as a drawing
PICTURE = {"flex": "1 1 600px", "max_width": WIDTH}  # two stand side by side where a page is wide enough
SIDE_BY_SIDE = {"flex_flow": "row wrap", "align_items": "flex-start", "grid_gap": "0 16px"}
CHOICES = ("order", "bias", "input_dropout", "inputs")
WIDE = {"description_width": "max-content"}


class PlacementControls:
    """The widgets, showing a setting; `box` holds them all, with room for what is drawn.

    The orders are buttons: JupyterLab takes the arrow keys and letters that a drop-down list would need for itself.
    """

    def __init__(self, setting: PlacementSetting) -> None:
        orders = [(label(each), each) for each in ORDERS]
        self.order = choice(_("order in a block"), orders, setting.order, "dropnorm-order")
        # A list: it may take several lines. Its margin is beside its width.
        self.order.layout.width = self.order.layout.max_width = "calc(100% - 4px)"
        self.order.layout.flex_flow = "row wrap"
        self.bias = choice(_("bias"), [(_("on"), True), (_("off"), False)], setting.bias, "dropnorm-bias")
        rates = [(_("off") if rate == 0 else f"{rate:g}", rate) for rate in INPUT_RATES]
        self.input_dropout = choice(_("input dropout"), rates, setting.input_dropout, "dropnorm-input-dropout")
        inputs = [(_(INPUTS[each]), each) for each in ALLOWED["inputs"]]
        self.inputs = choice(_("inputs"), inputs, setting.inputs, "dropnorm-inputs")
        self.frame, self.curves = (html_widget(layout=LAYER) for _ in range(2))  # axes, and what changes over them
        self.layers = html_widget(layout={"margin": "0", **PICTURE})
        self.reading = reading_widget()
        self.reading.layout.min_height = ROOM
        self.source = html_widget(layout={"width": "auto", "max_width": "100%", "min_height": "3em"})
        self.code = widgets.Text(
            description=_("this state as code"),
            tooltip=_("this state as code"),
            style=WIDE,
            layout={"width": "auto", "max_width": WIDTH},
        )
        for name in ("curves", "layers", "source", "code"):
            getattr(self, name).add_class(f"dropnorm-{name}")
        for control in (getattr(self, name) for name in CHOICES):
            control.style.description_width = room(control.description)
            control.layout.margin = "2px 16px 2px 2px"
        self.show(setting)
        pictures = [widgets.GridBox([self.frame, self.curves], layout=PICTURE), self.layers]
        self.box = widgets.VBox(
            [
                self.order,
                widgets.HBox([self.bias, self.input_dropout, self.inputs], layout=WRAPPED),
                self.reading,
                widgets.HBox(pictures, layout=SIDE_BY_SIDE),
                self.source,
                self.code,
            ]
        )

    def show(self, setting: PlacementSetting) -> None:
        """Set every control to a setting's value."""
        for name in CHOICES:
            getattr(self, name).value = getattr(setting, name)
        self.code.value = setting.code
