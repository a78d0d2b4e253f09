"""PlacementLab on a page: mouse and keys, what stays put, both themes, a cell that runs again, a reload."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

from tests.browser import (  # noqa: E402
    assert_colours_follow,
    choose_theme,
    command,
    keep_picture,
    lab_of,
    run_cell,
    until_ready,
)

# Small networks, so that curves come soon: what the page does with them is the same.
CELLS = [
    """from dropnorm.lab import PlacementLab, placement_setting
placement_setting.WIDTH = 16
placement_setting.EPOCHS = 40""",
    "PlacementLab()",
]
LAB = ".dropnorm-placement-lab"
READING, LAYERS = f"{LAB} .dropnorm-reading", f"{LAB} .dropnorm-layers"
LINE = f"{LAB} .dropnorm-curves path.shown.val_loss"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """A notebook whose lab is open."""
    with lab_of(CELLS, tmp_path_factory, LINE) as page:
        yield page


def code(page: sync_api.Page) -> str:
    return page.locator(f"{LAB} .dropnorm-code input").input_value()


def until(page: sync_api.Page, state: str) -> None:
    """Wait until the curves of a state are there; what is said of them comes last."""
    page.wait_for_function(
        "([lab, start]) => document.querySelector(`${lab} .dropnorm-source`).innerText.startsWith(start)",
        arg=[LAB, f"Swept: {state}; "],
    )


def titles(page: sync_api.Page) -> list[str]:
    """What stands above the panels of the layers."""
    return page.locator(f"{LAYERS} text.title").all_text_contents()


def choose(page: sync_api.Page, label: str) -> sync_api.Locator:
    """The button of an order, by its name."""
    return page.locator(f'{LAB} .dropnorm-order button[title="order in a block: {label}"]')


def test_the_mouse_chooses_an_order_whose_curves_and_layers_come(page: sync_api.Page) -> None:
    before = page.locator(LINE).get_attribute("d")
    assert "BatchNormalization 1" in titles(page)
    choose(page, "Dense → relu → Dropout").click()
    until(page, "Dense → relu → Dropout")
    assert code(page) == "PlacementLab(order='dropout')"
    sync_api.expect(page.locator(f"{LAB} .dropnorm-curves path.ghost")).to_have_count(2)
    assert page.locator(LINE).get_attribute("d") != before
    sync_api.expect(page.locator(f"{LAYERS} text.title", has_text="Dropout 3")).to_have_count(1)
    assert "BatchNormalization 1" not in titles(page)


def test_every_choice_is_made_by_keyboard(page: sync_api.Page) -> None:
    choose(page, "Dense → relu → Dropout → BN").press("Enter")
    until(page, "Dense → relu → Dropout → BN")
    sync_api.expect(page.locator(READING)).to_contain_text("times the variance that they have kept from training")
    page.locator(f"{LAYERS} path.training").nth(5).wait_for(state="attached")  # Dropout and BN of three blocks
    page.keyboard.press("Shift+Tab")  # the button before it
    page.keyboard.press("Space")
    state = "Dense → relu → BN → Dropout"
    until(page, state)
    for name, label, words in (
        ("bias", "off", "no bias"),
        ("input-dropout", "0.3", "0.3 of the inputs dropped"),
        ("inputs", "raw", "raw inputs"),
    ):
        page.locator(f"{LAB} .dropnorm-{name} button", has_text=label).press("Enter")
        state += f", {words}"
        until(page, state)
    told = "order='batch norm, then dropout', bias=False, input_dropout=0.3, inputs='raw'"
    assert code(page) == f"PlacementLab({told})"
    sync_api.expect(page.locator(f"{LAYERS} text.title", has_text="inputs, dropped")).to_have_count(1)
    sync_api.expect(page.locator(f"{READING} [role=status][aria-live=polite]")).to_have_count(1)
    for name, label in (("bias", "on"), ("input-dropout", "off"), ("inputs", "standardised")):
        page.locator(f"{LAB} .dropnorm-{name} button", has_text=label).press("Space")
    until(page, "Dense → relu → BN → Dropout")


def test_nothing_jumps_while_orders_change(page: sync_api.Page) -> None:
    places = set()
    for label in ("Dense → relu", "Dense → relu → Dropout → BN", "Dense → BN → relu"):
        choose(page, label).press("Enter")
        for moment in ("soon", "late"):
            places.add(str([page.locator(f"{LAB} .dropnorm-{each}").bounding_box() for each in ("curves", "layers")]))
            if moment == "soon":
                until(page, label)
    assert len(places) == 1


def test_every_button_says_what_it_is_of(page: sync_api.Page) -> None:
    names = page.locator(f"{LAB} button").evaluate_all("all => all.map(each => each.title)")
    assert "order in a block: Dense → BN → relu" in names and "bias: off" in names and "inputs: raw" in names
    told = page.locator(f"{LAB} [title]").evaluate_all("all => all.map(each => each.title)")
    assert "null" not in told


@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_words_and_pictures_follow_both_themes(page: sync_api.Page, theme: str) -> None:
    choose_theme(page, theme)
    colours = page.evaluate(
        "lab => ['.dropnorm-layers svg', '.dropnorm-curves svg', '.dropnorm-reading div'].map("
        "each => getComputedStyle(document.querySelector(`${lab} ${each}`)).color)",
        LAB,
    )
    assert_colours_follow(theme, colours)
    keep_picture(page, f"placement-lab-{theme.lower()}")


def test_a_cell_that_is_run_again_and_a_reloaded_page_keep_the_state(page: sync_api.Page) -> None:
    choose(page, "Dense → relu → BN").press("Enter")
    until(page, "Dense → relu → BN")
    run_cell(page, 1)
    page.wait_for_selector(LINE)
    assert code(page) == "PlacementLab(order='after')"
    command(page, "docmanager:save")
    page.reload()
    until_ready(page)
    page.locator(LINE).wait_for()
    assert code(page) == "PlacementLab(order='after')"
    choose(page, "Dense → relu").press("Enter")
    until(page, "Dense → relu")
