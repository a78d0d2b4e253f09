"""A walk through the course in a real browser: exercise with *check*, Validate, formgrader.

The lesson is read as far as its section 3. `make walkthrough` reads all of it and keeps a picture of every figure and
every step in the folder that WALKTHROUGH_PICTURES names: people look at those, the tests look at the page.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropnorm.places import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

from tests.browser import (  # noqa: E402
    MINUTES,
    NO_BROWSER,
    NOTEBOOK,
    PAGE,
    chromium,
    command,
    jupyter_lab,
    open_notebook,
    running_browser,
)

ANSWER = """model = keras.Sequential([
    layers.Dense(128, activation="relu"),
    layers.Dropout(0.7),
    layers.Dense(64, activation="relu"),
    layers.Dropout(0.7),
    layers.Dense(1),
])"""
PICTURES = os.environ.get("WALKTHROUGH_PICTURES")
pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    if chromium() is None:
        pytest.skip(NO_BROWSER)
    with running_browser() as running:
        yield running


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed, with a learner's copy of the notebooks."""
    folder = tmp_path_factory.mktemp("walk") / "course"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for name in ("notebooks", "exercises"):
        shutil.copytree(folder / name, folder / "my-course" / name)
    return folder


def variables(clone: Path) -> dict[str, str]:
    """The clone's own packages, and data that are everywhere the same."""
    return {"PYTHONPATH": str(clone), "DROPNORM_SOURCE": "stand-in"}


