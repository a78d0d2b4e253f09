"""MaskView, BatchNormLab and LiveCurves on a page: keys, buttons, playing, both themes, a reload."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

from tests.browser import (  # noqa: E402
    NOTEBOOK,
    assert_colours_follow,
    choose_theme,
    command,
    keep_picture,
    notebook_of,
    run_cell,
    until_ready,
)

CELLS = [
    "from dropnorm.lab import BatchNormLab, MaskView\nMaskView()",
    "BatchNormLab()",
    """from dropnorm import quiet
quiet.start()
import keras, numpy as np
from dropnorm.lab import LiveCurves, live_curves

live_curves.PAUSE = 0  # each epoch is drawn, however soon it follows
asks = keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs=None: epoch == 2 and input())
model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
model.compile("sgd", "mae")
X, y = np.random.default_rng(0).normal(size=(64, 2)), np.ones(64)
training = dict(epochs=4, verbose=0, validation_split=0.25, callbacks=[LiveCurves(), asks])""",
    "model.fit(X, y, **training);",
]
MASK_VIEW, BATCH_NORM = ".dropnorm-mask-view", ".dropnorm-batch-norm-lab"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """A notebook whose two views are open."""
    with notebook_of(CELLS, tmp_path_factory) as page:
        run_cell(page, 0)
        run_cell(page, 1)
        page.wait_for_selector(f"{BATCH_NORM} .dropnorm-picture .histogram")
        yield page


def until_reading(page: sync_api.Page, view: str, words: str) -> None:
    """Wait until a view's reading has these words."""
    page.wait_for_function(
        "([view, words]) => document.querySelector(`${view} .dropnorm-reading`).innerText.includes(words)",
        arg=[view, words],
    )


def drawn_after(page: sync_api.Page, view: str, before: str) -> str:
    """Wait until a view's drawing is another one than before; it comes after the reading."""
    page.wait_for_function(
        "([view, before]) => document.querySelector(`${view} .dropnorm-picture`).innerHTML !== before",
        arg=[view, before],
    )
    return page.locator(f"{view} .dropnorm-picture").inner_html()


def play_until(page: sync_api.Page, view: str, words: str) -> None:
    """Let a view play until its reading has these words, and pause it."""
    play = page.locator(f"{view} .dropnorm-play")
    play.click()
    until_reading(page, view, words)
    play.click()
    page.wait_for_function(f"document.querySelector('{view} .dropnorm-reading [aria-live=polite]')")


def until_hint(page: sync_api.Page, view: str, state: str) -> None:
    """Wait until the hint below a view is ``visible`` or ``hidden``."""
    output = page.locator(".jp-OutputArea-child", has=page.locator(view))
    output.locator("+ .jp-OutputArea-child .dropnorm-hint").wait_for(state=state)


def until_epoch(page: sync_api.Page, epoch: int) -> None:
    """Wait until the live curves' line tells of this epoch.

    By `has_text`, not `inner_text`: the browser gives none for a cell out of view that it does not draw just then.
    """
    page.locator(".dropnorm-live-curves .dropnorm-progress", has_text=f"epoch {epoch} of 4").wait_for()


def heights(page: sync_api.Page) -> list[float]:
    """How high the outputs are: what a living view shows, and the hint below it."""
    return page.evaluate(
        "[...document.querySelectorAll('.jp-OutputArea-child')].map(each => each.getBoundingClientRect().height)"
    )


def crosses(page: sync_api.Page) -> sync_api.LocatorAssertions:
    """What is expected of the crosses in the drawing, and waited for: it comes after the reading."""
    return sync_api.expect(page.locator(f"{MASK_VIEW} .dropnorm-picture path.cross"))


def test_a_mask_views_slider_drops_more_and_fewer_units(page: sync_api.Page) -> None:
    handle = page.locator(f"{MASK_VIEW} .dropnorm-rate .noUi-handle")
    handle.press("End")
    until_reading(page, MASK_VIEW, "at rate 0.9")
    crosses(page).not_to_have_count(0)
    handle.press("Home")
    until_reading(page, MASK_VIEW, "at rate 0 ")
    crosses(page).to_have_count(0)
    field = page.locator(f"{MASK_VIEW} .dropnorm-rate-field input")
    field.fill("0.5")
    field.press("Enter")
    until_reading(page, MASK_VIEW, "at rate 0.5")


