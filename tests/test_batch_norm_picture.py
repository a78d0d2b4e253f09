"""The drawing of `BatchNormLab`: bars, axes that stay, a long history, the page's theme."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pytest

from dropnorm.lab.batch_norm_lab import BatchNormLab
from dropnorm.lab.batch_norm_picture import EDGES, POINTS, Averages, BatchNormPicture, bars
from dropnorm.lab.numerals import signed
from tests.widget_tree import SPACE, elements, find, path, picture, reading, texts


@pytest.fixture
def lab():
    lab = BatchNormLab()
    yield lab
    lab.close()


def heights(histogram: ElementTree.Element) -> np.ndarray:
    return np.array([float(rect.attrib["height"]) for rect in histogram.iter(f"{SPACE}rect")])


def test_bars_are_the_shares_of_the_three_arrays_that_are_shown(lab: BatchNormLab) -> None:
    find(lab.open(), "dropnorm-next-batch").click()
    drawn = [heights(histogram) for histogram in elements(picture(lab), "g", "histogram")]
    expected = [bars(values) for values in lab.values()]
    pixels = drawn[0].sum()  # shares add up to 1 in each panel, on one scale
    for got, shares in zip(drawn, expected, strict=True):
        np.testing.assert_allclose(got / pixels, shares[shares > 0], atol=0.003)


def test_what_lies_beyond_the_axis_is_counted_in_the_outermost_bars_and_said(lab: BatchNormLab) -> None:
    shares = bars(np.array([-100, -7.9, 0.1, 0.2, 11.9, 12, 50, 1e9]))
    assert (shares[0], shares[-1], shares.sum()) == (2 / 8, 4 / 8, 1)
    assert "beyond" not in reading(lab)
    lab.open()
    find(lab.open(), "dropnorm-shift").value = 4
    find(lab.open(), "dropnorm-scale").value = 3
    count = sum(int((values > EDGES[-1]).sum()) for values in lab.values())
    assert count > 0
    assert reading(lab).endswith(f" {count} beyond the axes, counted in the outermost bars.")


def test_a_zero_has_no_minus() -> None:
    assert [signed(value) for value in (-1e-9, 0.004, -1.5)] == ["0.00", "0.00", "−1.50"]


def test_axes_stay_put_while_sliders_move_and_grow_only_when_they_must(lab: BatchNormLab) -> None:
    lab.open()
    for _ in range(100):
        lab._next_batch()
    assert list(lab._drawing._frames) == [(0.4, 100)]
    lab._next_batch()
    assert list(lab._drawing._frames) == [(0.4, 100), (0.4, 300)]
    find(lab.open(), "dropnorm-gamma").value = 0
    assert list(lab._drawing._frames)[-1] == (1.0, 300)
    assert texts(picture(lab), "statistics")[1:] == ["mean 0.00, standard deviation 0.00"] * 2


def test_a_long_history_is_thinned_and_keeps_its_ends() -> None:
    history = [Averages(0.5, 1.0, 0.001 * number, 1.0) for number in range(5000)]
    values = [np.zeros(8)] * 3
    drawing = ElementTree.fromstring(BatchNormPicture().whole(values, history, "Averages."))
    points = re.findall(r"[ML]([\d.]+) ([\d.]+)", path(drawing, "moving-mean"))
    assert len(points) == POINTS
    first, last = float(points[0][0]), float(points[-1][0])
    shorter = ElementTree.fromstring(BatchNormPicture().whole(values, history[:3100], "Averages."))
    other = re.findall(r"[ML]([\d.]+) ([\d.]+)", path(shorter, "moving-mean"))
    assert float(other[0][0]) == first
    assert (float(other[-1][0]) - first) / (last - first) == pytest.approx(3100 / 5000, abs=0.002)


def test_the_drawing_follows_the_pages_theme_and_says_what_it_shows(lab: BatchNormLab) -> None:
    drawing = find(lab.open(), "dropnorm-picture").value
    root = ElementTree.fromstring(drawing)
    assert (root.attrib["role"], root.attrib["fill"]) == ("img", "currentColor")
    assert root.attrib["aria-label"] == reading(lab)
    axes = ElementTree.fromstring(lab._frame.value)
    assert axes.attrib["viewBox"] == root.attrib["viewBox"]
    assert axes.attrib["width"] == root.attrib["width"]
    assert "#000000" not in drawing + lab._frame.value
    assert "#ffffff" not in drawing + lab._frame.value
    fills = [histogram.find(f"{SPACE}g").attrib["fill"] for histogram in elements(root, "g", "histogram")]
    assert len(set(fills)) == 3


def test_two_drawings_on_one_page_share_no_id(lab: BatchNormLab) -> None:
    other = BatchNormLab()
    for each in (lab, other):
        each.open()
    ids = [re.findall(r'\bid="([^"]+)"', each._frame.value + each._picture.value) for each in (lab, other)]
    assert ids[0]
    assert not set(ids[0]) & set(ids[1])
    other.close()


def test_a_notebooks_own_layout_moves_no_axes() -> None:
    """The lessons ask for "constrained" layout: axes would move when they are drawn, and the bars would not."""

    def drawn() -> str:
        return re.sub(r"\bf[0-9a-f]{8}n\d+-", "", BatchNormLab().static()[0])  # but for the ids

    plain = drawn()
    with mpl.rc_context({"figure.constrained_layout.use": True}):
        assert drawn() == plain
