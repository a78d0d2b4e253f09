"""A small search, judged honestly: red wine in three parts, every candidate trained, the winner by its validation loss.

Repeated rows are removed before the split: a twin in another part would be known by heart. Each repeat splits anew.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from dropnorm import datasets
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Layer, Plan, Relu
from dropnorm.sweep.runs import Network, optimizer_of, orders

NO_NORM, BEFORE, AFTER = "without", "before", "after"  # batch normalization, of the activation
PLACEMENTS, RATES, MOMENTA, BATCHES = (NO_NORM, BEFORE, AFTER), (0.0, 0.1, 0.3, 0.5), (0.9, 0.99), (32, 128)
WIDTH, BLOCKS, EPOCHS = 64, 2, 60
SHARES = (0.6, 0.2, 0.2)  # to train on, to choose by, to judge by once
OVERFITS = 0.05  # marks of quality: the gap from which the recipe adds dropout


@dataclass(frozen=True)
class Candidate:
    """One training of a search.

    Attributes:
        placement: one of `PLACEMENTS`.
        momentum: of batch normalization; 0 where there is none.
        rate: dropped after each block; 0 for no dropout.
        batch: rows a step.
        seed: of the search: of its split, weights, masks and the order of the rows.
    """

    placement: str
    momentum: float
    rate: float
    batch: int
    seed: int


def candidates(seed: int) -> list[Candidate]:
    """Those of one search."""
    return [
        Candidate(placement, momentum, rate, batch, seed)
        for placement in PLACEMENTS
        for momentum in ((0.0,) if placement == NO_NORM else MOMENTA)
        for rate in RATES
        for batch in BATCHES
    ]


@dataclass(frozen=True)
class Search:
    """All candidates on one split; its seed is that of the split, too."""

    seed: int


def searches(seeds: int) -> list[Search]:
    """Those of the table, twice as many as asked for."""
    return [Search(seed) for seed in range(2 * seeds)]


def hold(job: Search, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train all candidates of one search and return its row: the winner as `judged`, and the recipes beside it.

    ``conventional_…`` is `recipe` with batch normalization before the activation, ``behind_…`` with it after;
    ``median_test_loss`` is the middle candidate's.
    """
    tried = pd.DataFrame([try_out(candidate, epochs) for candidate in candidates(job.seed)])
    row = asdict(job) | judged(tried).loc[job.seed].to_dict()
    for name, placement in (("conventional", BEFORE), ("behind", AFTER)):
        taken = recipe(tried, placement=placement).loc[job.seed]
        row |= {f"{name}_added": int(taken["added"]), f"{name}_test_loss": taken["test_loss"]}
    return row | {"median_test_loss": tried["test_loss"].median()}


