"""What a class would plausibly change in the four trainings gone wrong, and what comes of it from many seeds.

    python -m grader.mends [--source official|stand-in] [--seeds 30] [--processes 1]

writes ``data/diagnosis/mends-….csv``, by which the limits in `grader.exercises.diagnosis` were chosen and are tested:
one row a change, for all its seeds.
"""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from dropnorm import datasets, jobs
from dropnorm.curves import VALIDATION
from dropnorm.files import write_atomically
from dropnorm.places import DATA
from grader.exercises import exercise
from grader.exercises.diagnosis import OUTCOMES
from grader.exercises.gone_wrong import TRAININGS
from grader.facts import CompileFacts, Operation
from grader.operations import BATCH_NORM, dense, hidden
from grader.retraining import trained
from grader.spec import FitSettings, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

SOURCES = ("official", "stand-in")
AS_IT_WENT = "as it went"


def table(source: str) -> Path:
    """The committed file of one source."""
    return DATA / "diagnosis" / f"mends-{source}.csv"


def _hidden(*widths: int, rates: tuple[float, ...] = (), before: tuple[Operation, ...] = ()) -> tuple[Operation, ...]:
    """Hidden layers with relu, ``before`` in front of each, dropout of these rates behind them; and the output."""
    rates = rates or (0,) * len(widths)
    blocks = zip(widths, rates, strict=True)
    return (*(step for units, rate in blocks for step in (*before, *hidden(units, rate))), dense(1))


def _trial(number: int, epochs: int | None = None, **changes: Any) -> ModelSpec:
    """The spec of a training with some of its parts changed."""
    spec = TRAININGS[number].spec
    if epochs:
        changes["fit"] = FitSettings(epochs, spec.fit.batch_size)
    return replace(spec, **changes)


def _wine(*widths: int, rate: float = 0.3, before: tuple[Operation, ...] = ()) -> ModelSpec:
    return _trial(2, operations=_hidden(*widths, rates=(rate,) * len(widths), before=before))


def _compiled(number: int, optimizer: str, rate: float) -> ModelSpec:
    return _trial(number, compile=CompileFacts(optimizer, rate, "mean_absolute_error"))


NORM = (BATCH_NORM,)
THREE = (64, 64, 64)
# For each training what is changed, and whether that mends it.
MENDS: dict[int, dict[str, tuple[ModelSpec, bool]]] = {
    1: {
        AS_IT_WENT: (TRAININGS[1].spec, False),
        "dropout 0.3": (_trial(1, operations=_hidden(128, 64, rates=(0.3, 0.3))), True),
        "dropout 0.5": (_trial(1, operations=_hidden(128, 64, rates=(0.5, 0.5))), True),
        "10 epochs": (_trial(1, 10), True),
        "12 epochs": (_trial(1, 12), True),
        "a quarter of the units": (_trial(1, operations=_hidden(32, 16)), True),
        "an eighth of the units": (_trial(1, operations=_hidden(16, 8)), True),
        "32 epochs": (_trial(1, 32), False),
        "1 epoch": (_trial(1, 1), False),
    },
    2: {
        AS_IT_WENT: (TRAININGS[2].spec, False),
        "batch normalization first": (_trial(2, operations=(*NORM, *_wine(*THREE).operations)), True),
        "batch normalization before each": (_wine(*THREE, before=NORM), True),
        "no dropout": (_wine(*THREE, rate=0), True),
        "dropout 0.2": (_wine(*THREE, rate=0.2), False),
        "dropout 0.5": (_wine(*THREE, rate=0.5), False),
        "learning rate 0.0001": (_compiled(2, "adam", 0.0001), False),
        "25 epochs": (_trial(2, 25), False),
        "twice the units": (_wine(128, 128, 128), False),
    },
    3: {
        AS_IT_WENT: (TRAININGS[3].spec, False),
        "learning rate 0.001": (_compiled(3, "adam", 0.001), True),
        "learning rate 0.002": (_compiled(3, "adam", 0.002), True),
        "learning rate 0.01": (_compiled(3, "adam", 0.01), True),
        "learning rate 0.0001": (_compiled(3, "adam", 0.0001), False),
        "learning rate 0.00001": (_compiled(3, "adam", 0.00001), False),
        "learning rate 1": (_compiled(3, "adam", 1.0), False),
        "400 epochs": (_trial(3, 400), False),
        "batch size 16": (_trial(3, fit=FitSettings(80, 16)), False),
        "batch normalization before each": (_trial(3, operations=_hidden(*THREE, before=NORM)), False),
    },
    4: {
        AS_IT_WENT: (TRAININGS[4].spec, False),
        "batch normalization first": (_trial(4, operations=(*NORM, *_hidden(*THREE))), True),
        "batch normalization before each": (_trial(4, operations=_hidden(*THREE, before=NORM)), True),
        "adam": (_compiled(4, "adam", 0.001), True),
        "dropout 0.3": (_trial(4, operations=_hidden(*THREE, rates=(0.3,) * 3)), False),
        "100 epochs": (_trial(4, 100), False),
        "half the units": (_trial(4, operations=_hidden(32, 32, 32)), False),
        "batch size 256": (_trial(4, fit=FitSettings(50, 256)), False),
        "learning rate 0.1": (_compiled(4, "sgd", 0.1), False),
        "learning rate 0.0000001": (_compiled(4, "sgd", 1e-7), False),
    },
}


