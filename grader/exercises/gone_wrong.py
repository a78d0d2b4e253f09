"""Four trainings gone wrong: what each learns from, its network, and how it is trained.

They were chosen because what is wrong with them shows from at least 27 of 30 seeds, on official data and on stand-ins
(``data/diagnosis/mends-….csv``), and because the sweep's engine trains each in half a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.exercises import concrete, spotify
from grader.facts import CompileFacts, Operation
from grader.operations import dense, hidden
from grader.prepared import Data
from grader.spec import FitSettings, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

TRACKS = 4000  # of Spotify's; enough to learn from, few enough to be learned by heart
LOSS = "mean_absolute_error"


@dataclass(frozen=True, eq=False)
class Training:
    """One training gone wrong.

    Attributes:
        number: 1 to 4, as in ``diagnosis_1``.
        data_set: the data set's name.
        prepare: makes the split of its table, as the notebook does.
        spec: the network, how it is compiled and how it is trained.
    """

    number: int
    data_set: str
    prepare: Callable[[pd.DataFrame], Data]
    spec: ModelSpec


def tracks(table: pd.DataFrame) -> Data:
    """A sample of the tracks, prepared as in the exercise on Spotify; the target is popularity / 100."""
    return spotify.prepare(table.sample(TRACKS, random_state=0))


def raw_wine(table: pd.DataFrame) -> Data:
    """70 % of the wines to train on, the rest to validate on; inputs raw, the target is the mark of quality."""
    train = table.sample(frac=0.7, random_state=0)
    valid = table.drop(train.index)
    inputs = [part.drop(columns="quality") for part in (train, valid)]
    X_train, X_valid = (part.to_numpy("float32") for part in inputs)
    y_train, y_valid = (part["quality"].to_numpy("float32") for part in (train, valid))
    return Data(X_train, y_train, X_valid, y_valid, tuple(inputs[0].columns))


def scaled_concrete(table: pd.DataFrame) -> Data:
    """The mixes as in the exercise on concrete, scaled by mean and standard deviation of the training part."""
    raw = concrete.prepare(table)
    mean, scale = raw.X_train.mean(axis=0), raw.X_train.std(axis=0)
    X_train, X_valid = ((part - mean) / scale for part in (raw.X_train, raw.X_valid))
    return Data(X_train, raw.y_train, X_valid, raw.y_valid, raw.features, standardised=True)


def _network(*widths: int, rate: float = 0) -> tuple[Operation, ...]:
    """Hidden layers with relu, each with dropout of that rate behind it, and an output of one unit."""
    return (*(step for units in widths for step in hidden(units, rate)), dense(1))


def _adam(rate: float = 0.001) -> CompileFacts:
    return CompileFacts("adam", rate, LOSS)


TRAININGS = {
    1: Training(1, "spotify", tracks, ModelSpec(18, _network(128, 64), _adam(), FitSettings(40, 128))),
    2: Training(2, "red-wine", raw_wine, ModelSpec(11, _network(64, 64, 64, rate=0.3), _adam(), FitSettings(50, 64))),
    3: Training(3, "concrete", scaled_concrete, ModelSpec(8, _network(64, 64, 64), _adam(3e-5), FitSettings(80, 64))),
    4: Training(
        4,
        "concrete",
        concrete.prepare,
        ModelSpec(8, _network(64, 64, 64), CompileFacts("sgd", 0.01, LOSS), FitSettings(50, 64)),
    ),
}
