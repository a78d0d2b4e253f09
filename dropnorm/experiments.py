"""The honest comparison: what dropout and batch normalization do to red wine, and what batch normalization speeds up.

    python -m dropnorm.experiments [--source official|stand-in] [--seeds 5] [--table comparison|speed]

Two tables for each source, which the lesson reads from ``data/experiments/``: one row a training. A table is replaced
only when the new one is complete; rows that are done wait in the git-ignored cache, so an interrupted run goes on where
it stopped.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from tqdm import tqdm

from dropnorm import datasets, jobs
from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.places import CACHE, EXPERIMENTS

# Keras is imported where a training begins: reading a table must not wait for TensorFlow.
if TYPE_CHECKING:
    import keras

    from dropnorm.training import Split

SOURCES = ("official", "stand-in")
RAW, WITHOUT_TWINS, STANDARDISED = "raw", "raw, twins removed", "standardised"
INPUTS = (RAW, WITHOUT_TWINS, STANDARDISED)
NEITHER, DROPOUT, NORMALIZATION = "neither", "dropout", "batch normalization"
BOTH, BOTH_REVERSED = "both", "both, batch normalization first"
NETWORKS = (NEITHER, DROPOUT, NORMALIZATION, BOTH, BOTH_REVERSED)

RATE, WIDTH, BLOCKS = 0.3, 1024, 3  # the recipe of the lesson
EPOCHS, BATCH = 100, 256
SPEED_WIDTH, SPEED_BATCH = 128, 64
# Validation losses (mae) that are worth reaching: of the strength in MPa, of the quality in marks.
TARGETS = {"concrete": 5.0, "red-wine": 0.6}


@dataclass(frozen=True)
class Comparison:
    """One training of the comparison: red wine prepared in one way, one network, one seed."""

    inputs: str
    network: str
    seed: int


@dataclass(frozen=True)
class Speed:
    """One training of the table of speed: with or without batch normalization, under one optimizer."""

    data: str
    inputs: str
    optimizer: str
    batch_normalization: bool
    seed: int


def split(data: str, inputs: str) -> Split:
    """A data set as the lessons split it: 70 % for training by ``sample(frac=0.7, random_state=0)``.

    Args:
        data: "red-wine" or "concrete".
        inputs: one of `INPUTS`: as they are; without repeated rows, which are removed before the split; or scaled to
            mean 0 and standard deviation 1 of the training part.
    """
    from dropnorm.training import Split

    entry = datasets.dataset(data)
    frame = pd.read_csv(entry.path)
    if inputs == WITHOUT_TWINS:
        frame = frame.drop_duplicates()
    training = frame.sample(frac=0.7, random_state=0)
    validation = frame.drop(training.index)
    X, X_valid = (part.drop(columns=entry.target).to_numpy(np.float64) for part in (training, validation))
    if inputs == STANDARDISED:
        mean, scale = X.mean(axis=0), X.std(axis=0)
        X, X_valid = (X - mean) / scale, (X_valid - mean) / scale
    y, y_valid = (part[entry.target].to_numpy(np.float32) for part in (training, validation))
    return Split(X.astype(np.float32), y, X_valid.astype(np.float32), y_valid)


def wine_network(name: str, features: int, width: int = WIDTH) -> keras.Model:
    """The network of the red-wine lesson, with what `name` (one of `NETWORKS`) says in each of its blocks."""
    from keras import Input, Sequential, layers

    def block() -> list[keras.layers.Layer]:
        dropout, normalization = layers.Dropout(RATE), layers.BatchNormalization()
        extras = {
            NEITHER: [],
            DROPOUT: [dropout],
            NORMALIZATION: [normalization],
            BOTH: [dropout, normalization],
            BOTH_REVERSED: [normalization, dropout],
        }
        return [layers.Dense(width, activation="relu"), *extras[name]]

    blocks = [layer for _ in range(BLOCKS) for layer in block()]
    return Sequential([Input((features,)), *blocks, layers.Dense(1)])


def speed_network(batch_normalization: bool, features: int, width: int = SPEED_WIDTH) -> keras.Model:
    """Three hidden layers, with or without batch normalization before each Dense layer, as in the Concrete exercise."""
    from keras import Input, Sequential, layers

    stack: list[keras.layers.Layer] = []
    for _ in range(BLOCKS):
        stack += [layers.BatchNormalization()] if batch_normalization else []
        stack += [layers.Dense(width, activation="relu")]
    stack += [layers.BatchNormalization()] if batch_normalization else []
    return Sequential([Input((features,)), *stack, layers.Dense(1)])


def compare(job: Comparison, epochs: int = EPOCHS, width: int = WIDTH) -> dict[str, Any]:
    """Train one network of the comparison and return its row: losses in marks of quality, epochs from 1."""
    import keras

    from dropnorm.training import train

    parts = split("red-wine", job.inputs)
    keras.utils.set_random_seed(job.seed)
    model = wine_network(job.network, parts.X_train.shape[1], width)
    model.compile(optimizer="adam", loss="mae")
    curves = train(model, parts, epochs=epochs, batch_size=BATCH, seed=job.seed)
    return asdict(job) | {
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "epochs_to_0.6": curves.epochs_to(0.6)[0],
        "last_val_loss": curves.last(VALIDATION)[0],
        "loss_at_inference": curves.last(AT_INFERENCE)[0],
        "logged_loss": curves.last(LOGGED)[0],
        "gap": curves.gap[0],
        "logged_gap": curves.logged_gap[0],
    }


def race(job: Speed, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one network of the table of speed and return its row: when it first reached the target, if ever."""
    import keras

    from dropnorm.training import train

    parts = split(job.data, job.inputs)
    keras.utils.set_random_seed(job.seed)
    model = speed_network(job.batch_normalization, parts.X_train.shape[1])
    model.compile(optimizer=job.optimizer, loss="mae")
    curves = train(model, parts, epochs=epochs, batch_size=SPEED_BATCH, seed=job.seed)
    target = TARGETS[job.data]
    reached = int(curves.epochs_to(target)[0])
    seconds = curves.metrics["cpu_seconds"][0]
    return asdict(job) | {
        "target": target,
        "epochs_to_target": reached,
        "seconds_to_target": seconds[reached - 1] if reached else np.nan,
        "seconds": seconds[-1],
        "best_val_loss": curves.best_val_loss[0],
        "best_epoch": curves.best_epoch[0],
        "last_val_loss": curves.last(VALIDATION)[0],
    }


