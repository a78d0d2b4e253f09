"""The views in the cells of a page: shown twice, run again, changed to another, and read when their kernel is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import nbformat
import pytest
from matplotlib import pyplot

from dropnorm.lab import front_end
from dropnorm.lab.batch_norm_lab import BatchNormLab
from dropnorm.lab.dropout_lab import DropoutLab
from dropnorm.lab.mask_view import MaskView
from tests.instant_pool import InstantPool
from tests.widget_tree import Page, elements, find, outputs_of, reading, shown_by


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


@pytest.fixture
def view() -> Iterator[MaskView]:
    view = MaskView()
    yield view
    view.close()


@pytest.fixture
def lab() -> Iterator[BatchNormLab]:
    lab = BatchNormLab()
    yield lab
    lab.close()


def test_a_mask_views_controls_are_shown_and_shown_again(view: MaskView, page: Page) -> None:
    kind = "application/vnd.jupyter.widget-view+json"
    first = shown_by(view)[kind]["model_id"]
    assert first == shown_by(view)[kind]["model_id"] == view.open().model_id


def test_a_batch_norm_labs_controls_are_shown_and_shown_again_with_their_present_picture(
    lab: BatchNormLab, page: Page
) -> None:
    kind = "application/vnd.jupyter.widget-view+json"
    first = shown_by(lab)[kind]["model_id"]
    shown = shown_by(lab)
    assert first == shown[kind]["model_id"] == lab.open().model_id
    assert shown["text/plain"] == reading(lab)
    root = ElementTree.fromstring(shown["text/html"])
    assert len(elements(root, "g", "histogram")) == 3
    assert root.attrib["aria-label"] == reading(lab)
    assert pyplot.get_fignums() == []


def test_where_its_kernel_is_gone_a_page_still_has_a_picture_and_words(view: MaskView, page: Page) -> None:
    shown, hint = outputs_of(view)
    assert set(shown) == {"application/vnd.jupyter.widget-view+json", "text/html", "text/plain"}
    assert (shown["text/html"], shown["text/plain"]) == view.static()
    assert front_end.LIVE in view.open()._dom_classes  # else the hint would be seen beside a living view
    assert front_end.NO_KERNEL in hint["text/html"]
    outputs = [nbformat.v4.new_output("display_data", data) for data in (shown, hint)]
    cell = nbformat.v4.new_code_cell("MaskView()", outputs=outputs)
    notebook = nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", "--stdin", "--stdout"]
    converted = subprocess.run(convert, input=notebook, capture_output=True, text=True, check=True).stdout
    assert 'class="panel"' in converted
    assert "VBox" not in converted


def test_a_cell_that_is_run_again_unchanged_goes_on_where_its_mask_views_stood(page: Page) -> None:
    first, second = page.run("cell", MaskView(), MaskView())
    find(first.open(), "dropnorm-rate-field").value = 0.333
    find(first.open(), "dropnorm-next-row").click()
    find(first.open(), "dropnorm-next-step").click()
    find(second.open(), "dropnorm-mode").value = False
    told = [reading(view) for view in (first, second)]
    boxes = [view.open() for view in (first, second)]
    again = page.run("cell", MaskView(), MaskView())
    assert [reading(view) for view in again] == told
    assert all(box.comm is None for box in boxes)  # closed: what the cell showed before is gone
    (elsewhere,) = page.run("another cell", MaskView())
    assert "row 1 of 4, step 1: at rate 0.5" in reading(elsewhere)
    changed = page.run("cell", MaskView(0.2), MaskView())
    assert "row 1 of 4, step 1: at rate 0.2" in reading(changed[0])
    assert reading(changed[1]) == told[1]
    for view in (*changed, elsewhere):
        view.close()


def test_a_cell_that_is_run_again_unchanged_goes_on_where_its_batch_norm_lab_stood(page: Page) -> None:
    (lab,) = page.run("cell", BatchNormLab(momentum=0.9))
    for name, value in (("scale", 0.7), ("shift", -1.3), ("batch-size", 104), ("gamma", 0.4), ("beta", -0.9)):
        find(lab.open(), f"dropnorm-{name}").value = value
    find(lab.open(), "dropnorm-next-batch").click()
    told = reading(lab)
    (again,) = page.run("cell", BatchNormLab(momentum=0.9))
    assert reading(again) == told
    find(again.open(), "dropnorm-reset").click()
    (changed,) = page.run("cell", BatchNormLab())
    assert reading(changed).startswith("64 activations")
    assert len(lab.normalization.history) == 1  # the first one's state is its own
    changed.close()


def test_a_cell_that_is_changed_to_show_another_view_closes_the_one_before(page: Page, instant: InstantPool) -> None:
    (view,) = page.run("cell", MaskView())
    box = view.open()
    (lab,) = page.run("cell", DropoutLab(0.3))
    assert box.comm is None
    (again,) = page.run("cell", MaskView())
    assert lab.controls is None
    again.close()