def three_parts(seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Inputs ``(rows, features)``, standardised by the training part, and targets ``(rows, 1)``, of each part."""
    entry = datasets.dataset("red-wine")
    frame = pd.read_csv(entry.path).drop_duplicates()
    X = frame.drop(columns=entry.target).to_numpy(float)
    y = frame[[entry.target]].to_numpy(np.float32)
    cuts = np.cumsum([round(share * len(X)) for share in SHARES[:2]])
    places = np.split(np.random.default_rng(seed).permutation(len(X)), cuts)
    mean, scale = X[places[0]].mean(axis=0), X[places[0]].std(axis=0)
    return [(((X[rows] - mean) / scale).astype(np.float32), y[rows]) for rows in places]


def layers_of(job: Candidate) -> tuple[Layer, ...]:
    """A candidate's layers, from the inputs to the output."""
    norm, relu = BatchNorm(momentum=job.momentum), Relu()
    block: tuple[Layer, ...] = {
        NO_NORM: (Dense(WIDTH), relu),
        BEFORE: (Dense(WIDTH, use_bias=False), norm, relu),
        AFTER: (Dense(WIDTH), relu, norm),
    }[job.placement]
    dropped: tuple[Layer, ...] = (Dropout(job.rate),) if job.rate else ()
    return (*(*block, *dropped) * BLOCKS, Dense(1))


def try_out(job: Candidate, epochs: int = EPOCHS) -> dict[str, Any]:
    """Train one candidate and return its row: mean absolute errors in marks of quality, epochs from 1.

    ``test_loss`` is that of the weights after the epoch of the lowest validation loss, as is ``train_loss``, at
    inference.
    """
    (X, y), valid, test = three_parts(job.seed)
    plan = Plan(layers_of(job), "adam", epochs, job.batch, job.seed)
    network, optimizer = Network(plan, X.shape[1]), optimizer_of(plan)
    losses = []
    with threadpool_limits(1, "blas"):
        for _, order in zip(range(epochs), orders(plan, len(X)), strict=False):
            for start in range(0, len(X), job.batch):
                chosen = order[start : start + job.batch]
                network.step(X[chosen], y[chosen])
                optimizer.apply(network.weights, network.gradients)
            losses.append(network.losses((X, y), valid, test))
    train_losses, val_losses, test_losses = np.array(losses).T
    best = int(val_losses.argmin())
    return asdict(job) | {
        "best_val_loss": val_losses[best],
        "best_epoch": best + 1,
        "test_loss": test_losses[best],
        "train_loss": train_losses[best],
        "last_val_loss": val_losses[-max(1, epochs // 10) :].mean(),
        "last_train_loss": train_losses[-max(1, epochs // 10) :].mean(),
    }


def judged(frame: pd.DataFrame) -> pd.DataFrame:
    """One row a search: its winner and what the test part says of it.

    ``optimism`` is the winner's test loss minus its validation loss, ``optimism_of_all`` the mean of that difference
    over all candidates, ``curse`` what the choice adds: the first minus the second. ``place_in_test`` is the winner's
    place (from 1) if the test part chose; ``best_in_test`` the lowest test loss, which nobody can know beforehand.
    """
    rows = []
    for seed, search in frame.groupby("seed"):
        winner = search.loc[search["best_val_loss"].idxmin()]
        optimism, of_all = winner["test_loss"] - winner["best_val_loss"], search["test_loss"] - search["best_val_loss"]
        rows.append(
            {name: winner[name] for name in ("placement", "momentum", "rate", "batch", "best_val_loss", "test_loss")}
            | {
                "seed": seed,
                "optimism": optimism,
                "optimism_of_all": of_all.mean(),
                "curse": optimism - of_all.mean(),
                "place_in_test": int((search["test_loss"] < winner["test_loss"]).sum()) + 1,
                "best_in_test": search["test_loss"].min(),
            }
        )
    return pd.DataFrame(rows).set_index("seed")


def recipe(
    frame: pd.DataFrame, placement: str = BEFORE, momentum: float = 0.99, batch: int = 32, rate: float = 0.3
) -> pd.DataFrame:
    """One row a search: batch normalization first, then dropout if it still overfits; two trainings at most.

    It overfits where the validation loss at the end exceeds the training loss at inference by more than `OVERFITS`. Of
    the two trainings the one of the lower validation loss is taken. Columns: ``added`` (dropout was tried), ``kept``
    (and taken), ``best_val_loss``, ``test_loss``.
    """
    ours = frame[(frame["placement"] == placement) & (frame["momentum"] == momentum) & (frame["batch"] == batch)]
    rows = []
    for seed, search in ours.groupby("seed"):
        plain, dropped = (search[search["rate"] == chosen].iloc[0] for chosen in (0.0, rate))
        added = plain["last_val_loss"] - plain["last_train_loss"] > OVERFITS
        kept = added and dropped["best_val_loss"] < plain["best_val_loss"]
        taken = dropped if kept else plain
        rows.append(
            {
                "seed": seed,
                "added": added,
                "kept": kept,
                **taken[["best_val_loss", "test_loss"]].astype(float).to_dict(),
            }
        )
    return pd.DataFrame(rows).set_index("seed")
