"""Figures: readable on light and dark pages, without colour vision, without sight; and several on one page."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from matplotlib import pyplot
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from dropnorm import figures, network_picture
from dropnorm.curves import LearningCurves

LIGHT, DARK = "#ffffff", "#111111"  # JupyterLab's cell background in its two themes


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def curves(runs: int = 1) -> LearningCurves:
    generator = np.random.default_rng(0)
    epochs = np.arange(30)
    fall = np.exp(-epochs / 6) + 0.004 * epochs
    noise = 0.01 * generator.random((3, runs, 30))
    return LearningCurves(fall + 0.3 + noise[0], fall + 0.5 + noise[1], fall + 0.2 + noise[2])


def drawn(runs: int = 1) -> Figure:
    figure = Figure(figsize=(7.5, 3.2), layout="constrained")
    ax = figures.plot_curves(curves(runs), figure.subplots())
    figures.legend_above(figure, [ax])
    return figure


@pytest.mark.parametrize("page", [LIGHT, DARK])
@pytest.mark.parametrize("colour", [colour for colour in figures.COLOURS if colour != figures.INK])
def test_colours_stand_out_from_light_and_dark_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3  # WCAG 2.2, 1.4.11: graphical objects


def test_no_two_lines_differ_by_colour_alone() -> None:
    assert len(set(map(str, figures.LINE_STYLES))) == len(figures.COLOURS) == len(figures.CYCLE)
    assert len({look["linestyle"] for look in figures.LOOKS.values()}) == len(figures.LOOKS)


def test_drawing_carries_its_alternative_text_and_the_pages_colours() -> None:
    drawing = figures.svg(drawn(), 'Loss "falls" & <rises>.')
    root = ElementTree.fromstring(drawing)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-label"] == 'Loss "falls" & <rises>.'
    assert root.attrib["fill"] == "currentColor"
    assert "#000000" not in drawing
    assert "#ffffff" not in drawing
    assert "stroke: currentColor" in drawing
    assert not [element for element in root.iter() if element.tag.endswith(("style", "metadata"))]


@pytest.mark.parametrize("alt", ["", "  "])
def test_a_figure_without_alternative_text_is_refused(alt: str) -> None:
    with pytest.raises(ValueError, match="alternative text"):
        figures.svg(drawn(), alt)


def test_two_equal_figures_on_one_page_share_no_id_and_every_reference_leads_home() -> None:
    drawings = [figures.svg(drawn(), "Curves.") for _ in range(2)]
    ids = [re.findall(r'\bid="([^"]+)"', drawing) for drawing in drawings]
    assert not set(ids[0]) & set(ids[1])
    for drawing, own in zip(drawings, ids, strict=True):
        assert len(own) == len(set(own))
        references = re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', drawing)
        assert references
        assert {a or b for a, b in references} <= set(own)


def test_show_displays_once_and_leaves_no_figure_open() -> None:
    InteractiveShell.instance()
    _, ax = pyplot.subplots()
    with capture_output() as captured:
        figures.show(ax, alt="An empty frame.")
    assert pyplot.get_fignums() == []
    (output,) = captured.outputs
    assert set(output.data) == {"text/html", "text/plain"}
    assert output.data["text/plain"] == "An empty frame."
    assert captured.stderr == ""


def test_where_nobody_looks_a_figure_is_told_in_words_and_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "in_words", True)
    with capture_output() as captured:
        figures.show_curves(LearningCurves([[2.0, 1.0]], [[2.0, 1.5]]))
    (output,) = captured.outputs
    assert list(output.data) == ["text/plain"]
    assert "validation loss is lowest, 1.5, at epoch 2" in output.data["text/plain"]
    with pytest.raises(ValueError, match="alternative text"):
        figures.show(pyplot.figure(), alt=" ")
    assert pyplot.get_fignums() == []


def test_a_figure_that_cannot_be_drawn_is_closed_all_the_same() -> None:
    figure, _ = pyplot.subplots()
    with pytest.raises(ValueError, match="alternative text"):
        figures.show(figure, alt="")
    assert pyplot.get_fignums() == []


def test_the_legend_covers_no_curve() -> None:
    figure = drawn()
    FigureCanvasAgg(figure).draw()  # lays the figure out
    legend, axes = figure.legends[0].get_window_extent(), figure.axes[0].get_window_extent()
    assert not legend.overlaps(axes)
    assert legend.x1 <= figure.bbox.x1


def test_best_epoch_is_marked_where_the_validation_loss_is_lowest() -> None:
    ax = drawn().axes[0]
    (best,) = [line for line in ax.lines if line.get_label() == "best epoch"]
    expected = curves()
    assert best.get_xdata()[0] == expected.best_epoch[0]
    assert best.get_ydata()[0] == pytest.approx(expected.best_val_loss[0])


def test_several_runs_are_a_mean_and_a_band_from_lowest_to_highest() -> None:
    ax = drawn(runs=4).axes[0]
    assert len(ax.collections) == 3
    (validation,) = [line for line in ax.lines if line.get_label() == "validation"]
    runs = curves(4).val_loss
    np.testing.assert_allclose(validation.get_ydata(), runs.mean(axis=0))
    heights = ax.collections[2].get_paths()[0].vertices[:, 1]
    assert (heights.min(), heights.max()) == pytest.approx((runs.min(), runs.max()))


def test_a_loss_that_is_no_number_is_said() -> None:
    ax = Figure().subplots()
    figures.plot_curves(LearningCurves(np.full(5, np.nan), np.full(5, np.inf)), ax)
    assert [text.get_text() for text in ax.texts] == ["The loss is no number any more"]
    assert "ceases to be a number" in figures.describe(LearningCurves([1.0, np.nan], [1.0, np.nan]))


def test_a_loss_that_is_no_number_leaves_the_scale_of_the_other_one() -> None:
    failed, fine = LearningCurves(np.full(5, np.nan), np.full(5, np.nan)), curves()
    scale = figures.drawn_curves({"one": fine}).axes[0].get_yticks()
    for pair in ({"one": fine, "other": failed}, {"one": failed, "other": fine}):
        left, _ = figures.drawn_curves(pair).axes
        np.testing.assert_allclose(left.get_yticks(), scale)
    assert not figures.drawn_curves({"": failed}).axes[0].get_yticks().size


def test_a_limit_beyond_which_all_losses_lie_is_left_out() -> None:
    high = LearningCurves([36.0, 34.0], [35.5, 33.5])
    free = figures.drawn_curves({"": high}).axes[0].get_ylim()
    assert figures.drawn_curves({"": high}, top=30).axes[0].get_ylim() == free
    assert figures.drawn_curves({"": high}, bottom=40).axes[0].get_ylim() == free
    assert figures.drawn_curves({"": high}, bottom=0, top=35).axes[0].get_ylim() == (0, 35)


def test_curves_are_told_in_numbers() -> None:
    told = figures.describe(LearningCurves([3.0, 2.0], [2.5, 2.25], [2.75, 1.75]), "raw")
    assert told.startswith("raw: learning curves over 2 epochs.")
    for number in ("2 as logged", "1.75 at inference", "validation loss 2.25", "2.25, at epoch 2"):
        assert number in told


def test_what_is_averaged_over_the_last_tenth_is_said_to_be() -> None:
    falling = np.linspace(2, 1, 20)
    told = figures.describe(LearningCurves(falling, falling + 1))
    assert "Averaged over the last tenth, training loss is 1.03 as logged and validation loss 2.03" in told
    assert "lowest, 2, at epoch 20" in told
    assert "ends at" not in told


MASKS = np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 0]], bool)


def test_network_shows_each_mask_by_hollow_crossed_units_without_lines() -> None:
    root = ElementTree.fromstring(network_picture.network_svg(MASKS, inputs=2, next_units=5))
    space = "{http://www.w3.org/2000/svg}"
    frames = root.findall(f"{space}g")
    assert len(frames) == len(MASKS)
    for frame, mask in zip(frames, MASKS, strict=True):
        circles = frame.findall(f"{space}circle")
        assert [circle.attrib["fill"] == "none" for circle in circles].count(True) == (~mask).sum()
        assert len(frame.findall(f"{space}path")) == (~mask).sum()
        assert len(frame.findall(f"{space}line")) == mask.sum() * 5


def test_network_stands_still_where_motion_is_unwelcome_and_says_what_it_shows() -> None:
    drawing = network_picture.network_svg(MASKS)
    root = ElementTree.fromstring(drawing)
    assert "prefers-reduced-motion: reduce" in drawing
    assert "animation-play-state: paused" in drawing
    assert root.attrib["role"] == "img"
    assert "drop 2, 2, 1 units" in root.attrib["aria-label"]
    assert "#000" not in drawing
