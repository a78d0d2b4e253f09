"""DropoutLab on a page: keys, mouse, presets, a live training, a reload, two labs, a restarted kernel."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

from tests.browser import (  # noqa: E402
    NOTEBOOK,
    choose_theme,
    command,
    keep_picture,
    lab_of,
    run_cell,
    until_ready,
)

CELLS = ["from dropnorm.lab import DropoutLab", "DropoutLab(0.3, width=32)", "DropoutLab(0.6, width=32)", "input()"]
HANDLE, READING, CURVES = ".dropnorm-rate .noUi-handle", ".dropnorm-reading", ".dropnorm-curves"
LINE = f"{CURVES} path.shown.val_loss"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """A notebook with two labs; the first cell that shows one has been run."""
    with lab_of(CELLS, tmp_path_factory, LINE) as page:
        yield page


def line(page: sync_api.Page) -> str:
    """The validation curve as it is drawn."""
    return page.locator(LINE).first.get_attribute("d")


CODE = "document.querySelector('.dropnorm-code input').value"


def until_rate(page: sync_api.Page, rate: float) -> None:
    """Wait until the code line names that rate, and its curves are there."""
    try:
        page.wait_for_function(
            f"/DropoutLab\\(rate={float(rate)!r}[,)]/.test({CODE})"
            f" && !document.querySelector('{READING}').innerText.includes('computing')"
        )
    except sync_api.TimeoutError:
        raise AssertionError(f"{page.evaluate(CODE)}: {page.locator(READING).inner_text()}") from None


def test_a_lab_that_was_just_opened_answers_while_another_cell_runs(page: sync_api.Page) -> None:
    page.evaluate(f"{NOTEBOOK}.activeCellIndex = 3")
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell'); 0")
    asked = page.locator(".jp-Stdin-input")
    asked.wait_for()  # the kernel waits for an answer: the cell runs
    page.locator(HANDLE).press("ArrowRight")
    until_rate(page, 0.35)
    page.locator(HANDLE).press("ArrowLeft")
    until_rate(page, 0.3)
    asked.press("Enter")
    page.wait_for_selector('[data-status="idle"]')


def test_arrow_keys_move_the_curves_and_leave_a_ghost(page: sync_api.Page) -> None:
    until_rate(page, 0.3)
    before = line(page)
    page.locator(HANDLE).focus()
    page.keyboard.press("ArrowRight")
    until_rate(page, 0.35)
    sync_api.expect(page.locator(HANDLE)).to_have_attribute("aria-valuetext", "0.35")
    sync_api.expect(page.locator(f"{CURVES} path.ghost")).to_have_count(2)
    assert line(page) != before
    page.keyboard.press("End")
    until_rate(page, 0.9)
    page.keyboard.press("Home")
    until_rate(page, 0)


def test_the_mouse_drags_the_handle(page: sync_api.Page) -> None:
    handle = page.locator(HANDLE).bounding_box()
    track = page.locator(".dropnorm-rate .noUi-base").bounding_box()
    page.mouse.move(handle["x"] + handle["width"] / 2, handle["y"] + handle["height"] / 2)
    page.mouse.down()
    page.mouse.move(track["x"] + track["width"] / 2, handle["y"] + handle["height"] / 2, steps=8)
    page.mouse.up()
    until_rate(page, 0.45)


def test_a_rate_typed_out_of_range_is_answered_by_a_sentence(page: sync_api.Page) -> None:
    field = page.locator(".dropnorm-rate-field input")
    field.fill("30")
    field.press("Enter")
    until_rate(page, 0.9)
    page.wait_for_function(f"document.querySelector('{READING}').innerText.includes('0.9 is the nearest to 30')")


def test_every_choice_is_made_by_keyboard(page: sync_api.Page) -> None:
    page.locator(".dropnorm-bn button", has_text="first").press("Space")
    page.wait_for_function(f"{CODE}.includes(\"batch_norm='first'\")")
    page.locator(".dropnorm-bn button", has_text="off").press("Enter")
    page.wait_for_function(f"!{CODE}.includes('batch_norm')")
    assert not page.locator(".dropnorm-width").is_visible()
    page.locator(".dropnorm-more button, button.dropnorm-more").first.press("Enter")
    page.locator(".dropnorm-width").wait_for(state="visible")  # a key for a hidden button would reach the one before
    page.locator(".dropnorm-width button", has_text="64").press("Enter")
    page.wait_for_function(f"{CODE}.includes('width=64')")
    page.locator(".dropnorm-width button", has_text="32").press("Enter")
    page.wait_for_function(f"{CODE}.includes('width=32')")
    page.locator(".dropnorm-more button, button.dropnorm-more").first.press("Enter")
    page.locator(".dropnorm-width").wait_for(state="hidden")


def test_nothing_jumps_while_the_curves_change(page: sync_api.Page) -> None:
    places = set()
    for key in ("Home", "ArrowRight", "ArrowRight", "End"):
        page.locator(HANDLE).press(key)
        places.add(str(page.locator(".dropnorm-train").bounding_box()["x"]))
        places.add(str(page.locator(CURVES).bounding_box()))
    assert len(places) == 2
    until_rate(page, 0.9)  # a slider's last move waits for the kernel, a button's click does not: it would overtake it


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_a_preset_shows_what_it_names_in_both_themes(page: sync_api.Page, theme: str) -> None:
    choose_theme(page, theme)
    page.locator(".dropnorm-preset button", has_text="training and inference disagree").press("Enter")
    until_rate(page, 0.5)
    page.wait_for_function(f"document.querySelector('{READING}').innerText.includes('disagree')")
    assert "inputs='raw'" in page.locator(".dropnorm-code input").input_value()
    keep_picture(page, f"lab-{theme.lower()}")


def test_a_live_training_follows_the_slider_and_stops(page: sync_api.Page) -> None:
    page.locator(".dropnorm-train").click()
    page.wait_for_function("document.querySelector('.dropnorm-source').innerText.startsWith('Live')")
    page.locator(HANDLE).press("ArrowRight")
    page.wait_for_function("document.querySelector('.dropnorm-source').innerText.includes('rate 0.55 from epoch')")
    keep_picture(page, "lab-live")
    page.locator(".dropnorm-stop").click()
    page.wait_for_selector(".dropnorm-stop[disabled]")
    reached = line(page)
    page.wait_for_function(f"document.querySelector('{READING}').innerText.includes('Stopped.')")
    sync_api.expect(page.locator(f"{CURVES} g.change")).to_have_count(1)
    run_cell(page, 0)  # the kernel has answered a whole cell since: the curve has not grown
    assert line(page) == reached


def test_a_cell_that_is_run_again_keeps_its_state(page: sync_api.Page) -> None:
    code = page.locator(".dropnorm-code input").input_value()
    run_cell(page, 1)
    page.wait_for_selector(LINE)
    assert page.locator(".dropnorm-code input").input_value() == code


def test_a_second_lab_goes_its_own_way(page: sync_api.Page) -> None:
    first = page.locator(".dropnorm-code input").first.input_value()
    run_cell(page, 2)
    page.locator(HANDLE).nth(1).wait_for()
    page.locator(HANDLE).nth(1).press("Home")
    second = "document.querySelectorAll('.dropnorm-code input')[1].value"
    page.wait_for_function(f"{second}.startsWith('DropoutLab(rate=0.0')")
    assert page.locator(".dropnorm-code input").first.input_value() == first


def test_a_reloaded_page_has_the_state_back(page: sync_api.Page) -> None:
    command(page, "docmanager:save")
    code = page.locator(".dropnorm-code input").first.input_value()
    page.reload()
    until_ready(page)
    page.locator(HANDLE).first.wait_for()
    assert page.locator(".dropnorm-code input").first.input_value() == code
    page.locator(HANDLE).first.press("End")
    until_rate(page, 0.9)


def test_a_lab_whose_kernel_was_restarted_does_not_look_alive(page: sync_api.Page) -> None:
    page.evaluate(f"{NOTEBOOK}; window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    hint = page.locator(".dropnorm-hint").first
    hint.wait_for(state="visible")
    sync_api.expect(hint).to_contain_text("run the cell")
    keep_picture(page, "lab-restarted")