@dataclass(frozen=True)
class Trial:
    """One training: of which of the four, with which change, from which seed."""

    training: int
    mend: str
    seed: int


def run(trial: Trial) -> dict[str, Any]:
    """What comes of it: the lowest validation loss, the one that is held to the limit, is the problem gone."""
    spec, _ = MENDS[trial.training][trial.mend]
    told, _, at_end = OUTCOMES[trial.training]
    curves = trained(spec, exercise(f"mended_{trial.training}"), trial.seed)
    best = float(curves.best_val_loss[0])
    return {
        "training": trial.training,
        "mend": trial.mend,
        "seed": trial.seed,
        "problem": str(curves.diagnosis().problem),
        "best_val_loss": best,
        "judged_loss": float(curves.last(VALIDATION)[0]) if at_end else best,
        "gone": told(curves) is None,
    }


def summary(runs: pd.DataFrame) -> pd.DataFrame:
    """The table: for each change what its seeds show, and how grading judges it, three seeds at a time.

    Of three seeds the run with the median best validation loss counts. ``…_of_gone`` are the lowest and the highest
    judged loss of those that count and in which the problem is gone; empty where it is gone in none.
    """
    import pandas as pd

    rows = []
    for (number, mend), each in runs.groupby(["training", "mend"], sort=False):
        each = each.sort_values("seed")
        count = [
            each.iloc[first : first + 3].sort_values("best_val_loss").iloc[1] for first in range(0, len(each) - 2, 3)
        ]
        gone = [one["judged_loss"] for one in count if one["gone"]]
        problem = each["problem"].mode()[0]
        rows.append(
            {
                "training": number,
                "mend": mend,
                "seeds": len(each),
                "problem": problem,
                "seeds_with_problem": int((each["problem"] == problem).sum()),
                "triples": len(count),
                "triples_gone": len(gone),
                "lowest_of_gone": min(gone, default=None),
                "highest_of_gone": max(gone, default=None),
            }
            | {
                f"{name}_{figure}": getattr(each[name], figure)()
                for name in ("best_val_loss", "judged_loss")
                for figure in ("min", "median", "max")
            }
        )
    return pd.DataFrame(rows)


def trials(seeds: int) -> list[Trial]:
    """All trainings that the table is made of, in its order."""
    return [Trial(number, mend, seed) for number, mends in MENDS.items() for mend in mends for seed in range(seeds)]


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    import pandas as pd

    parser = argparse.ArgumentParser(prog="python -m grader.mends", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--source", choices=SOURCES, help="only this one (default: each that is here)")
    parser.add_argument("--seeds", type=int, default=30, help="trainings of each kind (default: 30)")
    parser.add_argument("--processes", type=int, help="trainings at once (default: one a core)")
    parser.add_argument("--training", type=int, choices=tuple(MENDS), help="only the rows of this one (default: all)")
    options = parser.parse_args(arguments)
    wanted = [trial for trial in trials(options.seeds) if options.training in (None, trial.training)]
    for source in [options.source] if options.source else SOURCES:
        os.environ["DROPNORM_SOURCE"] = source  # the processes that train inherit it
        try:
            for name in ("spotify", "red-wine", "concrete"):
                datasets.dataset(name)
        except datasets.DataError as error:
            print(error, file=sys.stderr)
            continue
        done = jobs.finished(run, wanted, options.processes)
        runs = dict(tqdm(done, total=len(wanted), desc=source, unit="run"))
        made = summary(pd.DataFrame([runs[trial] for trial in wanted]))
        if options.training:
            kept = pd.read_csv(table(source)).query("training != @options.training")
            made = pd.concat([kept, made]).sort_values("training", kind="stable")
        write_atomically(table(source), made.to_csv(index=False, float_format="%.6g").encode())
        print(table(source).relative_to(DATA.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
