"""Which entries dropout sets to zero: noted while a network trains, and drawn."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes

from dropnorm.figures import BLUE, INK
from dropnorm.fonts import label
from dropnorm.language import N_


class MaskRecorder(keras.layers.Layer):
    """Passes its inputs on unchanged, and notes at every training step which of them are not zero.

    Put it behind a Dropout layer whose inputs hold no zeros. ``masks`` is a list with one boolean array,
    ``(rows, features)``, a step: True where an entry was kept.
    """

    def __init__(self) -> None:
        super().__init__()
        self._noted: tuple[list[np.ndarray]] = ([],)  # in a tuple: Keras would wrap a bare list

    @property
    def masks(self) -> list[np.ndarray]:
        """One array a training step, so far."""
        return self._noted[0]

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            tf.numpy_function(lambda values: self.masks.append(values != 0), [inputs], [])
        return inputs


def draw_mask(
    ax: Axes,
    mask: np.ndarray,
    *,
    title: str = "",
    xlabel: str = N_("unit"),
    ylabel: str = N_("row"),
    kept: str = N_("kept"),
    dropped: str = N_("dropped"),
) -> None:
    """Draw a mask on ``ax``: a filled square where an entry is kept, a cross where it is dropped.

    Args:
        ax: where to draw.
        mask: ``(rows, units)``, True where an entry is kept.
        title, xlabel, ylabel: what stands at the axes.
        kept, dropped: what squares and crosses mean, in a legend (`dropnorm.figures.legend_above`).
    """
    mask = np.asarray(mask, bool)
    for chosen, marker, colour, meaning in ((mask, "s", BLUE, kept), (~mask, "x", INK, dropped)):
        rows, units = np.nonzero(chosen)
        ax.plot(units, rows, marker, color=colour, markersize=6, linestyle="none", label=label(meaning))
    ax.set(title=title, xlabel=label(xlabel), ylabel=label(ylabel), xticks=[], yticks=[])
    ax.set(xlim=(-0.7, mask.shape[1] - 0.3), ylim=(mask.shape[0] - 0.3, -0.7), aspect="equal")
