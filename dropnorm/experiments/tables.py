"""The tables of ``data/experiments/``: which trainings make their rows, and how they are made anew.

A table is replaced only when the new one is complete; rows that are done wait in the git-ignored cache, so an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from dropnorm import datasets, jobs
from dropnorm.experiments.bias import trainings as biases
from dropnorm.experiments.bias import wander
from dropnorm.experiments.comparison import NETWORKS, Comparison, compare
from dropnorm.experiments.convolution import convolve
from dropnorm.experiments.convolution import trainings as convolutions
from dropnorm.experiments.covariate import learn
from dropnorm.experiments.covariate import trainings as batchings
from dropnorm.experiments.depth import descend
from dropnorm.experiments.depth import trainings as depths
from dropnorm.experiments.dropout import Pair, tell_apart
from dropnorm.experiments.grid import fill
from dropnorm.experiments.grid import trainings as cells
from dropnorm.experiments.internal import follow
from dropnorm.experiments.internal import trainings as shifts
from dropnorm.experiments.output import after_output
from dropnorm.experiments.output import trainings as outputs
from dropnorm.experiments.placement import place
from dropnorm.experiments.placement import trainings as placements
from dropnorm.experiments.search import hold, searches
from dropnorm.experiments.separation import Separation, separate
from dropnorm.experiments.speed import Speed, race
from dropnorm.experiments.vehicles import recognise
from dropnorm.experiments.vehicles import trainings as recognitions
from dropnorm.files import write_atomically
from dropnorm.places import CACHE, EXPERIMENTS
from dropnorm.split import INPUTS, RAW, STANDARDISED
from dropnorm.vehicles import draw

SOURCES = ("official", "stand-in")


@dataclass(frozen=True)
class Table:
    """A table: which file it is, which trainings make its rows, and what trains one of them.

    ``keys`` are the columns that name a row's training; ``sourced`` says whether its rows depend on the source of the
    data. Where they do not, there is one file.
    """

    suffix: str
    trainings: Callable[[int], list[Any]]
    row: Callable[[Any], dict[str, Any]]
    keys: tuple[str, ...]
    sourced: bool = True

    def path(self, source: str) -> Path:
        """The committed file of one source, or of all."""
        return EXPERIMENTS / (f"{self.suffix}{source}.csv" if self.sourced else f"{self.suffix}.csv")


TABLES = {
    "bias": Table("bias-", biases, wander, ("optimizer", "use_bias", "seed")),
    "comparison": Table(
        "",
        lambda seeds: [Comparison(i, n, s) for s in range(seeds) for i in INPUTS for n in NETWORKS],
        compare,
        ("inputs", "network", "seed"),
    ),
    "convolution": Table("convolution", convolutions, convolve, ("network", "seed"), sourced=False),
    "covariate": Table("covariate", batchings, learn, ("batches", "network", "seed"), sourced=False),
    "depth": Table("depth-", depths, descend, ("network", "seed")),
    "dropout": Table("dropout-", lambda seeds: [Pair(seed) for seed in range(seeds)], tell_apart, ("seed",)),
    "grid": Table("grid-", cells, fill, ("width", "rows", "noise", "without_twins", "rate", "seed")),
    "internal": Table("internal-", shifts, follow, ("inputs", "network", "learning_rate", "seed")),
    "output": Table("output", outputs, after_output, ("labels", "rate", "seed"), sourced=False),
    "placement": Table("placement-", placements, place, ("data", "inputs", "optimizer", "network", "seed")),
    "search": Table("search-", searches, hold, ("seed",)),
    "separation": Table(
        "separation",
        lambda seeds: [Separation(seed) for seed in range(2 * seeds)],
        separate,
        ("seed",),
        sourced=False,
    ),
    "speed": Table(
        "speed-",
        lambda seeds: [
            Speed(data, inputs, optimizer, normalization, seed)
            for seed in range(seeds)
            for data, inputs in (("concrete", RAW), ("concrete", STANDARDISED), ("red-wine", STANDARDISED))
            for optimizer in ("sgd", "adam")
            for normalization in (False, True)
        ],
        race,
        ("data", "inputs", "optimizer", "batch_normalization", "seed"),
    ),
    "vehicles": Table("vehicles", recognitions, recognise, ("inputs", "network", "seed"), sourced=False),
}


def make(table: Table, source: str, seeds: int, processes: int | None = None) -> Path:
    """Train what the table of that source still lacks, show progress, and return the file, which is complete then."""
    part = CACHE / "experiments" / f"{table.path(source).stem}-{_fingerprint(table)}.csv"
    rows = pd.read_csv(part).to_dict("records") if part.exists() else []
    done = {tuple(row[key] for key in table.keys) for row in rows}
    wanted = table.trainings(seeds)
    lacking = [job for job in wanted if tuple(asdict(job).values()) not in done]
    with tqdm(total=len(wanted), initial=len(wanted) - len(lacking), unit="run", desc=part.stem) as bar:
        for _, row in jobs.finished(table.row, lacking, processes):
            rows.append(row)
            _write(pd.DataFrame(rows), part)
            bar.update()
    order = {tuple(asdict(job).values()): place for place, job in enumerate(wanted)}
    rows = [row for row in rows if tuple(row[key] for key in table.keys) in order]
    rows.sort(key=lambda row: order[tuple(row[key] for key in table.keys)])
    _write(pd.DataFrame(rows), table.path(source))
    part.unlink(missing_ok=True)
    return table.path(source)


def _fingerprint(table: Table) -> str:
    """Of the data in use: rows that were trained on other data are not gone on with."""
    digest = hashlib.sha256()
    if table.sourced:
        for name in ("red-wine", "concrete"):
            digest.update(datasets.dataset(name).path.read_bytes())
    else:
        digest.update(draw(60, seed=0).pictures.tobytes())
    return digest.hexdigest()[:8]


def _write(frame: pd.DataFrame, path: Path) -> None:
    write_atomically(path, frame.to_csv(index=False, float_format="%.6g").encode())
