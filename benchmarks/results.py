"""Writing a benchmark's results, with what they depend on."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import numpy as np

from dropnorm import datasets
from dropnorm.files import write_atomically
from dropnorm.places import ROOT

FOLDER = ROOT / "benchmarks" / "results"


def arguments(description: str | None) -> argparse.ArgumentParser:
    """A command line that says what the benchmark is, and takes the folder of its results."""
    parser = argparse.ArgumentParser(description=(description or "").split("\n")[0])
    parser.add_argument("--results", type=Path, default=FOLDER, help="folder of the results (default: %(default)s)")
    return parser


def write(folder: Path, name: str, figures: Mapping[str, object]) -> None:
    """Print the figures and keep them in ``NAME.json`` in that folder."""
    content = {
        **figures,
        "measured": {
            "on": datetime.date.today().isoformat(),
            "cores": os.cpu_count(),
            "load before": round(LOAD_BEFORE, 2),
            "processor": platform.machine(),
            "python": platform.python_version(),
            "data": datasets.source("red-wine"),
            **{package: version(package) for package in ("numpy", "keras", "tensorflow", "ipywidgets", "jupyterlab")},
        },
    }
    text = json.dumps(content, indent=2, default=float)
    write_atomically(folder / f"{name}.json", (text + "\n").encode())
    print(f"{name}: {text}", flush=True)


def median_and_p95(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    milliseconds = 1000 * np.array(seconds)
    return {
        "median ms": round(float(np.median(milliseconds)), 1),
        "p95 ms": round(float(np.percentile(milliseconds, 95)), 1),
        "count": len(seconds),
    }


LOAD_BEFORE = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
