"""The benchmarks run, and what README quotes of them is what was measured."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from dropnorm.places import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def measured(name: str) -> dict:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


def test_readme_quotes_what_was_measured():
    sweep, slider = measured("sweep"), measured("slider")
    words = " ".join(README.split())
    for quoted in (
        f"{slider['at rest']['median ms']:.0f} ms after the key",
        f"{slider['while a training runs']['median ms']:.0f} ms while a training runs",
        f"{slider['first curves of a fresh sweep, ms after the cell was run'] / 1000:.1f} s after its cell was run",
        f"{sweep['ratio']:.0f} times as fast",
        f"stopped {slider['stop, ms from the click until the training has ended'] / 1000:.1f} s after",
    ):
        assert quoted in words, f"README should say: {quoted}"


@pytest.mark.full
@pytest.mark.parametrize("name, options", [("sweep", ["--turns", "1"]), ("opening", [])])
def test_a_benchmark_runs_and_writes_its_figures(name, options, tmp_path):
    command = [sys.executable, "-m", f"benchmarks.{name}", *options, "--results", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert written.keys() == measured(name).keys() or name == "sweep"
    assert all(value is not None for value in written.values())
