"""`BatchNormLab` on pictures of cars: batches of one colour and of both, what is drawn and said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree

import numpy as np
import pytest

from dropnorm import clouds
from dropnorm.experiments.separation import cars, kernel
from dropnorm.lab.batch_norm_lab import BatchNormLab
from dropnorm.lab.normalization import Normalization
from dropnorm.lab.vehicle_batches import CARS, IN_TURN, MAKE_UPS, MIXED, ONLY_BLUE, ONLY_RED, VehicleBatches
from tests.widget_tree import SPACE, Page, elements, find, path, picture, reading, shown_by, texts


@pytest.fixture
def lab() -> Iterator[BatchNormLab]:
    lab = BatchNormLab(momentum=0.9, activations="vehicles")
    lab.open()
    yield lab
    lab.close()


def distances(lab: BatchNormLab) -> list[float]:
    """How far blue and red lie apart: before, in training mode, at inference."""
    return [clouds.separation(each.blue, each.red) for each in lab.coloured().states(lab.normalization)]


def after(lab: BatchNormLab, batches: int) -> None:
    for _ in range(batches):
        lab.next_batch()


def test_the_unit_is_the_one_of_the_first_layer_that_tells_the_colours_apart_best() -> None:
    vehicles = VehicleBatches(0)
    blue, red = (pictures @ kernel(0) for pictures in cars(0, CARS))
    apart = [clouds.separation(blue[:, unit], red[:, unit]) for unit in range(blue.shape[1])]
    assert vehicles.unit == np.argmax(apart) + 1
    batch = vehicles.batch(ONLY_BLUE, 5, 512)
    expected = (blue[:, vehicles.unit - 1] - np.r_[blue, red][:, vehicles.unit - 1].mean()) / np.r_[blue, red][
        :, vehicles.unit - 1
    ].std()
    assert np.isin(np.round(batch.values, 3), np.round(expected.astype("float32"), 3)).mean() > 0.95


def test_a_mixed_batch_goes_through_one_affine_map(lab: BatchNormLab) -> None:
    after(lab, 40)
    before, trained, inferred = distances(lab)
    assert before > 1
    assert (trained, inferred) == pytest.approx((before, before), abs=1e-4)
    lab._draw()
    assert f"{before:.2f} before, {before:.2f} in training mode, {before:.2f} at inference: one affine" in reading(lab)
    assert "of unit 6 of 32 for pictures of 32 blue and 32 red cars, mean and standard deviation:" in reading(lab)


@pytest.mark.parametrize("make_up, colour", [(ONLY_BLUE, "blue"), (ONLY_RED, "red")])
def test_batches_of_one_colour_are_pulled_together_and_the_moving_averages_undo_that(lab, make_up, colour) -> None:
    after(lab, 40)  # of mixed batches
    find(lab.open(), "dropnorm-make-up").value = make_up
    before, trained, inferred = distances(lab)
    assert before > 1 and trained == pytest.approx(0, abs=1e-5) and inferred == pytest.approx(before, abs=1e-4)
    other = "red" if colour == "blue" else "blue"
    assert f"0.00 in training mode, where the same cars in {other} make a batch of their own: pulled" in reading(lab)
    assert f"pictures of 64 {colour} cars" in reading(lab)
    np.testing.assert_array_equal(lab.batch(), getattr(lab.coloured(), colour))
    assert len(lab.batch()) == 64


def test_batches_in_turn_have_one_colour_each_and_the_averages_arrive_between_them(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-make-up").value = IN_TURN
    colours = []
    for _ in range(60):
        find(lab.open(), "dropnorm-next-batch").click()
        colours.append(lab.coloured().colours)
    assert colours[:4] == [("blue",), ("red",)] * 2
    assert "the moving averages have arrived between the colours, this batch is of one." in reading(lab)


@pytest.mark.parametrize("make_up", MAKE_UPS)
def test_moving_averages_go_to_what_is_told_as_their_own(make_up: str) -> None:
    vehicles, modes = VehicleBatches(0), Normalization(0.99)
    for number in range(1, 1001):
        modes.see(vehicles.batch(make_up, number, 64).values)
    assert (modes.mean, modes.variance**0.5) == pytest.approx(vehicles.own(make_up), abs=0.05)


def test_batches_have_their_size_and_their_scale(lab: BatchNormLab) -> None:
    for size in (8, 33, 512):
        assert len(lab.vehicles.batch(MIXED, 3, size).values) == size
        assert len(lab.vehicles.batch(ONLY_RED, 3, size).red) == size
    plain, moved = (lab.vehicles.batch(MIXED, 3, 64, *to).values for to in ((0, 1), (3, 2)))
    np.testing.assert_allclose(moved, 3 + 2 * plain, atol=1e-5)
    assert not np.array_equal(lab.vehicles.batch(MIXED, 4, 64).values, plain)


def test_colours_are_told_apart_by_bars_and_outline_and_both_are_named(lab: BatchNormLab) -> None:
    panels = elements(picture(lab), "g", "histogram")
    assert len(panels) == 3
    for panel in panels:
        (red,) = elements(panel, "path", "red")
        assert red.attrib["fill"] == "none" and red.attrib["stroke-dasharray"]
        assert list(panel.iter(f"{SPACE}rect"))
    assert {text.text for text in panels[0].iter(f"{SPACE}text")} >= {"blue", "red"}
    first, *_ = texts(picture(lab), "statistics")
    assert re.fullmatch(r"blue −?\d\.\d\d ± \d\.\d\d, red −?\d\.\d\d ± \d\.\d\d", first)


def test_of_a_mixed_batch_each_colour_has_half_the_share_and_the_outline_stands_where_the_bars_would(lab) -> None:
    def shares() -> tuple[float, float]:
        panel = elements(picture(lab), "g", "histogram")[0]
        blue = sum(float(rect.attrib["height"]) for rect in panel.iter(f"{SPACE}rect") if rect.attrib["width"] != "12")
        points = np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", path(panel, "red")), float)
        assert points[0, 1] == points[-1, 1] == points[:, 1].max()  # from the floor to the floor
        along = points[1:-1].reshape(-1, 2, 2)
        assert (along[:, 0, 1] == along[:, 1, 1]).all()  # level over each bar
        return blue, float((points[0, 1] - along[:, 0, 1]).sum())

    blue, red = shares()
    assert blue == pytest.approx(red, rel=0.02)
    find(lab.open(), "dropnorm-make-up").value = ONLY_RED
    whole = shares()
    assert whole == pytest.approx((2 * blue, 2 * red), rel=0.03)


def test_by_default_the_activations_are_drawn_and_the_colours_wait(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-activations").value = "drawn"
    plain = BatchNormLab(momentum=0.9)
    plain.open()
    assert reading(lab) == reading(plain)
    assert find(lab.open(), "dropnorm-picture").value == find(plain.open(), "dropnorm-picture").value
    assert find(plain.open(), "dropnorm-make-up").disabled
    find(plain.open(), "dropnorm-activations").value = "vehicles"
    assert not find(plain.open(), "dropnorm-make-up").disabled
    assert "Blue and red, the distance" in reading(plain)
    plain.close()


def test_a_cell_that_is_run_again_unchanged_goes_on_with_its_vehicles(monkeypatch: pytest.MonkeyPatch) -> None:
    page = Page(monkeypatch)
    (lab,) = page.run("cell", BatchNormLab())
    find(lab.open(), "dropnorm-activations").value = "vehicles"
    find(lab.open(), "dropnorm-make-up").value = ONLY_BLUE
    find(lab.open(), "dropnorm-next-batch").click()
    told = reading(lab)
    (again,) = page.run("cell", BatchNormLab())
    assert reading(again) == told
    assert find(again.open(), "dropnorm-make-up").value == ONLY_BLUE
    again.close()


def test_without_a_page_a_static_picture_of_both_colours_is_left() -> None:
    data = shown_by(BatchNormLab(activations="vehicles", make_up="in turn"))
    root = ElementTree.fromstring(data["text/html"])
    assert len(elements(root, "path", "red")) == 3
    assert root.attrib["aria-label"] == data["text/plain"]
    assert "after 100 batches" in data["text/plain"] and "pulled together" in data["text/plain"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"activations": "cars"}, "activations='cars' is not among the lab's choices: 'drawn', 'vehicles'."),
        ({"activations": 1}, "activations=1 is not among"),
        (
            {"make_up": "green"},
            "make_up='green' is not among the lab's choices: 'mixed', 'only blue', 'only red', 'in tu",
        ),
        ({"make_up": None}, "make_up=None is not among"),
    ],
)
def test_what_it_does_not_offer_is_said_in_a_sentence(wrong: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        BatchNormLab(**wrong)
