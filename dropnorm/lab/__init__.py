"""The live lab: widgets that answer at once, for a page that shows them, and still pictures everywhere else.

Each name is imported when it is asked for: `LiveCurves` brings Keras, the others ipywidgets.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_MODULES = {
    "BatchNormLab": "batch_norm_lab",
    "DropoutLab": "dropout_lab",
    "LiveCurves": "live_curves",
    "MaskView": "mask_view",
    "PlacementLab": "placement_lab",
}
__all__ = list(_MODULES)


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
