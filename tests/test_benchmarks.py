"""The benchmarks run, and what README quotes of them is what was measured."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from benchmarks.grading_figures import A_SUBMISSION, with_ratios
from dropnorm.places import ROOT
from tests.browser import NO_BROWSER, chromium

README = (ROOT / "README.md").read_text(encoding="utf-8")


def measured(name: str) -> dict:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def test_readme_quotes_what_was_measured():
    sweep, slider = measured("sweep"), measured("slider")
    words = " ".join(README.split())
    rest, training = slider["at rest"], slider["while a training runs"]
    pinned = next(value for key, value in sweep.items() if "OPENBLAS_CORETYPE" in key)
    for quoted in (
        f"{rest['median ms']:.0f} ms after the key",
        f"median of {rest['count']} presses in three rounds; 95 % within {rest['p95 ms']:.0f} ms",
        f"{training['median ms']:.0f} ms while a training runs (95 % within {training['p95 ms']:.0f} ms",
        f"{slider['first curves of a fresh sweep, ms after the cell was run'] / 1000:.1f} s after its cell was run",
        f"{sweep['ratio']:.0f} times as fast",
        f"({pinned:.0f} times where `OPENBLAS_CORETYPE`",
        f"stopped {slider['stop, ms from the click until the training has ended'] / 1000:.1f} s after",
    ):
        assert quoted in words, f"README should say: {quoted}"


def test_what_is_said_of_grading_is_what_was_measured():
    figures = measured("autograde")
    page = (ROOT / "docs" / "grading.md").read_text(encoding="utf-8")
    ratios = {name: figures[f"{name}_ratio"] for name in ("cold", "pretrained", "warm")}
    for name in ("stock", *ratios, "rejudge", "feedback"):
        against = {"stock": "1"}.get(name, f"{ratios[name]} ×" if name in ratios else "")
        row = f"| {figures[name]['seconds a submission']:.3g} | {against} |".replace("|  |", "| |")
        assert row in page, f"docs/grading.md should have a row with {row}"
    words = " ".join(README.split())
    for quoted in (
        f"graded {ratios['cold']} times as fast as by nbgrader's own steps",
        f"{ratios['pretrained']} times after `pretrain`, {ratios['warm']} times when all is kept",
        f"one of a thousand {figures['growth_ratio']['1000']} times",
        f"judged anew in {figures['rejudge']['seconds']:.0f} s",
    ):
        assert quoted in words, f"README should say: {quoted}"


def test_a_ratio_is_to_the_stock_of_the_same_run():
    def a_part(run: str, seconds: float) -> dict[str, object]:
        return {"run": run, A_SUBMISSION: seconds}

    growth = {"run": "first", "10": a_part("first", 20.0), "1000": {"failed": "it ended with 1", A_SUBMISSION: 1.0}}
    first = with_ratios({"stock": a_part("first", 100.0), "cold": a_part("first", 8.0), "growth": growth})
    assert (first["cold_ratio"], first["growth_ratio"]) == (12.5, {"10": 5.0})
    later = with_ratios({**first, "cold": a_part("second", 4.0)})  # alone: there is nothing beside it
    assert "cold_ratio" not in later and later["growth_ratio"] == {"10": 5.0}
    later = with_ratios({**later, "stock": a_part("second", 80.0)})
    assert (later["cold_ratio"], later["growth_ratio"]) == (20.0, {"10": 5.0})


def shape(figures: object) -> object:
    """The keys of some figures, and what is under them: a list is as long as it likes."""
    if isinstance(figures, dict):  # a ratio under a pin is there where a machine pins
        return {key: shape(value) for key, value in figures.items() if "OPENBLAS_CORETYPE" not in key}
    return type(figures[0] if isinstance(figures, list) else figures).__name__


@pytest.mark.parametrize(
    "name, options",
    [
        pytest.param("sweep", ["--turns", "1"], marks=pytest.mark.long),
        pytest.param("slider", ["--rounds", "1", "--presses", "10"], marks=pytest.mark.long),
        pytest.param("opening", [], marks=pytest.mark.full),
    ],
)
def test_a_benchmark_runs_and_writes_its_figures(name, options, tmp_path):
    if name == "slider" and chromium() is None:
        pytest.skip(NO_BROWSER)
    command = [sys.executable, "-m", f"benchmarks.{name}", *options, "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert shape(written) == shape(measured(name))


def test_an_unknown_benchmark_gets_one_sentence():
    done = subprocess.run([sys.executable, "-m", "benchmarks", "slidr"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("there is no benchmark slidr; there are sweep, slider, opening, box")
