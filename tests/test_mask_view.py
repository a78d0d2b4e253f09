"""`MaskView` without a browser: its state, its picture and its reading after each control, and the static picture."""

from __future__ import annotations

import re
import threading
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from ipywidgets.widgets.widget import _instances
from matplotlib import pyplot

from dropnorm.lab.controls import spoken
from dropnorm.lab.mask_view import STEPS, MaskView
from dropnorm.sweep.masks import MaskStream
from tests.widget_tree import SPACE, find, picture, reading, shown_by, texts, unnamed


@pytest.fixture
def view():
    view = MaskView()
    yield view
    view.close()


def kept(view: MaskView) -> np.ndarray:
    """Which units the picture shows as kept: a dropped one is multiplied by 0."""
    factors = texts(picture(view), "factor")
    assert len(factors) == view.units
    return np.array([factor != "× 0" for factor in factors])


def drawn_masks(seed: int, rate: float, steps: int, shape: tuple[int, int] = (4, 6)) -> list[np.ndarray]:
    stream = MaskStream(seed, 0, rate)
    return [stream.draw(shape).copy() for _ in range(steps)]


def test_dropped_units_are_hollow_and_crossed_and_no_line_leads_on(view: MaskView) -> None:
    drawing, mask = picture(view), drawn_masks(0, 0.5, 1)[0][0]
    dropped = [circle for circle in drawing.iter(f"{SPACE}circle") if circle.attrib.get("class") == "dropped"]
    assert 0 < len(dropped) == (~mask).sum() < 6
    assert all(circle.attrib["fill"] == "none" and circle.attrib["stroke-dasharray"] for circle in dropped)
    assert len([path for path in drawing.iter(f"{SPACE}path") if path.attrib["class"] == "cross"]) == len(dropped)
    assert len(list(drawing.iter(f"{SPACE}circle"))) == 4 + 6 + 6 + 5 + 1
    after_dropout = {str(int(float(circle.attrib["cx"])) + int(circle.attrib["r"])) for circle in dropped}
    leading_on = [line.attrib["y1"] for line in drawing.iter(f"{SPACE}line") if line.attrib["x1"] in after_dropout]
    assert len(leading_on) == mask.sum() * 5
    assert not {circle.attrib["cy"] for circle in dropped} & set(leading_on)


def test_what_is_passed_on_is_rescaled_in_training_and_left_alone_at_inference(view: MaskView) -> None:
    mask = drawn_masks(0, 0.5, 1)[0][0]
    computed = [f"{value:.2f}" for value in view.activations[0]]
    assert texts(picture(view), "computed") == computed
    assert texts(picture(view), "passed-on") == [f"{2 * value:.2f}" for value in view.activations[0][mask]]
    find(view.open(), "dropnorm-mode").value = False
    assert texts(picture(view), "passed-on") == texts(picture(view), "computed") == computed
    assert texts(picture(view), "factor") == ["× 1"] * 6
    assert "no unit is dropped" in reading(view)
    find(view.open(), "dropnorm-mode").value = True
    np.testing.assert_array_equal(kept(view), mask)


def test_each_row_has_a_mask_and_inputs_of_its_own_and_the_last_leads_to_the_first(view: MaskView) -> None:
    masks, shown, computed = drawn_masks(0, 0.5, 1)[0], [], []
    for row in range(4):
        assert f"row {row + 1} of 4, step 1" in reading(view)
        shown.append(kept(view))
        computed.append(tuple(texts(picture(view), "computed")))
        find(view.open(), "dropnorm-next-row").click()
    np.testing.assert_array_equal(shown, masks)
    assert len(set(computed)) == 4
    assert "row 1 of 4" in reading(view)


def test_each_step_draws_a_new_mask_for_the_same_inputs(view: MaskView) -> None:
    computed = texts(picture(view), "computed")
    for step, masks in enumerate(drawn_masks(0, 0.5, 5), start=1):
        assert f"step {step}:" in reading(view)
        assert texts(picture(view), "title") == [f"training: row 1, step {step}"]
        np.testing.assert_array_equal(kept(view), masks[0])
        find(view.open(), "dropnorm-next-step").click()
    assert texts(picture(view), "computed") == computed


