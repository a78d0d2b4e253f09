"""`PlacementLab` without a browser: its state, what is drawn and said, where it is shown, and what it leaves behind."""

from __future__ import annotations

import html
import re
import threading
from collections.abc import Iterator
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pytest
from ipywidgets.widgets import widget

from dropnorm.curves import LearningCurves
from dropnorm.experiments.placement import AFTER, BEFORE, DROPOUT, DROPOUT_FIRST
from dropnorm.lab import PlacementLab, placement_setting
from dropnorm.lab.placement_reading import placement_reading
from dropnorm.lab.placement_setting import ORDERS, PlacementSetting, label
from dropnorm.sweep import background, cache
from dropnorm.sweep.background import Background
from tests.instant_pool import InstantPool, path
from tests.widget_tree import Page, elements, outputs_of, reading, texts, unnamed

PATIENCE = 120  # seconds until a test gives up
BLOCK = ("Dense", "BatchNormalization", "relu")


@pytest.fixture
def lab(instant) -> Iterator[PlacementLab]:
    lab = PlacementLab()
    lab.open()
    yield lab
    lab.close()


def runs(end: float) -> LearningCurves:
    """Curves that fall at once and end there, alike in training and validation."""
    series = np.r_[5.0, np.full(99, end)] + np.tile([0.001, -0.001], 50)
    return LearningCurves(series, series, series, seeds=(0,))


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small networks, trained for a few epochs."""
    monkeypatch.setattr(placement_setting, "EPOCHS", 12)
    monkeypatch.setattr(placement_setting, "WIDTH", 8)


def go_where_nothing_is_known(lab: PlacementLab, pool: InstantPool) -> None:
    """Two presses away, with a pool that computes nothing for now: one press leads to what has been swept already."""
    pool.hold = True
    lab.controls.order.value = AFTER
    lab.controls.bias.value = False


def layers(lab: PlacementLab) -> ElementTree.Element:
    return ElementTree.fromstring(lab.controls.layers.value)


def test_another_order_shows_its_curves_and_layers_and_leaves_the_last_curves_as_a_ghost(lab):
    before, titles = path(lab, "shown"), texts(layers(lab), "title")
    assert titles == ["inputs", *(f"{name} {n}" for n in (1, 2, 3) for name in BLOCK), "output"]
    lab.controls.order.value = DROPOUT
    np.testing.assert_array_equal(path(lab, "ghost"), before)
    assert not np.array_equal(path(lab, "shown"), before)
    assert "Dropout 3" in texts(layers(lab), "title") and "BatchNormalization 1" not in texts(layers(lab), "title")
    assert lab.controls.code.value == "PlacementLab(order='dropout')"
    assert "Thin and broken lines: Dense → BN → relu, swept." in lab.controls.source.value


@pytest.mark.parametrize(
    "name, value, code",
    [
        ("order", AFTER, "PlacementLab(order='after')"),
        ("bias", False, "PlacementLab(order='before', bias=False)"),
        ("input_dropout", 0.3, "PlacementLab(order='before', input_dropout=0.3)"),
        ("inputs", "raw", "PlacementLab(order='before', inputs='raw')"),
    ],
)
def test_every_control_changes_the_setting_and_the_line_of_code_brings_it_back(lab, name, value, code):
    asked = getattr(lab.controls, name)
    asked.value = value
    assert lab.setting == PlacementSetting(**{name: value})
    assert lab.controls.code.value == code
    assert eval(code).setting == lab.setting
    before = lab.controls.code.value
    asked.unobserve_all("value")  # an unhooked control would be noticed
    asked.value = next(option for _, option in asked.options if option != value)
    assert lab.controls.code.value == before


def test_layers_that_differ_by_mode_have_both_outlines_and_both_numbers(lab):
    lab.controls.order.value = DROPOUT_FIRST
    drawn = {texts(panel, "title")[0]: panel for panel in elements(layers(lab), "g", "layer")}
    assert texts(drawn["Dense 1"], "numbers") == ["both modes: 1.00 ± 1.00"]
    assert texts(drawn["Dropout 1"], "numbers") == ["training: 3.00 ± 2.00", "inference: 3.00 ± 1.00"]
    for name, outlines in (("Dense 1", 0), ("Dropout 1", 1)):
        assert len(elements(drawn[name], "path", "training")) == outlines
        assert len(elements(drawn[name], "path", "inference")) == 1
    looks = [elements(drawn["Dropout 1"], "path", mode)[0].attrib for mode in ("training", "inference")]
    assert looks[0]["stroke-dasharray"] and "stroke-dasharray" not in looks[1]  # not by colour alone
    assert "Dropout 1: training 3.00 ± 2.00 and inference 3.00 ± 1.00" in layers(lab).attrib["aria-label"]


def test_axes_and_places_stay_put(lab):
    frame = lab.controls.frame.value
    size = layers(lab).attrib["viewBox"]

    def places() -> dict[str, str]:
        panels = elements(layers(lab), "g", "layer")
        return {texts(panel, "title")[0]: panel.attrib["transform"] for panel in panels}

    first = places()
    for order in ORDERS:
        lab.controls.order.value = order
        lab.controls.input_dropout.value = 0.3
        assert lab.controls.frame.value == frame
        assert layers(lab).attrib["viewBox"] == size
        now = places()
        assert len(set(now.values())) == len(now)  # no panel lies on another
        assert all(now[name] == first[name] for name in ("inputs", "Dense 1", "Dense 2", "Dense 3", "output"))
        lab.controls.input_dropout.value = 0.0


def test_what_is_not_computed_yet_is_said_beside_the_last_picture(lab, instant):
    instant.hold = True
    lab.controls.order.value = AFTER
    before, drawn = path(lab, "shown"), texts(layers(lab), "numbers")
    assert "omputing" not in reading(lab)  # one press away
    go_where_nothing_is_known(lab, instant)
    for told in (lab.controls.curves.value, lab.controls.layers.value, lab.controls.reading.value):
        assert "omputing" in told
    np.testing.assert_array_equal(path(lab, "shown"), before)  # no interpolation, no empty axes
    assert texts(layers(lab), "numbers") == drawn
    assert "Swept" not in lab.controls.source.value
    instant.serve(instant.wishes[-1])
    assert "omputing" not in lab.controls.curves.value + lab.controls.layers.value + lab.controls.reading.value
    np.testing.assert_array_equal(path(lab, "ghost"), before)


def test_what_cannot_be_computed_is_not_waited_for(lab, instant):
    go_where_nothing_is_known(lab, instant)
    instant.wishes[-1].on_failure("The background processes were ended.")
    assert "omputing" not in lab.controls.curves.value + lab.controls.reading.value
    assert reading(lab) == "The background processes were ended."
    instant.hold = False
    lab.controls.input_dropout.value = 0.1
    assert "ended." not in lab.controls.reading.value and "; 5 runs" in lab.controls.source.value


def test_curves_of_other_inputs_that_come_late_are_not_taken_for_these(instant):
    instant.hold = True
    lab = PlacementLab(inputs="raw")
    lab.open()
    lab.controls.inputs.value = "standardised"
    instant.serve(instant.wishes[0])
    assert "omputing" in lab.controls.reading.value
    lab.close()


def test_the_reading_tells_the_curves_the_variance_and_the_bias(lab):
    told = reading(lab)
    assert told.startswith("Validation loss is still falling and ends at")
    assert "Diagnosis: too slow." in told
    assert "three batch normalizations meet 0.50, 0.60 and 0.70 times the variance" in told
    assert "dropout in front" not in told  # there is none
    assert "The bias is redundant" in told
    assert 'role="status" aria-live="polite"' in lab.controls.reading.value
    assert re.search(r'aria-label="([^"]*)"', lab.controls.curves.value)[1] == told
    lab.controls.bias.value = False
    assert "The bias is not missed" in reading(lab)
    lab.controls.order.value = DROPOUT_FIRST
    assert "dropout in front of them spreads what they meet while it is on" in reading(lab)
    assert "in the others the β of the batch normalization in front moves that point" in reading(lab)
    lab.controls.order.value = DROPOUT
    assert "no unit can move that point" in reading(lab) and "variance" not in reading(lab)
    lab.controls.bias.value = True
    assert "bias" not in reading(lab)


def test_the_reading_knows_a_loss_that_a_constant_prediction_has_too():
    order, shifts = PlacementSetting(DROPOUT_FIRST), [(0.5, 0.6, 1.0)]
    assert "Diagnosis: fine." in placement_reading(order, runs(0.4), shifts, 0.7)
    assert "Diagnosis: stuck; the best constant prediction has 0.70." in placement_reading(
        order, runs(0.69), shifts, 0.7
    )
    broken = LearningCurves(np.full(100, np.nan), np.full(100, np.nan), np.full(100, np.nan), seeds=(0,))
    told = placement_reading(order, broken, [(np.nan, np.nan, np.nan)], 0.7)
    assert "breaks down" in told and "Diagnosis: unstable." in told and "nan times" not in told


def test_every_control_has_a_label_and_a_class_of_its_own(lab):
    box = lab.open()
    assert "dropnorm-placement-lab" in box._dom_classes
    for name in ("order", "bias", "input_dropout", "inputs", "code"):
        assert getattr(lab.controls, name).description
        assert f"dropnorm-{name.replace('_', '-')}" in getattr(lab.controls, name)._dom_classes
        assert (
            "" not in getattr(lab.controls, name)._dom_classes
        )  # a page stops at an empty class: neither look nor name
    assert unnamed(box) == []


def test_a_cell_that_is_run_again_unchanged_goes_on_where_its_controls_stood(instant, page):
    (first,) = page.run("a cell", PlacementLab("dropout"))
    first.controls.bias.value = False
    first.controls.order.value = AFTER
    (second,) = page.run("a cell", PlacementLab("dropout"))
    assert second.setting == PlacementSetting(AFTER, bias=False)
    assert first.controls is None
    (third,) = page.run("a cell", PlacementLab("before"))  # the cell's code was changed: what it says counts
    assert third.setting == PlacementSetting("before")
    third.close()


def test_opened_again_and_again_it_leaves_no_thread_no_figure_and_no_widget(instant):
    PlacementLab().open()
    threads, before = threading.active_count(), len(widget._instances)
    for _ in range(5):
        lab = PlacementLab()
        lab.open()
        lab.controls.order.value = AFTER
        lab.close()
    assert threading.active_count() == threads
    assert plt.get_fignums() == []
    assert len(widget._instances) == before


def test_closed_it_hears_of_nothing_more_and_opens_again_where_it_was(instant):
    instant.hold = True
    lab = PlacementLab()
    lab.open()
    late = instant.wishes[-1]
    lab.controls.order.value = AFTER
    lab.close()
    instant.serve(late)
    late.on_failure("Too late.")
    assert lab.controls is None
    instant.hold = False
    assert lab.open() is lab.controls.box
    assert lab.controls.order.value == AFTER and "Too late" not in lab.controls.reading.value
    lab.close()


def test_real_runs_come_from_the_background_with_their_layers(tmp_path, monkeypatch, short):
    pool = Background(processes=2, folder=tmp_path / "sweeps")
    monkeypatch.setattr(background, "shared", pool)
    lab, came = PlacementLab(DROPOUT_FIRST), threading.Event()
    lab.open()
    lab.controls.source.observe(lambda change: came.set() if "2 runs" in change["new"] else None, "value")
    assert "2 runs" in lab.controls.source.value or came.wait(PATIENCE)
    assert path(lab, "shown") is not None and 'class="band val_loss"' in lab.controls.curves.value
    assert len(elements(layers(lab), "g", "layer")) == 14
    assert "times the variance that they have kept" in reading(lab)
    lab.close()
    pool.close()


def test_where_no_page_listens_a_still_picture_is_left(tmp_path, monkeypatch, capsys, short):
    for function in (cache.load, cache.store, background.computed):
        monkeypatch.setattr(function, "__defaults__", (tmp_path, *(function.__defaults__ or ())[1:]))
    threads, widgets, pool = threading.active_count(), len(widget._instances), background.shared._pool
    curves, drawn = outputs_of(PlacementLab(DROPOUT, bias=False))
    for output in (curves, drawn):
        assert set(output) == {"text/html", "text/plain"}
        assert html.unescape(ElementTree.fromstring(output["text/html"]).attrib["aria-label"]) == output["text/plain"]
    for order in (DROPOUT, "without", BEFORE, DROPOUT_FIRST):
        assert f" {label(order)}: " in curves["text/plain"]
    assert len(elements(ElementTree.fromstring(drawn["text/html"]), "g", "layer")) == 2 + 3 * 3
    assert "Dropout 3: training" in drawn["text/plain"] and "no bias" in drawn["text/plain"]
    assert threading.active_count() <= threads + 1  # IPython's own, for its history
    assert (len(widget._instances), background.shared._pool) == (widgets, pool)
    assert plt.get_fignums() == []
    assert capsys.readouterr() == ("", "")


def test_missing_data_is_said_on_the_page(monkeypatch, instant):
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    monkeypatch.setenv("DROPNORM_DATA", "/nowhere")
    box = PlacementLab().open()
    assert 'role="alert"' in box.children[0].value
