"""What an exercise declares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from dropnorm import datasets
from grader.criteria.begun import answers_begun
from grader.prepared import Data
from grader.rubric import Criterion, Rubric
from grader.spec import ModelSpec

if TYPE_CHECKING:
    import pandas as pd

DRAWN = "drawn"  # the source of data that the course's own code draws: the same everywhere
ARRAYS = ("X_train", "y_train", "X_valid", "y_valid")


@dataclass(frozen=True, eq=False)
class Exercise:
    """One cell to fill in, and how it is judged. A new exercise is a new one of these, not a new judge.

    Attributes:
        name: the answer cell's ``grade_id``.
        data_set: the data set's name; None where the notebook draws its data by the course's code.
        prepare: makes the split as the notebook does: of the data set's table, or of nothing.
        model_name, history_name: the names that the answer and its training are to have.
        other_models: names of the other models that the notebook makes itself or asks for.
        reference: the network and the training that are asked for.
        rubrics: the rubrics by the names of their test cells, in the notebook's order.
        check: names of the rubrics that `q.check()` judges; the first without training.
        hints: three steps, each further than the one before; none is the solution's code.
        arrays: the names that the notebook gives to the split: training inputs and targets, then those of validation.
    """

    name: str
    data_set: str | None
    prepare: Callable[[pd.DataFrame], Data] | Callable[[], Data]
    model_name: str
    history_name: str
    other_models: tuple[str, ...]
    reference: ModelSpec
    rubrics: Mapping[str, Rubric]
    check: tuple[str, ...]
    hints: tuple[str, str, str]
    arrays: tuple[str, str, str, str] = ARRAYS

    @property
    def checked(self) -> tuple[Rubric, ...]:
        """The rubrics that `q.check()` judges."""
        return tuple(self.rubrics[name] for name in self.check)

    @property
    def called(self) -> dict[str, str]:
        """The names of the split's parts, as messages call them."""
        return dict(zip(("inputs", "targets", "inputs_valid", "targets_valid"), self.arrays, strict=True))

    def data(self) -> Data:
        """The split as the notebook makes it, from the data set in use. Raises DataError."""
        if self.data_set is None:
            return _drawn(self.prepare)
        found = datasets.dataset(self.data_set)
        return _prepared(self.prepare, found.path, found.path.stat().st_mtime_ns)

    def source(self) -> str:
        """Which file of the data set is in use: ``official`` or ``stand-in``; else ``drawn``. Raises DataError."""
        return DRAWN if self.data_set is None else datasets.source(self.data_set)

    def fingerprint(self) -> str:
        """Eight characters that other data do not have. Raises DataError."""
        if self.data_set is not None:
            content = datasets.dataset(self.data_set).path.read_bytes()
        else:
            data = self.data()
            content = data.X_train.tobytes() + data.X_valid.tobytes()
        return hashlib.sha256(content).hexdigest()[:8]


@lru_cache(maxsize=2)
def _drawn(prepare: Callable[[], Data]) -> Data:
    return prepare()


@lru_cache(maxsize=8)
def _prepared(prepare: Callable[[pd.DataFrame], Data], path: Path, changed: int) -> Data:
    import pandas as pd

    return prepare(pd.read_csv(path))


def rubrics(*entries: Rubric) -> dict[str, Rubric]:
    """Rubrics by their names."""
    return {rubric.name: rubric for rubric in entries}


def questions(name: str, history: str, *criteria: Criterion) -> Rubric:
    """The rubric of questions on the curves of ``history``; a criterion's key is the name that its answer is given."""
    answers = tuple(criterion.key for criterion in criteria)
    return Rubric(name, criteria, answers_begun(history, *answers), answers, history)