def test_a_mask_views_buttons_are_pressed_by_key(page: sync_api.Page) -> None:
    page.locator(f"{MASK_VIEW} .dropnorm-next-row").press("Enter")
    until_reading(page, MASK_VIEW, "row 2 of 4")
    page.locator(f"{MASK_VIEW} .dropnorm-next-step").press("Space")
    until_reading(page, MASK_VIEW, "step 2")
    page.locator(f"{MASK_VIEW} .dropnorm-mode button", has_text="inference").press("Enter")
    until_reading(page, MASK_VIEW, "no unit is dropped and nothing is rescaled")
    crosses(page).to_have_count(0)
    page.locator(f"{MASK_VIEW} .dropnorm-mode button", has_text="training").press("Enter")
    until_reading(page, MASK_VIEW, "Training mode, row 2 of 4, step 2")


def test_a_mask_view_plays_and_pauses(page: sync_api.Page) -> None:
    play_until(page, MASK_VIEW, "step 4")
    reading = page.locator(f"{MASK_VIEW} .dropnorm-reading").inner_text()
    run_cell(page, 2)  # TensorFlow is imported: longer than a step
    assert page.locator(f"{MASK_VIEW} .dropnorm-reading").inner_text() == reading


@pytest.mark.parametrize("name, reads", [("gamma", "γ = 2"), ("beta", "β = 2"), ("batch-size", "512 activations")])
def test_a_slider_of_the_batch_norm_lab_moves_its_histograms(page: sync_api.Page, name: str, reads: str) -> None:
    before = page.locator(f"{BATCH_NORM} .dropnorm-picture").inner_html()
    page.locator(f"{BATCH_NORM} .dropnorm-{name} .noUi-handle").press("End")
    until_reading(page, BATCH_NORM, reads)
    drawn_after(page, BATCH_NORM, before)


def test_a_number_out_of_its_limits_is_answered_by_a_sentence(page: sync_api.Page) -> None:
    field = page.locator(f"{BATCH_NORM} .dropnorm-shift-field input")
    field.fill("9")
    field.press("Enter")
    until_reading(page, BATCH_NORM, "input shift: 9 is outside −4 to 4; 4 is used.")
    page.wait_for_function(f"document.querySelector('{BATCH_NORM} .dropnorm-shift-field input').value === '4'")


def test_numbers_that_the_slider_cannot_hold_are_kept_or_answered(page: sync_api.Page) -> None:
    for view, name, typed, told in (
        (MASK_VIEW, "rate", "0.333", "at rate 0.333"),
        (BATCH_NORM, "batch-size", "75", "75 activations"),
        (BATCH_NORM, "batch-size", "20.5", "batch size: 20.5 is not a whole number; 20 is used."),
    ):
        field = page.locator(f"{view} .dropnorm-{name}-field input")
        field.press("ControlOrMeta+a")
        field.press_sequentially(typed)
        field.press("Enter")
        until_reading(page, view, told)
        page.wait_for_timeout(300)  # the slider could still send the step next to it
        assert told in page.locator(f"{view} .dropnorm-reading").inner_text()


def test_no_title_says_null(page: sync_api.Page) -> None:
    titles = page.locator(".dropnorm-live [title]").evaluate_all("all => all.map(each => each.title)")
    assert "dropout rate" in titles and "null" not in titles


def test_the_moving_averages_grow_while_batches_are_played_and_start_anew(page: sync_api.Page) -> None:
    play_until(page, BATCH_NORM, "after 5 batches")
    sync_api.expect(page.locator(f"{BATCH_NORM} path.moving-mean")).to_have_attribute("d", re.compile("(?:L[^L]*){5}"))
    page.locator(f"{BATCH_NORM} .dropnorm-reset").click()
    until_reading(page, BATCH_NORM, "after 0 batches")


