"""DropoutLab without a browser: its state, what is drawn and said, and that nothing is left behind."""

from __future__ import annotations

import re
import threading

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets.widgets import widget

from dropnorm.curves import LearningCurves
from dropnorm.lab import DropoutLab, dropout_lab
from dropnorm.lab.setting import RATES, Setting
from dropnorm.sweep import background
from dropnorm.sweep.background import Background

PATIENCE = 120  # seconds until a test gives up
SMALL = {"width": 32}


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A pool of its own, with an empty cache."""
    pool = Background(processes=2, folder=tmp_path / "sweeps")
    monkeypatch.setattr(background, "shared", pool)
    yield pool
    pool.close()


class InstantPool:
    """A pool whose curves are made up on the spot, so that what is drawn can be told by heart: loss = 1 + rate."""

    def __init__(self) -> None:
        self.wishes = []
        self.hold = False

    def want(self, owner, wish) -> None:
        self.wishes.append(wish)
        if not self.hold:
            self.serve(wish)

    def serve(self, wish) -> None:
        for plan in wish.plans:
            rate = next((layer.rate for layer in plan.layers if hasattr(layer, "rate")), 0.0)
            level = 1 + rate + 0.01 * plan.seed
            falling = np.linspace(level + 1, level, plan.epochs)
            wish.on_curves(plan, LearningCurves(falling, falling, falling - 0.2, seeds=(plan.seed,)))

    def drop(self, owner) -> None:
        pass


@pytest.fixture
def instant(monkeypatch):
    pool = InstantPool()
    monkeypatch.setattr(background, "shared", pool)
    return pool


def opened(*args, **kwargs) -> DropoutLab:
    lab = DropoutLab(*args, **kwargs)
    lab.open()
    return lab


def path(lab: DropoutLab, role: str, series: str = "val_loss") -> np.ndarray | None:
    """The points of a curve that is drawn, ``(points, 2)``, or None."""
    found = re.search(rf'<path class="{role} {series}" d="([^"]*)"', lab.controls.curves.value)
    return np.array(re.findall(r"[ML]([\d.-]+) ([\d.-]+)", found[1]), float) if found else None


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


@pytest.mark.parametrize("typed, nearest", [(0.33, 0.35), (5, 0.9), (-1, 0.0), (30, 0.9)])
def test_a_rate_that_the_lab_does_not_have_goes_to_the_nearest_and_is_said(instant, typed, nearest):
    lab = opened(0.3)
    lab.controls.rate_field.value = typed
    assert lab.setting.rate == lab.controls.rate.value == lab.controls.rate_field.value == nearest
    assert f"{nearest:g} is the nearest to {typed:g}" in lab.controls.reading.value
    lab.close()


@pytest.mark.parametrize("name", [preset.name for preset in dropout_lab.PRESETS])
def test_a_preset_sets_every_control(instant, name):
    lab = opened(0.45, batch_norm="first", inputs="raw", width=64, optimizer="sgd", seed=3)
    lab.controls.preset.value = name
    wanted = next(preset.setting for preset in dropout_lab.PRESETS if preset.name == name)
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


def test_real_curves_come_from_the_background(pool):
    lab = DropoutLab(0.3, **SMALL)
    came = threading.Event()
    lab.open()
    lab.controls.source.observe(lambda change: came.set() if "2 runs" in change["new"] else None, "value")
    if "2 runs" not in lab.controls.source.value:
        assert came.wait(PATIENCE)
    assert path(lab, "shown") is not None and 'class="band val_loss"' in lab.controls.curves.value
    lab.close()


def test_train_live_and_stop(instant):
    lab = opened(0.3, **SMALL)
    began, over = threading.Event(), threading.Event()
    lab.controls.progress.observe(lambda change: began.set() if change["new"] >= 3 else None, "value")
    lab.controls.train.click()
    assert lab.controls.train.disabled and lab.controls.batch_norm.disabled and not lab.controls.stop.disabled
    assert not lab.controls.rate.disabled
    assert began.wait(PATIENCE)
    lab.controls.stop.observe(lambda change: over.set() if change["new"] else None, "disabled")
    lab.controls.rate.value = 0.7
    moved = threading.Event()
    lab.controls.source.observe(lambda change: moved.set() if "rate 0.7 from epoch" in change["new"] else None, "value")
    assert moved.wait(PATIENCE)
    assert 'class="change"' in lab.controls.curves.value and "Live: Keras" in lab.controls.source.value
    lab.controls.stop.click()
    assert over.wait(PATIENCE)
    reached = lab.controls.progress.value
    assert reached < 100 and len(path(lab, "shown")) == reached
    assert "Stopped." in lab.controls.reading.value
    assert lab._live.wait(PATIENCE) and lab.controls.progress.value == reached
    lab.controls.rate.value = 0.5  # back to the sweep, the live curves as the ghost
    assert "Swept" in lab.controls.source.value and len(path(lab, "ghost")) == reached
    lab.close()


def test_closing_while_it_trains_ends_the_training(instant):
    lab = opened(0.3, **SMALL)
    began = threading.Event()
    lab.controls.progress.observe(lambda change: began.set() if change["new"] else None, "value")
    lab.controls.train.click()
    assert began.wait(PATIENCE)
    lab.close()
    assert lab._live.wait(PATIENCE)


def test_opening_it_again_and_again_leaves_no_thread_no_figure_and_no_widget(instant):
    opened(0.3).close()
    threads, widgets = threading.active_count(), len(widget._instances)
    for _ in range(5):
        opened(0.3).close()
    assert threading.active_count() == threads
    assert plt.get_fignums() == []
    assert len(widget._instances) == widgets


def test_two_labs_do_not_disturb_each_other(instant):
    one, two = opened(0.3), opened(0.6)
    one.controls.rate.value = 0.1
    assert two.setting.rate == 0.6 and two.controls.rate.value == 0.6
    one.close()
    two.controls.rate.value = 0.2
    assert path(two, "shown") is not None
    two.close()


def test_a_cell_that_is_run_again_goes_on_where_its_controls_stood(instant, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda content: shown.append(content))
    monkeypatch.setattr(dropout_lab.front_end, "cell_id", lambda: "cell")
    first = DropoutLab(0.3)
    first._ipython_display_()
    first.controls.rate.value = 0.8
    second = DropoutLab(0.3)
    second._ipython_display_()
    assert second.setting.rate == 0.8 and first.controls is None
    third = DropoutLab(0.5)  # the cell's code was changed: what it says counts
    third._ipython_display_()
    assert third.setting.rate == 0.5
    third.close()
    dropout_lab._open.clear()


def test_where_no_page_listens_a_still_picture_is_left(capsys, monkeypatch, tmp_path):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda content, **kwargs: shown.append(content))
    threads, pool = threading.active_count(), background.shared._pool
    DropoutLab(0.3, **SMALL)._ipython_display_()
    assert len(shown) == 1 and "<svg" in shown[0]["text/html"]
    for rate in ("rate 0:", "rate 0.2:", "rate 0.5:", "rate 0.8:"):
        assert f"At {rate}" in shown[0]["text/plain"]
    assert threading.active_count() == threads and background.shared._pool is pool
    assert capsys.readouterr() == ("", "")
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        ({"rate": 1.2}, "0 to 0.9 in steps of 0.05; this is 1.2"),
        ({"rate": 30}, "this is 30"),
        ({"rate": "0.3"}, "this is a str"),
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


def test_missing_data_is_said_on_the_page(monkeypatch, instant):
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    monkeypatch.setenv("DROPNORM_DATA", "/nowhere")
    box = DropoutLab(0.3).open()
    assert isinstance(box, ipywidgets.HTML) and 'role="alert"' in box.value