@dataclass(frozen=True)
class Table:
    """A table: which file it is, which trainings make its rows, and what trains one of them.

    ``keys`` are the columns that name a row's training.
    """

    suffix: str
    trainings: Callable[[int], list[Any]]
    row: Callable[[Any], dict[str, Any]]
    keys: tuple[str, ...]

    def path(self, source: str) -> Path:
        """The committed file of one source."""
        return EXPERIMENTS / f"{self.suffix}{source}.csv"


TABLES = {
    "comparison": Table(
        "",
        lambda seeds: [Comparison(i, n, s) for s in range(seeds) for i in INPUTS for n in NETWORKS],
        compare,
        ("inputs", "network", "seed"),
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
}


def make(table: Table, source: str, seeds: int, processes: int | None = None) -> Path:
    """Train what the table of that source still lacks, show progress, and return the file, which is complete then."""
    part = CACHE / "experiments" / f"{table.suffix}{source}-{_fingerprint()}.csv"
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


def _fingerprint() -> str:
    """Of the data in use: rows that were trained on other data are not gone on with."""
    digest = hashlib.sha256()
    for name in ("red-wine", "concrete"):
        digest.update(datasets.dataset(name).path.read_bytes())
    return digest.hexdigest()[:8]


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(".tmp")
    frame.to_csv(temporary, index=False, float_format="%.6g")
    temporary.replace(path)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m dropnorm.experiments", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--source", choices=SOURCES, help="only this one (default: each that is here)")
    parser.add_argument("--table", choices=tuple(TABLES), help="only this one (default: both)")
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each kind (default: 5)")
    parser.add_argument("--processes", type=int, help="trainings at once (default: one a core)")
    options = parser.parse_args(arguments)
    for source in [options.source] if options.source else SOURCES:
        os.environ["DROPNORM_SOURCE"] = source  # the processes that train inherit it
        try:
            for name in [options.table] if options.table else TABLES:
                print(make(TABLES[name], source, options.seeds, options.processes))
        except datasets.DataError as error:
            print(error, file=sys.stderr)
            if options.source:
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