@pytest.fixture(scope="module")
def lab(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab at the clone's root; its address."""
    with jupyter_lab(clone, tmp_path_factory.mktemp("jupyterlab"), **variables(clone)) as address:
        yield address


def keep(page: sync_api.Page, name: str) -> None:
    """Save a picture of the page where pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


HAS_FIGURE = (
    NOTEBOOK
    + ".widgets[{index}].model.outputs.toJSON().some(part => (part.data?.['text/html'] || '').includes('role=\"img\"'))"
)


def find(page: sync_api.Page, text: str, after: int = 0) -> int:
    """The index of the first cell, at or after a given one, whose source holds a text; the cell becomes active."""
    sources = page.evaluate(f"{NOTEBOOK}.widgets.map(cell => cell.model.sharedModel.getSource())")
    index = next(number for number, source in enumerate(sources) if number >= after and text in source)
    page.evaluate(f"{NOTEBOOK}.activeCellIndex = {index}; {NOTEBOOK}.scrollToItem({index}, 'start')")
    return index


def output(page: sync_api.Page, index: int) -> str:
    """The text of a cell's outputs, standard error named."""
    outputs = page.evaluate(f"{NOTEBOOK}.widgets[{index}].model.outputs.toJSON()")
    texts = []
    for part in outputs:
        assert part.get("name") != "stderr", part["text"]
        assert part["output_type"] != "error", "\n".join(part["traceback"])
        text = part.get("text") or part.get("data", {}).get("text/plain", "")
        texts.append(text if isinstance(text, str) else "".join(text))
    return "\n".join(texts)


def type_into(page: sync_api.Page, index: int, code: str) -> None:
    """Replace a cell's source as a person does: enter it, select all, type."""
    page.locator(".jp-Notebook-cell.jp-mod-active .cm-content").click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    assert page.evaluate(f"{NOTEBOOK}.widgets[{index}].model.sharedModel.getSource()") == code


def test_a_learner_answers_wrongly_presses_check_and_reads_why(browser: sync_api.Browser, lab: str) -> None:
    page = open_notebook(browser, lab, "my-course/exercises/dropout_and_batchnorm/1_spotify_dropout.ipynb")
    page.wait_for_selector("body[data-jp-theme-light='true']", state="attached")  # not the theme of who runs this
    keep(page, "exercise-top")
    answer = find(page, "YOUR CODE HERE", after=find(page, 'q = question("spotify_model")'))
    command(page, "notebook:run-all-above")
    assert "without dropout" not in output(page, answer)
    find(page, "YOUR CODE HERE", after=answer)
    type_into(page, answer, ANSWER)
    check = find(page, "q.check()", after=answer)
    for index in range(answer, check + 1):
        page.evaluate(f"{NOTEBOOK}.activeCellIndex = {index}")
        command(page, "notebook:run-cell")
    said = output(page, check)
    find(page, "q.check()", after=answer)
    keep(page, "exercise-check")
    assert "70 %" in said and "dropped" in said
    assert "0.3" not in said
    page.close()


def test_validate_names_the_cells_that_are_not_done(browser: sync_api.Browser, lab: str) -> None:
    page = open_notebook(browser, lab, "my-course/exercises/dropout_and_batchnorm/2_concrete_batchnorm.ipynb")
    page.get_by_role("button", name="Validate").click()
    dialog = page.locator(".jp-Dialog")
    dialog.wait_for(timeout=8 * MINUTES)
    keep(page, "validate")
    said = dialog.inner_text()
    assert "failed" in said.lower()
    assert "concrete_structure" in said
    page.close()


# Of a figure on the page: its number of characters (matplotlib draws each) or lines of text, and the contrast
# (WCAG 2.2) of its ink with the page.
LEGIBILITY = """svg => {
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(each => each / 255)
            .map(each => each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => getComputedStyle(element).backgroundColor;
    let behind = svg;
    while (ground(behind) === 'rgba(0, 0, 0, 0)') behind = behind.parentElement;
    const page = ground(behind);
    const [low, high] = [light(getComputedStyle(svg).color), light(page)].sort((a, b) => a - b);
    return [svg.querySelectorAll('use, text').length, (high + 0.05) / (low + 0.05)];
}"""


def test_the_lesson_runs_and_its_figures_are_legible_in_both_themes(browser: sync_api.Browser, lab: str) -> None:
    page = open_notebook(browser, lab, "my-course/notebooks/01_dropout_and_batch_normalization.ipynb")
    end = find(page, "## Your turn" if PICTURES else "## 3. Dropout")
    command(page, "notebook:run-all-above")
    codes = [index for index in range(end) if page.evaluate(f"{NOTEBOOK}.widgets[{index}].model.type") == "code"]
    assert [
        index for index in codes if page.evaluate(f"{NOTEBOOK}.widgets[{index}].model.executionCount") is None
    ] == []
    for index in codes:
        output(page, index)  # fails on an error, and on anything on standard error
    figures = [index for index in codes if page.evaluate(HAS_FIGURE.format(index=index))]
    assert len(figures) >= (20 if PICTURES else 4)
    for theme in ("Light", "Dark"):
        page.evaluate(f"window.jupyterapp.commands.execute('apputils:change-theme', {{theme: 'JupyterLab {theme}'}})")
        page.wait_for_selector(f"body[data-jp-theme-light='{str(theme == 'Light').lower()}']", state="attached")
        for index in figures:
            page.evaluate(f"{NOTEBOOK}.activeCellIndex = {index}; {NOTEBOOK}.scrollToItem({index}, 'start')")
            figure = page.locator(".jp-Notebook-cell.jp-mod-active .jp-OutputArea svg[role=img]").first
            figure.scroll_into_view_if_needed()
            characters, contrast = figure.evaluate(LEGIBILITY)
            assert characters > 0 and contrast >= 7, (theme, index, contrast)
            keep(page, f"lesson-{theme.lower()}-{index:03d}")
    page.close()


def test_formgrader_grades_a_class_and_its_log_tells_how_far(browser: sync_api.Browser, lab: str, clone: Path) -> None:
    learners = ("ada", "ben")
    for learner in learners:
        submission = clone / "submitted" / learner / "dropout_and_batchnorm"
        shutil.copytree(clone / "exercises" / "dropout_and_batchnorm", submission)
    nbgrader = [sys.executable, "-m", "nbgrader", "generate_assignment", "dropout_and_batchnorm"]
    subprocess.run(nbgrader, cwd=clone, env=os.environ | variables(clone), check=True, capture_output=True)
    page = browser.new_page(viewport=PAGE)
    page.set_default_timeout(8 * MINUTES)
    page.goto(f"{lab}/formgrader/manage_submissions/dropout_and_batchnorm")
    page.get_by_text("ben").first.wait_for()
    keep(page, "formgrader-before")
    for number, learner in enumerate(learners):
        page.locator(".autograde a").nth(number).click()
        said = page.locator(".modal.in")
        said.get_by_text(f"Successfully autograded 'dropout_and_batchnorm' for student '{learner}'").wait_for()
        assert "Graded the submission; 2 trainings" in said.locator("pre").inner_text()
        keep(page, f"formgrader-graded-{learner}")
        said.get_by_role("button", name="OK").click()
        said.wait_for(state="detached")
    page.goto(f"{lab}/formgrader/gradebook/dropout_and_batchnorm")
    page.get_by_text("1_spotify_dropout").first.wait_for()
    keep(page, "formgrader-gradebook")
    page.close()
