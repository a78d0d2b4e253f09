"""DropoutLab without a browser: it trains, is reset, run again, shown twice and closed, and leaves nothing behind."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import matplotlib.pyplot as plt
import pytest
from ipywidgets.widgets import widget

from dropnorm.lab import DropoutLab, dropout_lab
from dropnorm.sweep import background
from dropnorm.sweep.background import Background
from tests.instant_pool import opened, path
from tests.widget_tree import Page

PATIENCE = 120  # seconds until a test gives up
SMALL = {"width": 32}


@pytest.fixture
def pool(tmp_path, monkeypatch):
    """A pool of its own, with an empty cache."""
    pool = Background(processes=2, folder=tmp_path / "sweeps")
    monkeypatch.setattr(background, "shared", pool)
    yield pool
    pool.close()


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


def once(control: widget.Widget, holds: Callable[[Any], bool], trait: str = "value") -> threading.Event:
    """What is set as soon as a control's value, or another trait of it, changes to one for which that holds."""
    event = threading.Event()
    control.observe(lambda change: event.set() if holds(change["new"]) else None, trait)
    return event


def test_real_curves_come_from_the_background(pool):
    lab = DropoutLab(0.3, **SMALL)
    lab.open()
    came = once(lab.controls.source, lambda words: "2 runs" in words)
    if "2 runs" not in lab.controls.source.value:
        assert came.wait(PATIENCE)
    assert path(lab, "shown") is not None and 'class="band val_loss"' in lab.controls.curves.value
    lab.close()


def test_train_live_and_stop(instant):
    lab = opened(0.3, **SMALL)
    began = once(lab.controls.progress, lambda epochs: epochs >= 3)
    lab.controls.train.click()
    assert lab.controls.train.disabled and lab.controls.batch_norm.disabled and not lab.controls.stop.disabled
    assert not lab.controls.rate.disabled
    assert began.wait(PATIENCE)
    assert re.search(r"Epoch \d+ of 100: validation loss", lab.controls.reading.value)
    assert 'aria-live="off"' in lab.controls.reading.value  # it changes several times a second
    lab.controls.rate_field.value = 30
    assert "0.9 is the nearest to 30" in lab.controls.reading.value
    heard = once(lab.controls.progress, lambda _: True)
    assert heard.wait(PATIENCE) and "0.9 is the nearest to 30" in lab.controls.reading.value  # an epoch later, too
    over = once(lab.controls.stop, bool, "disabled")
    lab.controls.rate.value = 0.7
    moved = once(lab.controls.source, lambda words: "rate 0.7 from epoch" in words)
    assert moved.wait(PATIENCE)
    assert 'class="change"' in lab.controls.curves.value
    assert "Live: Keras&#x27; fit (seed 0) from rate 0.3 on" in lab.controls.source.value
    lab.controls.stop.click()
    assert over.wait(PATIENCE)
    reached = lab.controls.progress.value
    assert reached < 100 and len(path(lab, "shown")) == reached
    assert f"Stopped. Epoch {reached} of 100: " in lab.controls.reading.value
    assert 'aria-live="polite"' in lab.controls.reading.value
    assert lab._live.wait(PATIENCE) and lab.controls.progress.value == reached
    lab.controls.rate.value = 0.5  # back to the sweep, the live curves as the ghost
    assert "Swept" in lab.controls.source.value and len(path(lab, "ghost")) == reached
    assert "Thin and broken lines: the live training." in lab.controls.source.value
    lab.controls.train.click()
    assert "Stopped." not in lab.controls.reading.value
    lab.close()


def test_while_the_slider_moves_the_training_draws_nothing_of_its_own(instant, monkeypatch):
    lab = opened(0.3, **SMALL)
    began = once(lab.controls.progress, bool)
    lab.controls.train.click()
    assert began.wait(PATIENCE)
    monkeypatch.setattr(dropout_lab, "PAUSE", 0)
    monkeypatch.setattr(dropout_lab, "HELD", 3600)
    lab.controls.rate.value = 0.4
    drawn = lab.controls.curves.value
    late = replace(lab._progress, epochs=99)
    lab._epoch(lab._token, late)
    assert lab.controls.curves.value == drawn and lab.controls.progress.value < 99
    monkeypatch.setattr(dropout_lab, "HELD", 0)
    heard = once(lab.controls.progress, lambda epochs: epochs == 99)
    lab._epoch(lab._token, late)
    assert heard.is_set()
    lab.close()


def test_after_a_reset_nothing_is_heard_of_the_training(instant):
    lab = opened(0.3, **SMALL)
    began = once(lab.controls.progress, bool)
    lab.controls.train.click()
    training, token = lab._live, lab._token
    assert began.wait(PATIENCE)
    late = lab._progress
    lab.controls.reset.click()
    assert training.wait(PATIENCE)
    lab._epoch(token, late)  # one that was on its way
    assert lab.controls.progress.value == 0 and not lab.controls.train.disabled
    assert "Live" not in lab.controls.source.value and "Stopped" not in lab.controls.reading.value
    lab.close()


def test_closing_while_it_trains_ends_the_training(instant):
    lab = opened(0.3, **SMALL)
    began = once(lab.controls.progress, bool)
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


def test_a_cell_that_is_run_again_goes_on_where_its_controls_stood(instant, page):
    (first,) = page.run("a cell", DropoutLab(0.3))
    first.controls.rate.value = 0.8
    (second,) = page.run("a cell", DropoutLab(0.3))
    assert second.setting.rate == 0.8 and first.controls is None
    (third,) = page.run("a cell", DropoutLab(0.5))  # the cell's code was changed: what it says counts
    assert third.setting.rate == 0.5
    third.close()


def test_two_labs_of_one_cell_both_stay(instant, page):
    one, two = page.run("a cell", DropoutLab(0.3), DropoutLab(0.6))
    assert one.controls is not None and two.controls is not None
    two.controls.rate.value = 0.7
    again = page.run("a cell", DropoutLab(0.3), DropoutLab(0.6))
    assert [lab.setting.rate for lab in again] == [0.3, 0.7]
    assert one.controls is None and two.controls is None
    (left,) = page.run("a cell", DropoutLab(0.3))
    assert all(lab.controls is None for lab in again)
    left.close()


def test_a_lab_that_two_cells_show_is_one(instant, page):
    lab = DropoutLab(0.3)
    page.run("first", lab)
    controls = lab.controls
    page.run("second", lab)
    assert lab.controls is controls
    lab.controls.rate.value = 0.6
    page.run("second", lab)
    assert lab.controls is not None and lab.setting.rate == 0.6
    lab.close()


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


def test_missing_data_is_said_on_the_page(monkeypatch, instant):
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    monkeypatch.setenv("DROPNORM_DATA", "/nowhere")
    box = DropoutLab(0.3).open()
    assert 'role="alert"' in box.children[0].value