def test_vehicles_their_colours_and_a_slider_are_chosen_by_key_and_drawn(page: sync_api.Page) -> None:
    make_up, red = (page.locator(f"{BATCH_NORM} {part}") for part in (".dropnorm-make-up", ".histogram path.red"))
    page.locator(f"{BATCH_NORM} .dropnorm-batch-size .noUi-handle").press("End")
    until_reading(page, BATCH_NORM, "512 activations, ")
    sync_api.expect(red).to_have_count(0)
    sync_api.expect(make_up.locator("button:disabled")).to_have_count(4)
    page.locator(f"{BATCH_NORM} .dropnorm-activations button", has_text="vehicles").press("Enter")
    until_reading(page, BATCH_NORM, "for pictures of 256 blue and 256 red cars")
    sync_api.expect(red).to_have_count(3)  # an outline in each of the three histograms
    sync_api.expect(make_up.locator("button:enabled")).to_have_count(4)
    drawing = page.locator(f"{BATCH_NORM} .dropnorm-picture").inner_html()
    page.keyboard.press("Tab")  # from the kind of activations to the colours
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    until_reading(page, BATCH_NORM, "for pictures of 512 blue cars")
    until_reading(page, BATCH_NORM, "where the same cars in red make a batch of their own: pulled together")
    drawing = drawn_after(page, BATCH_NORM, drawing)
    page.locator(f"{BATCH_NORM} .dropnorm-shift .noUi-handle").press("Home")
    drawn_after(page, BATCH_NORM, drawing)
    page.locator(BATCH_NORM).scroll_into_view_if_needed()
    keep_picture(page, "batch-norm-vehicles")
    page.locator(f"{BATCH_NORM} .dropnorm-activations button", has_text="drawn").press("Enter")
    until_reading(page, BATCH_NORM, "512 activations, ")
    sync_api.expect(red).to_have_count(0)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_both_views_in_both_themes(page: sync_api.Page, theme: str) -> None:
    choose_theme(page, theme)
    for view in (MASK_VIEW, BATCH_NORM):
        page.locator(view).scroll_into_view_if_needed()
        colours = page.evaluate(
            "view => [getComputedStyle(document.querySelector(`${view} .dropnorm-picture svg`)).color,"
            " getComputedStyle(document.querySelector(`${view} .dropnorm-reading div`)).color]",
            view,
        )
        assert_colours_follow(theme, colours)
        keep_picture(page, f"{view[10:]}-{theme.lower()}")


def test_live_curves_grow_while_fit_runs_and_stay_in_the_saved_page(page: sync_api.Page) -> None:
    page.evaluate(f"{NOTEBOOK}.activeCellIndex = 3")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell'); 0")
    asked = page.locator(".jp-Stdin-input")
    asked.wait_for()  # fit waits here, after two epochs
    until_epoch(page, 2)  # the question may overtake the drawing: they come on two channels
    line = page.locator(".dropnorm-live-curves path.shown.val_loss")
    sync_api.expect(line).to_have_attribute("d", re.compile("^[^ML]*(?:[ML][^ML]*){2}$"))
    place = page.locator(".dropnorm-live-curves").bounding_box()
    asked.press("Enter")
    until_epoch(page, 4)
    sync_api.expect(line).to_have_attribute("d", re.compile("^[^ML]*(?:[ML][^ML]*){4}$"))
    assert page.locator(".dropnorm-live-curves").bounding_box()["height"] == place["height"]
    command(page, "docmanager:save")
    page.reload()
    until_ready(page)
    line.wait_for()
    until_epoch(page, 4)
    line.scroll_into_view_if_needed()
    keep_picture(page, "live-curves")


def test_a_view_says_when_its_kernel_is_gone_and_only_then(page: sync_api.Page) -> None:
    session = "window.jupyterapp.shell.currentWidget.sessionContext"
    for end in ("restartKernel", "shutdown"):
        for cell, view in enumerate((MASK_VIEW, BATCH_NORM)):
            run_cell(page, cell)
            page.wait_for_selector(f"{view} .dropnorm-picture svg")
        page.wait_for_timeout(4000)  # longer than the hint waits
        for view in (MASK_VIEW, BATCH_NORM):
            until_hint(page, view, "hidden")
        assert [height > 0 for height in heights(page)[:4]] == [True, False] * 2  # a living view has no gap below it
        page.evaluate(f"{session}.{end}().then(() => 0)")
        for view in (MASK_VIEW, BATCH_NORM):
            until_hint(page, view, "visible")
    command(page, "docmanager:save")
    page.reload()  # a new kernel is started: it does not know the widgets
    until_ready(page)
    page.get_by_text("model not found").first.wait_for()
    hint = page.locator(".dropnorm-hint")
    hint.first.wait_for()
    sync_api.expect(hint).to_have_count(2)
    keep_picture(page, "views-without-kernel")
    run_cell(page, 0)
    until_hint(page, MASK_VIEW, "hidden")
    assert hint.nth(1).is_visible()
