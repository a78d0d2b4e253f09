"""Writing a benchmark's results, with what they depend on."""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping
from importlib.metadata import version

import numpy as np

from dropnorm import datasets
from dropnorm.files import write_atomically
from dropnorm.places import ROOT

FOLDER = ROOT / "benchmarks" / "results"


def write(name: str, figures: Mapping[str, object]) -> None:
    """Print the figures and keep them in ``benchmarks/results/NAME.json``."""
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
    write_atomically(FOLDER / f"{name}.json", (text + "\n").encode())
    print(f"{name}: {text}", flush=True)


def quartiles(seconds: list[float]) -> dict[str, float]:
    """Median and 95th percentile in milliseconds."""
    milliseconds = 1000 * np.array(seconds)
    return {
        "median ms": round(float(np.median(milliseconds)), 1),
        "p95 ms": round(float(np.percentile(milliseconds, 95)), 1),
        "count": len(seconds),
    }


LOAD_BEFORE = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
