"""Masks: what the recorder notes while `fit` runs, and what is drawn of it."""

from __future__ import annotations

import keras
import numpy as np
from matplotlib.figure import Figure

from dropnorm.masks import MaskRecorder, draw_mask


def recorded(rate: float) -> MaskRecorder:
    recorder = MaskRecorder()
    layers = [keras.Input((32,)), keras.layers.Dropout(rate, seed=0), recorder, keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer="sgd", loss="mae")
    model.fit(np.ones((10, 32)), np.ones(10), batch_size=4, epochs=2, verbose=0)
    model.predict(np.ones((10, 32)), verbose=0)
    return recorder


def test_every_training_step_is_noted_and_inference_is_not() -> None:
    assert [mask.shape for mask in recorded(0.5).masks] == [(4, 32), (4, 32), (2, 32)] * 2


def test_dropout_draws_a_mask_for_each_row_at_each_step() -> None:
    masks = np.concatenate(recorded(0.5).masks)
    assert len(np.unique(masks, axis=0)) == len(masks) == 20


def test_without_dropout_nothing_is_missing() -> None:
    assert all(mask.all() for mask in recorded(0.0).masks)


def test_the_recorder_changes_no_value() -> None:
    X = np.random.default_rng(0).normal(size=(3, 5)).astype("float32")
    recorder = MaskRecorder()
    np.testing.assert_array_equal(recorder(X, training=True), X)
    np.testing.assert_array_equal(recorder(X, training=False), X)
    assert len(recorder.masks) == 1


def test_kept_and_dropped_entries_differ_by_their_marks() -> None:
    ax = Figure().subplots()
    draw_mask(ax, [[True, False, True], [False, False, True]])
    kept, dropped = ax.lines
    assert [line.get_label() for line in ax.lines] == ["kept", "dropped"]
    assert (kept.get_marker(), dropped.get_marker()) == ("s", "x")
    assert set(zip(kept.get_xdata(), kept.get_ydata(), strict=True)) == {(0, 0), (2, 0), (2, 1)}
    assert set(zip(dropped.get_xdata(), dropped.get_ydata(), strict=True)) == {(1, 0), (0, 1), (1, 1)}


def test_what_squares_and_crosses_mean_can_be_said() -> None:
    ax = Figure().subplots()
    draw_mask(ax, [[True, True]], kept="moves", dropped="stays")
    assert ax.get_legend_handles_labels()[1] == ["moves", "stays"]  # both, so that equal pictures have equal legends
