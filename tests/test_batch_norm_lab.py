"""`BatchNormLab` without a browser: its numbers against Keras; state, picture and reading after each control."""

from __future__ import annotations

import re
import threading
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets.widget import _instances
from matplotlib import pyplot

from dropnorm.lab.batch_norm_lab import BATCHES_PLAYED, MOMENTA, BatchNormLab, Normalization
from dropnorm.lab.numerals import plain
from tests.widget_tree import elements, find, path, picture, reading, shown_by, texts, unnamed


@pytest.fixture
def lab():
    lab = BatchNormLab()
    yield lab
    lab.close()


@pytest.mark.parametrize("momentum", MOMENTA)
def test_both_modes_are_those_of_keras(momentum: float) -> None:
    import keras

    lab = BatchNormLab(seed=3)
    lab.shift, lab.scale, lab.batch_size = -1.5, 3.0, 33
    lab.normalization = Normalization(momentum, gamma=1.7, beta=-0.6)
    layer = keras.layers.BatchNormalization(momentum=momentum)
    layer.build((None, 1))
    layer.gamma.assign([1.7])
    layer.beta.assign([-0.6])
    for _ in range(30):
        lab.next_batch()
        before, training, inference = lab.values()
        assert before.dtype == np.float32
        column = before[:, None]
        np.testing.assert_allclose(layer(column, training=True)[:, 0], training, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(layer(column, training=False)[:, 0], inference, rtol=1e-5, atol=1e-5)
    last = lab.normalization.history[-1]
    assert last.moving_mean == pytest.approx(float(layer.moving_mean[0]), rel=1e-5)
    assert last.moving_deviation**2 == pytest.approx(float(layer.moving_variance[0]), rel=1e-5)


def test_the_inputs_have_the_scale_and_shift_that_are_set_and_are_skewed() -> None:
    lab = BatchNormLab()
    lab.batch_size = 512
    drawn = []
    for lab.number in range(40):
        drawn.append(lab.batch())
    z = (np.concatenate(drawn) - 3) / 2
    assert z.mean() == pytest.approx(0, abs=0.03)
    assert z.std() == pytest.approx(1, abs=0.03)
    assert (z**3).mean() == pytest.approx(np.sqrt(2), abs=0.2)  # a gamma distribution of shape 2


def test_training_mode_normalizes_and_inference_mode_starts_with_the_inputs_as_they_are(lab: BatchNormLab) -> None:
    before, training, inference = texts(picture(lab), "statistics")
    assert training == "mean 0.00, standard deviation 1.00"
    assert before == inference  # moving mean 0, moving variance 1; ε moves no second decimal
    assert "0.00 and 1.00 after 0 batches at momentum 0.99" in reading(lab)
    assert lab.normalization.history == []


def test_each_batch_is_a_new_one_and_moves_the_averages(lab: BatchNormLab) -> None:
    first = lab.batch()
    find(lab.open(), "dropnorm-next-batch").click()
    second = lab.batch()
    assert not np.array_equal(first, second)
    assert len(lab.normalization.history) == 1
    assert lab.normalization.mean == pytest.approx(0.01 * second.mean(), rel=1e-4)
    assert lab.normalization.variance == pytest.approx(0.99 + 0.01 * second.var(), rel=1e-4)
    assert "after 1 batch at" in reading(lab)
    drawing = picture(lab)
    assert path(drawing, "batch-mean").count("M") == path(drawing, "batch-deviation").count("m") == 1
    assert path(drawing, "moving-mean").count("L") == path(drawing, "moving-deviation").count("L") == 1


def test_moving_averages_approach_the_statistics_and_then_the_modes_nearly_agree(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-batch-size").value = 512
    find(lab.open(), "dropnorm-momentum").value = 0.9
    assert "still off the inputs' own, 3 and 2" in reading(lab)
    for _ in range(60):
        find(lab.open(), "dropnorm-next-batch").click()
    assert (lab.normalization.mean, lab.normalization.variance**0.5) == pytest.approx((3, 2), abs=0.15)
    assert "The two modes nearly agree" in reading(lab)
    find(lab.open(), "dropnorm-batch-size").value = 8
    assert "have arrived, this batch's own statistics differ by chance" in reading(lab)


def test_changed_inputs_leave_the_averages_lagging_until_batches_are_seen(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-momentum").value = 0.9
    for _ in range(60):
        find(lab.open(), "dropnorm-next-batch").click()
    mean, shown = lab.normalization.mean, picture(lab)
    find(lab.open(), "dropnorm-shift").value = -2
    assert lab.normalization.mean == mean
    assert path(picture(lab), "moving-mean") == path(shown, "moving-mean")
    assert "still off the inputs' own, −2 and 2" in reading(lab)
    assert lab.values()[1].mean() == pytest.approx(0, abs=1e-5)
    assert lab.values()[2].mean() < -2
    find(lab.open(), "dropnorm-next-batch").click()
    assert lab.normalization.mean == pytest.approx(0.9 * mean + 0.1 * lab.batch().mean(), rel=1e-5)


def test_reset_starts_the_averages_anew_and_keeps_batch_and_settings(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-gamma").value = 1.5
    find(lab.open(), "dropnorm-momentum").value = 0.9
    for _ in range(3):
        find(lab.open(), "dropnorm-next-batch").click()
    batch = lab.batch()
    find(lab.open(), "dropnorm-reset").click()
    state = lab.normalization
    assert (state.mean, state.variance, state.history, state.gamma, state.momentum) == (0, 1, [], 1.5, 0.9)
    np.testing.assert_array_equal(lab.batch(), batch)
    assert path(picture(lab), "batch-mean") == ""
    assert "after 0 batches" in reading(lab)


NUMBERS = {
    "scale": (0.7, lambda lab: lab.scale),
    "shift": (-1.3, lambda lab: lab.shift),
    "batch-size": (104, lambda lab: lab.batch_size),
    "gamma": (0.4, lambda lab: lab.normalization.gamma),
    "beta": (-0.9, lambda lab: lab.normalization.beta),
}


@pytest.mark.parametrize("ending", ["", "-field"])
@pytest.mark.parametrize("name", NUMBERS)
def test_slider_and_field_keep_in_step_and_the_picture_follows(lab: BatchNormLab, name: str, ending: str) -> None:
    value, state = NUMBERS[name]
    before = find(lab.open(), "dropnorm-picture").value
    find(lab.open(), f"dropnorm-{name}{ending}").value = value
    controls = [find(lab.open(), f"dropnorm-{name}"), find(lab.open(), f"dropnorm-{name}-field")]
    assert [control.value for control in controls] == [value, value]
    assert state(lab) == value
    assert find(lab.open(), "dropnorm-picture").value != before


@pytest.mark.parametrize("name", NUMBERS)
def test_a_number_outside_its_limits_is_clamped_and_that_is_said(lab: BatchNormLab, name: str) -> None:
    slider, field = find(lab.open(), f"dropnorm-{name}"), find(lab.open(), f"dropnorm-{name}-field")
    field.value = 1000
    assert field.value == slider.value == NUMBERS[name][1](lab) == slider.max
    assert reading(lab).startswith(f"{field.description}: 1000 is outside {plain(slider.min)} to {plain(slider.max)}; ")
    field.value = -1000
    assert field.value == slider.value == slider.min
    find(lab.open(), "dropnorm-next-batch").click()
    assert "outside" not in reading(lab)


def test_a_typed_number_is_kept_or_answered(lab: BatchNormLab) -> None:
    field, slider = find(lab.open(), "dropnorm-batch-size-field"), find(lab.open(), "dropnorm-batch-size")
    field.value = 75
    assert (lab.batch_size, field.value, slider.value) == (75, 75, 72)
    assert reading(lab).startswith("75 activations")
    field.value = 75.4
    assert (lab.batch_size, field.value) == (75, 75)
    assert reading(lab).startswith("batch size: 75.4 is not a whole number; 75 is used. 75 activations")
    field.value = 7.5
    assert reading(lab).startswith("batch size: 7.5 is outside 8 to 512; 8 is used. 8 activations")
    find(lab.open(), "dropnorm-scale-field").value = 1.234
    assert (lab.scale, find(lab.open(), "dropnorm-scale").value) == (1.234, 1.2)


def test_gamma_and_beta_stretch_and_shift_both_modes(lab: BatchNormLab) -> None:
    plain = lab.values()
    find(lab.open(), "dropnorm-gamma").value = 1.5
    find(lab.open(), "dropnorm-beta").value = -1
    before, training, inference = lab.values()
    np.testing.assert_array_equal(before, plain[0])
    np.testing.assert_allclose(training, 1.5 * plain[1] - 1, atol=1e-5)
    np.testing.assert_allclose(inference, 1.5 * plain[2] - 1, atol=1e-5)
    assert texts(picture(lab), "statistics")[1] == "mean −1.00, standard deviation 1.50"
    assert "Both stretched by γ = 1.5 and shifted by β = −1." in reading(lab)


def test_another_batch_size_keeps_the_first_activations(lab: BatchNormLab) -> None:
    first = lab.batch()
    find(lab.open(), "dropnorm-batch-size").value = 8
    np.testing.assert_array_equal(lab.batch(), first[:8])
    assert reading(lab).startswith("8 activations")


def test_playing_sees_a_batch_a_tick_and_none_when_it_begins_again(lab: BatchNormLab) -> None:
    play = find(lab.open(), "dropnorm-count")
    for tick in (1, 2, 3, 0, 1):  # begun again after three
        play.value = tick
    assert len(lab.normalization.history) == 4
    assert (play.max, play.repeat) == (BATCHES_PLAYED, False)  # else an output that nobody sees would play for ever
    told = find(lab.open(), "dropnorm-reading")
    assert 'role="status" aria-live="polite"' in told.value
    pressed = find(lab.open(), "dropnorm-play")
    pressed.value = True
    assert play.playing
    assert 'aria-live="off"' in told.value
    play.playing = False  # what the page sends after the last batch
    assert not pressed.value
    assert 'aria-live="polite"' in told.value


def test_every_control_has_a_label_and_a_class_of_its_own(lab: BatchNormLab) -> None:
    box = lab.open()
    assert "dropnorm-batch-norm-lab" in box._dom_classes
    for css in ("momentum", "next-batch", "reset", "play", *(f"{name}-field" for name in NUMBERS)):
        assert find(box, f"dropnorm-{css}").description
    assert unnamed(box) == []
    for name in NUMBERS:
        assert find(box, f"dropnorm-{name}").tooltip == find(box, f"dropnorm-{name}-field").description


def test_without_a_page_a_static_picture_is_left_and_nothing_else() -> None:
    InteractiveShell.instance()  # it starts a thread of its own
    before, threads = dict(_instances), threading.active_count()
    lab = BatchNormLab()
    data = shown_by(lab)
    assert dict(_instances) == before
    assert threading.active_count() == threads
    assert pyplot.get_fignums() == []
    assert lab.normalization.history == []  # showing it changed nothing
    assert set(data) == {"text/html", "text/plain"}
    root = ElementTree.fromstring(data["text/html"])
    assert len(elements(root, "g", "histogram")) == 3
    assert path(root, "batch-mean").count("M") == 100
    assert root.attrib["aria-label"] == data["text/plain"]
    assert "after 100 batches at momentum 0.99" in data["text/plain"]


def test_closed_it_leaves_no_widget_and_opens_again_where_it_was() -> None:
    before = set(_instances)
    lab = BatchNormLab()
    box = lab.open()
    for name, (value, _) in NUMBERS.items():
        find(box, f"dropnorm-{name}").value = value
    find(box, "dropnorm-momentum").value = 0.9
    find(box, "dropnorm-next-batch").click()
    told = reading(lab)
    lab.close()
    assert set(_instances) == before
    assert lab.open() is not box
    assert reading(lab) == told
    assert [find(lab.open(), f"dropnorm-{name}").value for name in NUMBERS] == [v for v, _ in NUMBERS.values()]
    assert find(lab.open(), "dropnorm-momentum").value == 0.9
    lab.close()
    assert set(_instances) == before


@pytest.mark.parametrize("seed", [-1, 2**31, 1.5, "0", None, True])
def test_a_seed_that_is_none_is_named(seed: object) -> None:
    with pytest.raises(ValueError, match=re.escape(f"seed is a whole number from 0 to 2147483647; this is {seed!r}.")):
        BatchNormLab(seed)


ASKED = {"scale": 1.25, "shift": -2, "batch_size": 33, "momentum": 0.9, "gamma": 0.5, "beta": 1}


def test_it_begins_with_what_it_was_asked_for() -> None:
    lab = BatchNormLab(3, **ASKED)
    assert reading(lab).startswith("33 activations")
    state = lab.normalization
    assert (lab.seed, lab.scale, lab.shift, state.momentum, state.gamma, state.beta) == (3, 1.25, -2, 0.9, 0.5, 1)
    assert find(lab.open(), "dropnorm-scale-field").value == 1.25
    assert find(lab.open(), "dropnorm-momentum").value == 0.9
    lab.close()
    alt = lab.static()[1]
    assert alt.startswith("33 activations") and "after 100 batches at momentum 0.9" in alt and "γ = 0.5" in alt


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"scale": 4}, "scale is a number from 0.5 to 3; this is 4."),
        ({"shift": "left"}, "shift is a number from -4 to 4; this is 'left'."),
        ({"batch_size": 7.5}, "batch_size is a whole number from 8 to 512; this is 7.5."),
        ({"momentum": 0.5}, "momentum is 0.99 or 0.9; this is 0.5."),
        ({"gamma": float("nan")}, "gamma is a number from 0 to 2; this is nan."),
        ({"beta": None}, "beta is a number from -2 to 2; this is None."),
    ],
)
def test_a_setting_outside_its_limits_is_named(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        BatchNormLab(**wrong)


def test_something_else_than_a_setting_is_answered_by_what_it_takes() -> None:
    told = "BatchNormLab takes a seed and settings, and draws its own activations; this is a dict. To draw learning"
    with pytest.raises(TypeError, match=re.escape(told)):
        BatchNormLab({"loss": [1]})
    with pytest.raises(TypeError, match="BatchNormLab has no setting rate; it has seed, scale, shift, batch_size, mom"):
        BatchNormLab(rate=0.3)
