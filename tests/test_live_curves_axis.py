"""The axis of `LiveCurves`: it fits what was seen, and changes rarely."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.lab import live_curves
from dropnorm.lab.live_curves import HUGE, GrowingCurves, axis_limits, loss_range


def changes(losses: np.ndarray) -> list[tuple[float, float]]:
    """The limits that the axis has while a training goes on, each once."""
    found: list[tuple[float, float]] = []
    for epoch in range(1, len(losses) + 1):
        limits = axis_limits(loss_range([losses[:epoch]]), found[-1] if found else None)
        if limits is not None and (not found or limits != found[-1]):
            found.append(limits)
    return found


FALLING = 0.16 + 0.06 / np.arange(1, 101)
NOISY = FALLING * np.random.default_rng(0).normal(1, 0.03, 100)


@pytest.mark.parametrize(
    "losses",
    [FALLING, NOISY, 30 * NOISY, 1e10 * NOISY, np.full(100, 0.25), FALLING[::-1], NOISY - 0.5, 1e-7 * NOISY],
    ids=["falling", "noisy", "large", "larger", "constant", "rising", "negative", "small"],
)
def test_the_axis_fits_what_was_seen_and_changes_rarely(losses: np.ndarray) -> None:
    limits = changes(losses)
    assert len(limits) <= 6
    bottom, top = limits[-1]
    assert bottom <= losses.min() < losses.max() <= top or losses.min() == losses.max()
    assert top - bottom <= 4 * max(np.ptp(losses), 0.02 * np.abs(losses).max(), 1e-9)


def test_a_first_epoch_far_above_all_others_does_not_flatten_them() -> None:
    losses = np.concatenate([[900.0], 30 * NOISY])
    assert changes(losses)[-1][1] < 10
    assert changes(losses[:2])[-1][1] >= 900  # two epochs tell nothing yet


def test_losses_that_blow_up_have_an_axis_as_long_as_they_are_numbers() -> None:
    losses = np.array([1.0, 1e30, 1e300, np.inf, np.nan])
    bottom, top = changes(losses)[-1]
    assert 0 <= bottom < top <= 2 * HUGE
    assert changes(np.array([np.nan, np.inf])) == []


def test_an_axis_beyond_a_million_shows_the_curves_that_lie_there() -> None:
    growing = GrowingCurves("training", "loss")
    growing.set_params({"epochs": 4})
    for epoch, loss in enumerate((5e9, 4e9, 3.5e9)):
        growing._logs[epoch + 1] = {"loss": loss}
    _, curves = growing._layers("")
    heights = [float(y) for y in re.findall(r"[ML][\d.]+ ([\d.]+)", curves)]
    assert all(low < high for low, high in pairwise(heights)) and heights[-1] < growing._picture.axes.figure.bbox.height


def test_an_interrupt_while_axes_are_drawn_leaves_none_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    growing = GrowingCurves("training", "loss")
    growing.set_params({"epochs": 4})
    growing._logs = {1: {"loss": 5.0}}
    growing._html("epoch 1")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    growing._logs[2] = {"loss": 50.0}  # needs other axes
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(live_curves, "CurvesPicture", interrupted)
        growing._html("epoch 2")
    growing._html("interrupted")
    assert growing._picture.axes.get_ylim()[1] >= 50


def test_axes_that_stay_are_not_drawn_anew() -> None:
    growing = GrowingCurves("training", "loss")
    growing.set_params({"epochs": 100})
    growing._logs = {
        epoch + 1: dict.fromkeys((LOGGED, AT_INFERENCE, VALIDATION), FALLING[epoch]) for epoch in range(98)
    }
    growing._html("the axes")
    axes = growing._picture
    growing._logs[99] = dict.fromkeys((LOGGED, AT_INFERENCE, VALIDATION), FALLING[98])
    growing._html("the curves")
    assert growing._picture is axes  # drawing them again would cost matplotlib's time in each epoch
