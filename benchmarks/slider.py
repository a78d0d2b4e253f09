"""From a key press on the slider to the new picture on the page: `python -m benchmarks.slider`.

In Chromium and JupyterLab: 50 presses at rest and 50 while a live training runs, each from the key's event to the
frame after the drawing has changed. Also: how soon the first curves of a sweep that nobody has computed are there
(TensorFlow is imported before), and how soon a training has stopped after the click on Stop.
"""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import nbformat
from tqdm import tqdm

from benchmarks import results
from dropnorm.places import ROOT
from tests.browser import NOTEBOOK, chromium, command, jupyter_lab, open_notebook, running_browser

PRESSES = 50
PAUSE = 150  # milliseconds between presses at rest; beside a training, which ends, they follow at once
# Of each press, the milliseconds from the key's event until the frame with another drawing has been painted.
WATCH = """() => {
    window.pressed = null; window.painted = [];
    document.addEventListener('keydown', () => { window.pressed = performance.now(); }, true);
    const drawing = document.querySelector('.dropnorm-curves');
    new MutationObserver(() => {
        if (window.pressed === null) return;
        const since = window.pressed; window.pressed = null;
        requestAnimationFrame(() => setTimeout(() => window.painted.push(performance.now() - since), 0));
    }).observe(drawing, { childList: true, subtree: true });
}"""
UNTIL = """(selector) => new Promise(resolve => {
    const start = performance.now();
    const look = () =>
        document.querySelector(selector) ? resolve(performance.now() - start) : requestAnimationFrame(look);
    look();
})"""


def presses(page, label: str, pause: int) -> dict[str, float]:
    """Press arrow keys on the slider, to and fro, and time each."""
    handle = page.locator(".dropnorm-rate .noUi-handle")
    handle.focus()
    page.evaluate("window.painted.length = 0")
    for number in tqdm(range(PRESSES), desc=label):
        page.keyboard.press("ArrowRight" if number // 6 % 2 == 0 else "ArrowLeft")
        page.wait_for_function(f"window.painted.length === {number + 1}")
        page.wait_for_timeout(pause)
    return results.quartiles([each / 1000 for each in page.evaluate("window.painted")])


def main() -> None:
    folder = results.arguments(__doc__).parse_args().results
    if chromium() is None:
        raise SystemExit("This benchmark needs Chromium (Debian: apt install chromium).")
    seed = secrets.randbelow(2**30)  # of a sweep that no cache holds
    sources = ["import keras\nfrom dropnorm.lab import DropoutLab", f"DropoutLab(0.3, seed={seed})"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    with tempfile.TemporaryDirectory() as name:
        nbformat.write(notebook, Path(name) / "lab.ipynb")
        with jupyter_lab(Path(name), Path(name) / "own", PYTHONPATH=str(ROOT)) as address, running_browser() as browser:
            page = open_notebook(browser, address, "lab.ipynb")
            command(page, "notebook:run-cell-and-select-next")
            page.evaluate(f"{NOTEBOOK}.activeCellIndex = 1")
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell'); 0")
            first = page.evaluate(UNTIL, ".dropnorm-curves path.shown")
            # All runs of all rates: at rest means that nothing is computed.
            page.wait_for_function("document.querySelector('.dropnorm-source').innerText.includes('5 runs')")
            handle = page.locator(".dropnorm-rate .noUi-handle")
            handle.press("End")
            page.wait_for_function("document.querySelector('.dropnorm-source').innerText.includes('5 runs')")
            handle.press("Home")
            page.wait_for_function("document.querySelector('.dropnorm-source').innerText.includes('5 runs')")
            page.evaluate(WATCH)
            at_rest = presses(page, "at rest", PAUSE)
            page.locator(".dropnorm-train").click()
            page.wait_for_function("document.querySelector('.dropnorm-source').innerText.startsWith('Live')")
            training = presses(page, "while it trains", 0)
            still = page.locator(".dropnorm-stop[disabled]").count() == 0
            if not still:
                page.locator(".dropnorm-train").click()
                page.wait_for_function("document.querySelector('.dropnorm-source').innerText.startsWith('Live')")
            page.evaluate("document.querySelector('.dropnorm-stop').click()")
            stopped = page.evaluate(UNTIL, ".dropnorm-stop[disabled]")
    results.write(
        folder,
        "slider",
        {
            "at rest": at_rest,
            "while a training runs": training,
            "the training ran to the last press": still,
            "first curves of a fresh sweep, ms after the cell was run": round(first),
            "stop, ms from the click until the training has ended": round(stopped),
        },
    )


if __name__ == "__main__":
    main()
