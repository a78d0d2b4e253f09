"""What the record of verdicts says of one notebook: who handed in what, by what it was judged, and the points."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Points:
    """The points of one cell, as the gradebook holds them.

    Attributes:
        of: how many there can be.
        auto: by machine; None where only a human gives them.
        manual: by a human; they count in place of the machine's.
        extra: by a human, on top.
        open: a human is to look at it.
    """

    of: float
    auto: float | None = None
    manual: float | None = None
    extra: float | None = None
    open: bool = False

    @property
    def score(self) -> float:
        """What counts."""
        return (self.manual if self.manual is not None else self.auto or 0.0) + (self.extra or 0.0)


@dataclass(frozen=True)
class Noted:
    """A verdict on one notebook.

    Attributes:
        run: the command that reached it, ``autograde`` or ``rejudge``.
        began: when that command began.
        assignment, student, notebook: their names.
        submitted: the digest of the file that was handed in; None where there is none, or it is not known.
        cells: the points by the test cell's ``grade_id``.
        rubric, data: digests of what judged, and of the data sets in use.
        tests: a digest of the notebook's test cells; None where none was run.
        specs: by test cell, the digests of the models that were trained anew for it.
        ran: the name of the notebook's run, by which a verdict that is reached twice of one run is known.
        missing: nothing was handed in.
        refused: why it was not run, one sentence.
        late: the points that being late costs.
        before: what the changed cells had before, for ``rejudge``.
    """

    run: str
    began: str
    assignment: str
    student: str
    notebook: str
    submitted: str | None
    cells: Mapping[str, Points]
    rubric: str
    data: str
    tests: str | None = None
    specs: Mapping[str, list[str]] = field(default_factory=dict)
    ran: str | None = None
    missing: bool = False
    refused: str | None = None
    late: float = 0.0
    before: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, str, str]:
        """Assignment, student and notebook."""
        return self.assignment, self.student, self.notebook

    @property
    def score(self) -> float:
        """The sum of the points."""
        return round(sum(each.score for each in self.cells.values()) - self.late, 2)

    @property
    def maximum(self) -> float:
        """What the sum can be."""
        return round(sum(each.of for each in self.cells.values()), 2)

    @property
    def identity(self) -> str:
        """Equal for what is one verdict: all but the command that was at it, which may be a killed one's successor."""
        told = {name: value for name, value in self.to_dict().items() if name != "began"}
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()

    def to_dict(self) -> dict[str, Any]:
        """Plain values, the sums for those who read the file itself; what says nothing is left out."""
        told = _without_nothing(asdict(self))
        told["cells"] = {name: _without_nothing(each) for name, each in told.get("cells", {}).items()}
        return told | {"score": self.score, "of": self.maximum}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Noted:
        """What `to_dict` wrote. Raises KeyError, TypeError, ValueError or AttributeError for anything else."""
        names = ("run", "began", "assignment", "student", "notebook", "rubric", "data")
        texts = {name: _text(told[name]) for name in names}
        maybe = {name: _text(told[name]) if name in told else None for name in ("submitted", "tests", "ran", "refused")}
        return cls(
            **texts,
            **maybe,
            cells={name: Points(**{key: _number(each[key]) for key in each}) for name, each in told["cells"].items()},
            specs={name: [_text(each) for each in found] for name, found in told.get("specs", {}).items()},
            missing=bool(told.get("missing", False)),
            late=float(told.get("late", 0.0)),
            before={name: float(points) for name, points in told.get("before", {}).items()},
        )


def _without_nothing(told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if value is not None and value is not False and value != {}}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no text")
    return value


def _number(value: Any) -> float | bool:
    if not isinstance(value, int | float):
        raise TypeError(f"{value!r} is no number")
    return value if isinstance(value, bool) else float(value)
