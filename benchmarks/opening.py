"""Opening the lab again and again: threads, figures, memory. `python -m benchmarks.opening`"""

from __future__ import annotations

import gc
import threading
from pathlib import Path

from matplotlib import pyplot

from benchmarks import results
from dropnorm.lab import DropoutLab
from dropnorm.lab.setting import RATES


def resident() -> float:
    """Megabytes of this process in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 / 2**20


def open_once() -> None:
    """Open a lab, move its slider over all rates, and close it, as a cell that is run again does."""
    lab = DropoutLab(0.3)
    lab.open()
    for rate in RATES:
        lab.controls.rate.value = rate
    lab.close()
    gc.collect()


def main() -> None:
    folder = results.arguments(__doc__).parse_args().results
    memory, threads = [], []
    for _ in range(10):
        open_once()
        memory.append(resident())
        threads.append(threading.active_count())
    results.write(
        folder,
        "opening",
        {
            "threads, third and tenth": [threads[2], threads[9]],
            "pyplot figures after the tenth": len(pyplot.get_fignums()),
            "megabytes more at the tenth than at the third": round(memory[9] - memory[2], 1),
        },
    )


if __name__ == "__main__":
    main()
