"""A walk through the course in a real browser: exercise with *check*, Validate, formgrader.

The lesson is read as far as its section 3. `make walkthrough` reads all of it and keeps a picture of every figure and
every step in the folder that WALKTHROUGH_PICTURES names: people look at those, the tests look at the page.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropnorm.places import ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: run `make test` once")

ANSWER = """model = keras.Sequential([
    layers.Dense(128, activation="relu"),
    layers.Dropout(0.7),
    layers.Dense(64, activation="relu"),
    layers.Dropout(0.7),
    layers.Dense(1),
])"""
# JupyterLab prints this address when it is ready to answer.
READY = "/lab"
PICTURES = os.environ.get("WALKTHROUGH_PICTURES")
PAGE = {"width": 1280, "height": 1000}
CHROMIUM_ARGUMENTS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MINUTES = 60_000  # Playwright counts in milliseconds

pytestmark = pytest.mark.full


def chromium() -> str | None:
    """Path of a Chromium or Chrome of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    path = chromium()
    if path is None:
        pytest.skip(
            "NO BROWSER: the walk through JupyterLab was not tried. Install Chromium (Debian: apt install chromium)."
        )
    # Chromium's own sandbox does not start for root.
    arguments = CHROMIUM_ARGUMENTS + (["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=arguments)
        yield running
        running.close()


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of what is committed, with a learner's copy of the notebooks."""
    folder = tmp_path_factory.mktemp("walk") / "course"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(folder)], check=True)
    for name in ("notebooks", "exercises"):
        shutil.copytree(folder / name, folder / "my-course" / name)
    return folder


def environment(clone: Path) -> dict[str, str]:
    """The clone's own packages, the environment's commands, data and JupyterLab settings that are everywhere the same.

    JupyterLab writes what is changed in it (the theme, the open notebooks) into the settings of the person.
    """
    return os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(clone.parent / "jupyterlab-settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(clone.parent / "jupyterlab-workspaces"),
        "PYTHONPATH": str(clone),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DROPNORM_SOURCE": "stand-in",
    }


@pytest.fixture(scope="module")
def lab(clone: Path) -> Iterator[str]:
    """JupyterLab at the clone's root; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        f"--port={port}",
        "--expose-app-in-browser",
    ]
    settings = ["--IdentityProvider.token=", "--ServerApp.open_browser=False"]
    with subprocess.Popen(
        command + settings,
        cwd=clone,
        env=environment(clone),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        for line in server.stderr:
            if f":{port}{READY}" in line:
                break
        else:
            pytest.fail("JupyterLab ended before it was ready.")
        # Nobody reads on; without this the server would wait as soon as the pipe is full.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        while server.poll() is None and not answers(port):  # it names its address a moment before it answers there
            pass
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def answers(port: int) -> bool:
    """Whether somebody listens at a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def keep(page: sync_api.Page, name: str) -> None:
    """Save a picture of the page where pictures are wanted."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def open_notebook(browser: sync_api.Browser, lab: str, path: str) -> sync_api.Page:
    """A notebook in a page of its own, its kernel ready."""
    page = browser.new_page(viewport=PAGE)
    page.set_default_timeout(4 * MINUTES)
    page.goto(f"{lab}/doc/tree/{path}")
    page.wait_for_selector('[data-status="idle"]')
    page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab's offer of news, over the pictures
    return page


# The notebook that is open, by JupyterLab's own interface (`--expose-app-in-browser`).
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


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


def run(page: sync_api.Page, command: str) -> None:
    """Run cells by one of JupyterLab's commands, and wait until they are done."""
    page.evaluate(f"window.jupyterapp.commands.execute('{command}')")


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
    run(page, "notebook:run-all-above")
    assert "without dropout" not in output(page, answer)
    find(page, "YOUR CODE HERE", after=answer)
    type_into(page, answer, ANSWER)
    check = find(page, "q.check()", after=answer)
    for index in range(answer, check + 1):
        page.evaluate(f"{NOTEBOOK}.activeCellIndex = {index}")
        run(page, "notebook:run-cell")
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
    run(page, "notebook:run-all-above")
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


def test_formgrader_grades_a_submission(browser: sync_api.Browser, lab: str, clone: Path) -> None:
    submission = clone / "submitted" / "ada" / "dropout_and_batchnorm"
    shutil.copytree(clone / "exercises" / "dropout_and_batchnorm", submission)
    nbgrader = [sys.executable, "-m", "nbgrader", "generate_assignment", "dropout_and_batchnorm"]
    subprocess.run(nbgrader, cwd=clone, env=environment(clone), check=True, capture_output=True)
    page = browser.new_page(viewport=PAGE)
    page.set_default_timeout(8 * MINUTES)
    page.goto(f"{lab}/formgrader/manage_submissions/dropout_and_batchnorm")
    page.get_by_text("ada").first.wait_for()
    keep(page, "formgrader-before")
    page.locator(".autograde a").first.click()
    page.get_by_text("Successfully autograded").wait_for()
    keep(page, "formgrader-graded")
    page.goto(f"{lab}/formgrader/gradebook/dropout_and_batchnorm")
    page.get_by_text("1_spotify_dropout").first.wait_for()
    keep(page, "formgrader-gradebook")
    page.close()
