"""From a key press on the slider to the new picture on the page: `python -m benchmarks.slider`.

In Chromium and JupyterLab: 50 presses at rest and 50 while a live training runs, each from the key's event to the
frame after the drawing has changed. Also: how soon the first curves of a sweep that nobody has computed are there
(TensorFlow is imported before), and how soon a training has stopped after the click on Stop. Three rounds, each with a
JupyterLab and a browser of its own: between two of them medians differ more than within one.
"""

from __future__ import annotations

import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nbformat
import numpy as np
from tqdm import tqdm

from benchmarks import results
from dropnorm.places import ROOT
from tests.browser import NOTEBOOK, chromium, command, jupyter_lab, open_notebook, running_browser

# Milliseconds between presses, drawn anew for each: at a fixed pause they fall into step with the page's frames, and
# what is measured is the step. Shorter beside a training, which ends.
PAUSES, PAUSES_TRAINING = (100, 300), (0, 60)
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
ALL_RUNS = "document.querySelector('.dropnorm-source').innerText.includes('5 runs')"
LIVE = "document.querySelector('.dropnorm-source').innerText.startsWith('Live')"


@dataclass(frozen=True)
class Round:
    """What was measured with one JupyterLab, in milliseconds."""

    at_rest: list[float]
    training: list[float]
    trained_to_the_end: bool  # whether the training ran until the last press
    first_curves: float
    stopped: float


def presses(page, count: int, label: str, pauses: tuple[int, int]) -> list[float]:
    """Press arrow keys on the slider, to and fro, and time each, in milliseconds."""
    random = np.random.default_rng(0)
    handle = page.locator(".dropnorm-rate .noUi-handle")
    handle.focus()
    page.evaluate("window.painted.length = 0")
    for number in tqdm(range(count), desc=label):
        page.keyboard.press("ArrowRight" if number // 18 % 2 == 0 else "ArrowLeft")  # through all 19 rates
        page.wait_for_function(f"window.painted.length === {number + 1}")
        page.wait_for_timeout(random.uniform(*pauses))
    return page.evaluate("window.painted")


def one_round(count: int) -> Round:
    """Open a lab that nobody has computed, press keys, train, stop."""
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
            handle = page.locator(".dropnorm-rate .noUi-handle")
            for key in ("ArrowRight", "End", "Home"):  # at rest means that nothing is computed: all runs are there
                handle.press(key)
                page.wait_for_function(ALL_RUNS)
            page.evaluate(WATCH)
            at_rest = presses(page, count, "at rest", PAUSES)
            page.locator(".dropnorm-train").click()
            page.wait_for_function(LIVE)
            training = presses(page, count, "while it trains", PAUSES_TRAINING)
            to_the_end = page.locator(".dropnorm-stop[disabled]").count() == 0
            if not to_the_end:
                page.locator(".dropnorm-train").click()
                page.wait_for_function(LIVE)
            page.evaluate("document.querySelector('.dropnorm-stop').click()")
            stopped = page.evaluate(UNTIL, ".dropnorm-stop[disabled]")
    return Round(at_rest, training, to_the_end, first, stopped)


def summary(rounds: list[list[float]]) -> dict[str, object]:
    """Of all presses, and the median of each round."""
    every = [each for one in rounds for each in one]
    return results.median_and_p95([each / 1000 for each in every]) | {
        "medians of the rounds, ms": [round(median(one), 1) for one in rounds]
    }


def main() -> None:
    parser = results.arguments(__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="JupyterLabs, one after the other (default: %(default)s)")
    parser.add_argument("--presses", type=int, default=50, help="of a round (default: %(default)s)")
    options = parser.parse_args()
    if chromium() is None:
        raise SystemExit("This benchmark needs Chromium (Debian: apt install chromium).")
    rounds = [one_round(options.presses) for _ in range(options.rounds)]
    results.write(
        options.results,
        "slider",
        {
            "at rest": summary([each.at_rest for each in rounds]),
            "while a training runs": summary([each.training for each in rounds]),
            "the training ran to the last press": all(each.trained_to_the_end for each in rounds),
            "first curves of a fresh sweep, ms after the cell was run": round(median(e.first_curves for e in rounds)),
            "stop, ms from the click until the training has ended": round(median(e.stopped for e in rounds)),
        },
    )


if __name__ == "__main__":
    main()
