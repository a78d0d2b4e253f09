"""DropoutLab without a browser: its state, what is drawn and said."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dropnorm.lab import DropoutLab, dropout_lab
from dropnorm.lab.picture import Change, CurvesPicture
from dropnorm.lab.setting import RATES, Setting
from tests.instant_pool import opened, path


def loss_at(lab: DropoutLab, height: float) -> float:
    """The loss that a height in the drawing stands for."""
    picture = lab._picture
    return float(picture.axes.transData.inverted().transform((0, picture.axes.figure.bbox.height - height))[1])


def test_moving_the_slider_shows_that_rates_curves_and_leaves_the_last_as_a_ghost(instant):
    lab = opened(0.3)
    before = path(lab, "shown")
    assert len(before) == 100
    assert loss_at(lab, before[-1, 1]) == pytest.approx(1.32, rel=0.01)  # the mean over seeds 0 to 4
    lab.controls.rate.value = 0.5
    after = path(lab, "shown")
    assert loss_at(lab, after[-1, 1]) == pytest.approx(1.52, rel=0.01)
    np.testing.assert_array_equal(path(lab, "ghost"), before)
    assert lab.setting.rate == lab.controls.rate_field.value == 0.5
    assert lab.controls.code.value == "DropoutLab(rate=0.5)"
    lab.close()


def test_an_unhooked_slider_would_be_noticed(instant):
    lab = opened(0.3)
    before = lab.controls.curves.value
    lab.controls.rate.unobserve_all("value")
    lab.controls.rate.value = 0.5
    assert lab.controls.curves.value == before
    lab.close()


def test_the_axes_stay_put(instant):
    lab = opened(0.0)
    frame = lab.controls.frame.value
    for rate in RATES:
        lab.controls.rate.value = rate
        assert lab.controls.frame.value == frame
    lab.controls.inputs.value = "raw"
    assert lab.controls.frame.value == frame
    lab.close()


def test_the_reading_is_that_of_the_curves(instant):
    lab = opened(0.3)
    assert "Validation loss is still falling" in lab.controls.reading.value
    assert "gap 0.20" in lab.controls.reading.value
    assert "seeds 0, 1, 2, 3, 4" in lab.controls.source.value and "standardised red wine" in lab.controls.source.value
    assert 'role="status"' in lab.controls.reading.value
    label = re.search(r'aria-label="([^"]*)"', lab.controls.curves.value)[1]
    assert label in lab.controls.reading.value
    lab.close()


def test_a_rate_that_is_not_computed_says_so_beside_the_last_picture(instant):
    lab = opened(0.3)
    before = path(lab, "shown")
    instant.hold = True
    lab.controls.batch_norm.value = "after"
    assert "computing" in lab.controls.curves.value and "computing" in lab.controls.reading.value
    np.testing.assert_array_equal(path(lab, "shown"), before)  # no interpolation, no empty axes
    instant.serve(instant.wishes[-1])
    assert "computing" not in lab.controls.curves.value
    np.testing.assert_array_equal(path(lab, "ghost"), before)
    lab.close()


def test_curves_that_cannot_be_computed_are_not_waited_for(instant):
    lab = opened(0.3)
    instant.hold = True
    lab.controls.batch_norm.value = "after"
    instant.wishes[-1].on_failure("The background processes were ended.")
    assert "computing" not in lab.controls.curves.value + lab.controls.reading.value
    assert lab.controls.reading.value.count("The background processes were ended.") == 1
    instant.hold = False
    lab.controls.rate.value = 0.35
    assert "ended." not in lab.controls.reading.value and "Swept: 5 runs" in lab.controls.source.value
    lab.close()


def test_curves_of_other_inputs_that_come_late_are_not_taken_for_these(instant):
    lab = opened(0.3)
    instant.hold = True
    lab.controls.inputs.value = "raw"
    late = instant.wishes[-1]
    lab.controls.inputs.value = "standardised"
    lab.controls.width.value = 64
    instant.serve(late)
    assert "computing" in lab.controls.reading.value
    lab.close()


@pytest.mark.parametrize("typed, nearest", [(0.33, 0.35), (5, 0.9), (-1, 0.0), (30, 0.9), (1e308, 0.9)])
def test_a_rate_that_the_lab_does_not_have_goes_to_the_nearest_and_is_said(instant, typed, nearest):
    lab = opened(0.3)
    lab.controls.rate_field.value = typed
    assert lab.setting.rate == lab.controls.rate.value == lab.controls.rate_field.value == nearest
    assert f"{nearest:g} is the nearest to {typed:g}" in lab.controls.reading.value
    lab.close()


@pytest.mark.parametrize("name", [preset.name for preset in dropout_lab.PRESETS])
def test_a_preset_sets_every_control(instant, name):
    lab = opened(0.45, batch_norm="first", inputs="raw", width=64, optimizer="sgd", seed=3)
    wanted = next(preset.setting for preset in dropout_lab.PRESETS if preset.name == name)
    next(button for button in lab.controls.presets if button.description == name).click()
    assert lab.setting == wanted
    shown = {key: getattr(lab.controls, key).value for key in ("rate", "batch_norm", "inputs", "width", "optimizer")}
    assert Setting(**shown) == wanted
    lab.close()


def test_the_line_of_code_brings_the_state_back(instant):
    lab = opened(0.3)
    for name, value in (("batch_norm", "before"), ("inputs", "raw"), ("width", 64), ("optimizer", "sgd"), ("seed", 4)):
        getattr(lab.controls, name).value = value
    assert eval(lab.controls.code.value).setting == lab.setting
    lab.close()


def test_reset_goes_back_to_where_the_cell_began(instant):
    lab = opened(0.2, width=64)
    lab.controls.rate.value, lab.controls.batch_norm.value = 0.6, "first"
    lab.controls.reset.click()
    assert lab.setting == Setting(rate=0.2, width=64)
    assert path(lab, "ghost") is None
    lab.close()


def test_the_ghost_is_named_where_there_is_one_and_rate_0_is_compared_with(instant):
    lab = opened(0.3)
    assert "Thin and broken" not in lab.controls.source.value
    assert "At rate 0 it ends at" in lab.controls.reading.value
    lab.controls.batch_norm.value = "after"
    assert "Thin and broken lines: rate 0.3, swept." in lab.controls.source.value
    lab.controls.rate.value = 0.0
    assert "Thin and broken lines: rate 0.3, batch normalization after, swept." in lab.controls.source.value
    assert "At rate 0" not in lab.controls.reading.value
    dashes = re.findall(r'<path class="ghost (\w+)".*?stroke-dasharray="([^"]*)"', lab.controls.curves.value)
    assert len(dict(dashes)) == len(set(dict(dashes).values())) == 2  # training and validation look unlike
    lab.close()


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"rate": 1.2}, "0 to 0.9 in steps of 0.05; this is 1.2"),
        ({"rate": 30}, "this is 30"),
        ({"rate": "0.3"}, "0 to 0.9 in steps of 0.05; this is '0.3'"),
        ({"rate": float("nan")}, "this is nan"),
        ({"rate": True}, "this is True"),
        ({"batch_norm": "before activation"}, "'before'"),
        ({"seed": 1.5}, "this is 1.5"),
        ({"rate": object()}, "use `show_curves"),
        ({"batch_norm": "behind"}, "'off', 'after', 'before', 'first'"),
        ({"width": 1024}, "32, 64, 128, 256"),
        ({"seed": -1}, "A seed is a whole number"),
        ({"epochs": 5}, "has no setting epochs"),
    ],
)
def test_what_it_does_not_offer_is_said_in_a_sentence(arguments, sentence):
    with pytest.raises((TypeError, ValueError), match=re.escape(sentence)):
        DropoutLab(**arguments)


def test_numbers_that_equal_a_choice_are_that_choice():
    lab = DropoutLab(np.float32(0.3), width=128.0, seed=np.int64(3))
    assert lab.setting == Setting(0.3, width=128, seed=3) == Setting(0.1 + 0.2, seed=3)
    assert isinstance(lab.setting.width, int) and isinstance(lab.setting.seed, int)
    assert DropoutLab(0.3, "after", "raw").setting == Setting(0.3, "after", "raw")


def test_rates_at_changes_that_are_close_stand_below_one_another():
    picture = CurvesPicture(100, 0.1, 7, "loss")
    drawn = picture.curves(None, changes=[Change(10 + step, rate) for step, rate in enumerate((0.85, 0.8, 0.75))])
    labels = re.findall(r'<text x="([\d.]+)" y="([\d.]+)"', drawn)
    assert len({y for _, y in labels}) == 3