def test_playing_goes_from_step_to_step_until_the_last(view: MaskView) -> None:
    play = find(view.open(), "dropnorm-count")
    play.value = 3  # what the page sends while it plays
    assert (view.step, play.max) == (3, STEPS)
    np.testing.assert_array_equal(kept(view), drawn_masks(0, 0.5, 3)[2][0])
    find(view.open(), "dropnorm-next-step").click()
    assert play.value == view.step == 4
    play.value = STEPS
    find(view.open(), "dropnorm-next-step").click()
    assert view.step == 1
    assert not play.repeat  # an output that nobody sees any more would play for ever


def test_a_reading_that_changes_by_itself_is_not_spoken(view: MaskView) -> None:
    count, told = find(view.open(), "dropnorm-count"), find(view.open(), "dropnorm-reading")
    pressed = find(view.open(), "dropnorm-play")
    assert 'role="status" aria-live="polite"' in told.value
    pressed.value = True
    assert (count.playing, pressed.icon) == (True, "pause")
    assert 'aria-live="off"' in told.value
    count.playing = False  # what the page sends after the last step
    assert (pressed.value, pressed.icon) == (False, "play")
    assert 'aria-live="polite"' in told.value


def test_a_reading_is_text() -> None:
    assert ElementTree.fromstring(spoken("1 < 2 & <b>")).text == "1 < 2 & <b>"


@pytest.mark.parametrize("control", ["dropnorm-rate", "dropnorm-rate-field"])
def test_slider_and_field_keep_in_step_and_a_higher_rate_drops_the_same_units_and_more(
    view: MaskView, control: str
) -> None:
    few = kept(view)
    find(view.open(), control).value = 0.8
    assert (
        view.rate == find(view.open(), "dropnorm-rate").value == find(view.open(), "dropnorm-rate-field").value == 0.8
    )
    many = kept(view)
    assert not (many & ~few).any()
    assert many.sum() < few.sum()
    assert "1 / (1 − 0.8) = 5" in reading(view)
    assert set(texts(picture(view), "factor")) == {"× 5", "× 0"}
    find(view.open(), control).value = 0
    assert kept(view).all()
    assert "drops 0 of 6 hidden units and" in reading(view)


def test_a_typed_rate_is_kept_as_it_is_and_the_slider_stands_near_it(view: MaskView) -> None:
    field, slider = find(view.open(), "dropnorm-rate-field"), find(view.open(), "dropnorm-rate")
    field.value = 0.333
    assert (view.rate, field.value, slider.value) == (0.333, 0.333, 0.35)  # the page would put the slider there
    assert reading(view).startswith("Training mode") and "at rate 0.333" in reading(view)
    slider.value = 0.4
    assert (view.rate, field.value) == (0.4, 0.4)
    view.close()
    view.rate = 0.123
    assert find(view.open(), "dropnorm-rate").value == 0.1


def test_a_rate_that_is_none_is_said_once_and_the_view_goes_on(view: MaskView) -> None:
    field, slider = find(view.open(), "dropnorm-rate-field"), find(view.open(), "dropnorm-rate")
    field.value = 1.5
    assert field.value == slider.value == view.rate == 0.9
    assert reading(view).startswith("dropout rate: 1.5 is outside 0 to 0.9; 0.9 is used. Training mode")
    find(view.open(), "dropnorm-next-row").click()
    assert reading(view).startswith("Training mode")
    field.value = -1
    assert field.value == slider.value == view.rate == 0
    slider.value = 0.4
    field.value = float("nan")
    assert field.value == slider.value == view.rate == 0.4
    assert reading(view).startswith("dropout rate: nan is not a number to work with; it stays at 0.4.")
    slider.value = 0.5
    assert view.rate == field.value == 0.5
    assert reading(view).startswith("Training mode")


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_mean_over_masks_is_that_without_dropout(rate: float) -> None:
    view = MaskView(rate)
    plain = view.activations[0].mean()
    assert view._mean_over_masks() == pytest.approx(plain, rel=0.04)  # 6 × 10,000 draws: at 0.9 a deviation of 1.3 %
    told = re.search(r"([\d.]+) over 10,000 masks, near the (\d+\.\d+) without dropout\.", view.reading())
    assert float(told[1]) == pytest.approx(float(told[2]), rel=0.04)
    unscaled = re.search(r"Not rescaled, it would be ([\d.]+)\.$", view.reading())
    assert float(unscaled[1]) == pytest.approx(plain * (1 - rate), rel=0.05)


def test_every_control_has_a_label_and_a_class_of_its_own(view: MaskView) -> None:
    box = view.open()
    assert "dropnorm-mask-view" in box._dom_classes
    for css in ("rate-field", "mode", "next-row", "next-step", "play"):
        assert find(box, f"dropnorm-{css}").description
    assert unnamed(box) == []
    assert find(box, "dropnorm-mode").tooltips == ("mode: training", "mode: inference")
    assert find(box, "dropnorm-rate").tooltip == find(box, "dropnorm-rate-field").description == "dropout rate"


