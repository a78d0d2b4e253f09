"""JupyterLab in a real browser, for tests and benchmarks that look at the page."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
import pytest
from playwright import sync_api

from dropnorm.places import ROOT

PAGE = {"width": 1280, "height": 1000}
ARGUMENTS = [
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PICTURES = os.environ.get("WALKTHROUGH_PICTURES")
MINUTES = 60_000  # Playwright counts in milliseconds
# As long as a page waits for anything: a lab's curves are computed at low priority, which takes minutes beside other
# tests on a slow machine.
PATIENCE = 8 * MINUTES
sync_api.expect.set_options(timeout=PATIENCE)
NO_BROWSER = "NO BROWSER: the page was not tried. Install Chromium (Debian: apt install chromium)."
# The notebook that is open, by JupyterLab's own interface (`--expose-app-in-browser`).
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


def chromium() -> str | None:
    """Path of a Chromium or Chrome of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@contextlib.contextmanager
def running_browser() -> Iterator[sync_api.Browser]:
    """A browser; there must be a `chromium`."""
    # Chromium's own sandbox does not start for root.
    arguments = ARGUMENTS + (["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else [])
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=arguments)
        yield browser
        browser.close()


@contextlib.contextmanager
def jupyter_lab(folder: Path, settings: Path, **variables: str) -> Iterator[str]:
    """JupyterLab at a folder, with this checkout's packages; yields its address.

    Args:
        folder: what it serves.
        settings: where it keeps a person's settings, such as the theme: not in the person's own folder.
        variables: of the environment, beside this process'.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    options = ["--expose-app-in-browser", "--IdentityProvider.token=", "--ServerApp.open_browser=False"]
    environment = {
        "PYTHONPATH": str(ROOT),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "JUPYTERLAB_SETTINGS_DIR": str(settings / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(settings / "workspaces"),
    }
    with subprocess.Popen(
        command + options,
        cwd=folder,
        env=os.environ | environment | variables,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        for line in server.stderr:
            if f":{port}/lab" in line:
                break
        else:
            raise RuntimeError("JupyterLab ended before it was ready.")
        # Nobody reads on; without this the server would wait as soon as the pipe is full.
        threading.Thread(target=server.stderr.read, daemon=True).start()
        while server.poll() is None and not _answers(port):  # it names its address a moment before it answers there
            pass
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def open_notebook(browser: sync_api.Browser, address: str, path: str) -> sync_api.Page:
    """A notebook in a page of its own, its kernel ready."""
    page = browser.new_page(viewport=PAGE)
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/doc/tree/{path}")
    until_ready(page)
    return page


@contextlib.contextmanager
def notebook_of(cells: Sequence[str], folders: pytest.TempPathFactory) -> Iterator[sync_api.Page]:
    """A new notebook with these cells, none of them run, on stand-ins; skips where there is no browser."""
    if chromium() is None:
        pytest.skip(NO_BROWSER)
    folder = folders.mktemp("notebook")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "cells.ipynb")
    settings = folders.mktemp("settings")
    with jupyter_lab(folder, settings, DROPNORM_SOURCE="stand-in") as address, running_browser() as browser:
        yield open_notebook(browser, address, "cells.ipynb")


@contextlib.contextmanager
def lab_of(cells: Sequence[str], folders: pytest.TempPathFactory, line: str) -> Iterator[sync_api.Page]:
    """Such a notebook whose first two cells have been run: the second shows a lab, and its curves are there."""
    with notebook_of(cells, folders) as page:
        run_cell(page, 0)
        run_cell(page, 1)
        page.wait_for_selector(line)
        yield page


def assert_colours_follow(theme: str, colours: Sequence[str]) -> None:
    """Each of these CSS colours, of text or of ink, is light in the theme ``Dark`` and dark in ``Light``."""
    lightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) / 765 for colour in colours]
    assert all((light > 0.5) == (theme == "Dark") for light in lightness), colours


def run_cell(page: sync_api.Page, index: int) -> None:
    """Run one cell and wait until the kernel has answered."""
    page.evaluate(f"{NOTEBOOK}.activeCellIndex = {index}")
    command(page, "notebook:run-cell")


def choose_theme(page: sync_api.Page, theme: str) -> None:
    """JupyterLab's ``Light`` or ``Dark``."""
    command(page, "apputils:change-theme", theme=f"JupyterLab {theme}")
    page.wait_for_selector(f"body[data-jp-theme-light='{str(theme == 'Light').lower()}']", state="attached")


def keep_picture(page: sync_api.Page, name: str) -> None:
    """A screenshot, where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png")


def until_ready(page: sync_api.Page) -> None:
    """Wait until the notebook is there and its kernel is idle."""
    page.wait_for_selector('[data-status="idle"]')
    page.wait_for_function("window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'")
    page.add_style_tag(content=".Toastify { display: none }")  # JupyterLab's offer of news, over the pictures


def command(page: sync_api.Page, name: str, **arguments: object) -> None:
    """Carry out one of JupyterLab's commands, and wait until it is done."""
    page.evaluate("([name, arguments]) => window.jupyterapp.commands.execute(name, arguments)", [name, arguments])
