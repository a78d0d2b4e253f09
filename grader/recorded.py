"""The four trainings gone wrong as they went: their committed curves, which are the same for everybody.

    python -m grader.recorded

trains them anew, from seed 0 on the stand-ins (which every copy of the course has), and writes ``data/diagnosis/``.
"""

from __future__ import annotations

import os
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.files import write_atomically
from dropnorm.places import DATA

if TYPE_CHECKING:
    import pandas as pd

CURVES = DATA / "diagnosis" / "curves.csv"
SEED = 0
SERIES = (LOGGED, AT_INFERENCE, VALIDATION)


def curves(number: int) -> LearningCurves:
    """The committed curves of a training by its number.

    Raises:
        ValueError: the file is missing or damaged, so that nothing can be held against it; one sentence.
    """
    try:
        return _read(CURVES, CURVES.stat().st_mtime_ns)[number]
    except (OSError, KeyError, ValueError) as error:
        raise ValueError(f"data/diagnosis/{CURVES.name} is missing or damaged ({error!r}): restore it.") from None


@lru_cache(maxsize=2)
def _read(path: Path, changed: int) -> dict[int, LearningCurves]:
    import pandas as pd

    table = pd.read_csv(path)
    return {
        int(number): LearningCurves.from_history({name: rows[name].to_numpy() for name in SERIES})
        for number, rows in table.groupby("training")
    }


def table(number: int) -> pd.DataFrame:
    """One training anew, on the data in use: a row for each epoch."""
    import pandas as pd

    from dropnorm import datasets
    from dropnorm.sweep import run
    from grader.exercises.gone_wrong import TRAININGS
    from grader.sweeping import plan_of

    training = TRAININGS[number]
    plan = plan_of(training.spec, SEED, "once")
    if plan is None:
        raise ValueError(f"The sweep's engine does not know what training {number} asks for.")
    made = run(plan, training.prepare(pd.read_csv(datasets.dataset(training.data_set).path)))
    series = {name: np.ravel(getattr(made, name)) for name in SERIES}
    return pd.DataFrame({"training": number, "epoch": np.arange(1, made.epochs + 1), **series})


def main() -> int:
    """Write the curves anew; returns the exit code."""
    import pandas as pd

    os.environ["DROPNORM_SOURCE"] = "stand-in"
    content = pd.concat([table(number) for number in (1, 2, 3, 4)]).to_csv(index=False, float_format="%.6g")
    write_atomically(CURVES, content.encode())
    print(CURVES.relative_to(DATA.parent))
    return 0


if __name__ == "__main__":
    sys.exit(main())
