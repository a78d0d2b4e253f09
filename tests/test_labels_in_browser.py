"""The labels of all labs on a page, in a language that is longer than English and has wider signs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

from tests.browser import notebook_of, run_cell  # noqa: E402

LABS = ("DropoutLab()", "BatchNormLab()", "PlacementLab()", "MaskView()")
CELLS = ["from dropnorm.lab import *\nfrom dropnorm.language import use\nuse('qps')", *LABS]
WIDTHS = {"phone": 360, "desk": 1280}
LABELLED = 23  # controls of all labs, those that are folded away among them
CUT = "labels => labels.filter(each => each.scrollWidth > each.clientWidth).map(each => each.innerText)"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """A notebook with all labs, whatever is folded away in them opened."""
    with notebook_of(CELLS, tmp_path_factory) as page:
        for index in range(len(CELLS)):
            run_cell(page, index)
        page.locator(".dropnorm-more").click()
        page.locator(".dropnorm-width").wait_for(state="visible")  # it is the kernel that unfolds them
        page.locator(".dropnorm-mask-view .dropnorm-picture svg").wait_for(state="attached")
        yield page


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
def test_no_label_is_cut(page: sync_api.Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 6000})  # JupyterLab takes cells out of view off the page
    labels = page.locator(".dropnorm-live label.widget-label:visible")
    sync_api.expect(labels).to_have_count(LABELLED)
    assert labels.evaluate_all(CUT) == []