def test_the_drawing_follows_the_pages_theme_and_says_what_it_shows(view: MaskView) -> None:
    drawing = find(view.open(), "dropnorm-picture").value
    root = ElementTree.fromstring(drawing)
    assert root.attrib["fill"] == "currentColor"
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == reading(view)
    assert "#000" not in drawing
    assert "<rect" not in drawing


def test_without_a_page_a_static_picture_is_left_and_nothing_else() -> None:
    InteractiveShell.instance()  # it starts a thread of its own
    before, threads = dict(_instances), threading.active_count()
    data = shown_by(MaskView())
    assert dict(_instances) == before
    assert threading.active_count() == threads
    assert pyplot.get_fignums() == []
    assert set(data) == {"text/html", "text/plain"}
    root = ElementTree.fromstring(data["text/html"])
    panels = [group for group in root.iter(f"{SPACE}g") if group.attrib["class"] == "panel"]
    masks = drawn_masks(0, 0.5, 2)
    expected = [masks[0][0], masks[0][1], masks[1][0], np.ones(6, bool)]
    for panel, mask in zip(panels, expected, strict=True):
        assert [factor != "× 0" for factor in texts(panel, "factor")] == mask.tolist()
    assert texts(panels[3], "title") == ["inference: row 1, any step"]
    assert root.attrib["aria-label"] == data["text/plain"]
    assert "inference: row 1, any step: no unit dropped" in data["text/plain"]


def test_closed_it_leaves_no_widget_and_opens_again_where_it_was() -> None:
    before = set(_instances)
    view = MaskView()
    view.close()  # never opened: nothing to do
    box = view.open()
    find(box, "dropnorm-rate").value = 0.3
    find(box, "dropnorm-next-step").click()
    find(box, "dropnorm-next-row").click()
    find(box, "dropnorm-mode").value = False
    told = reading(view)
    view.close()
    assert set(_instances) == before
    assert view.open() is not box
    assert reading(view) == told
    assert find(view.open(), "dropnorm-count").value == 2
    find(view.open(), "dropnorm-mode").value = True
    assert "row 2 of 4, step 2: at rate 0.3" in reading(view)
    find(view.open(), "dropnorm-next-step").click()
    assert find(view.open(), "dropnorm-count").value == view.step == 3
    view.close()


def test_two_views_do_not_touch_each_other(view: MaskView) -> None:
    other = MaskView(rate=0.2, seed=1)
    told = reading(other)
    find(view.open(), "dropnorm-rate").value = 0.8
    find(view.open(), "dropnorm-next-step").click()
    assert reading(other) == told
    assert (other.rate, other.step) == (0.2, 1)
    other.close()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"rate": 0.95}, "rate is a number from 0 to 0.9; this is 0.95"),
        ({"rate": -0.1}, "rate is a number from 0 to 0.9"),
        ({"rate": float("nan")}, "this is nan"),
        ({"rate": "0.5"}, "this is '0.5'"),
        ({"rate": None}, "this is None"),
        ({"rate": True}, "this is True"),
        ({"units": 1}, "units is a whole number from 2 to 12; this is 1"),
        ({"units": 6.0}, "this is 6.0"),
        ({"rows": 65}, "rows is a whole number from 2 to 64"),
        ({"seed": -1}, "seed is a whole number from 0 to 2147483647"),
    ],
)
def test_an_argument_outside_its_limits_is_named(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        MaskView(**wrong)


def test_something_else_than_a_rate_is_answered_by_what_it_takes() -> None:
    told = "MaskView takes a dropout rate, and draws a network of its own; this is a list. To draw learning curves of"
    with pytest.raises(TypeError, match=re.escape(told)):
        MaskView([0.5])
    with pytest.raises(TypeError, match="MaskView has no setting width; it has rate, units, rows and seed"):
        MaskView(width=3)


@pytest.mark.parametrize("arguments", [{"rate": 0.9, "units": 12, "rows": 64}, {"units": 2, "rows": 2}, {"rate": 0}])
def test_the_ends_of_the_limits_can_be_drawn(arguments: dict[str, float]) -> None:
    view = MaskView(**arguments)
    ElementTree.fromstring(view.static()[0])
    assert len(kept(view)) == view.units
    view.close()
