"""The layers of references and of candidates, as operations that have no name."""

from __future__ import annotations

from grader.facts import Operation

RELU = Operation("activation", "", {"function": "relu"})
SOFTMAX = Operation("activation", "", {"function": "softmax"})
BATCH_NORM = Operation(
    "batch_normalization", "", {"axis": -1, "momentum": 0.99, "epsilon": 0.001, "center": True, "scale": True}
)


def dense(units: int, *, use_bias: bool = True) -> Operation:
    """A Dense layer without its activation."""
    return Operation("dense", "", {"units": units, "use_bias": use_bias})


def dropout(rate: float, kind: str = "dropout") -> Operation:
    """A Dropout layer, or one of its kin."""
    return Operation(kind, "", {"rate": rate})


def hidden(units: int, rate: float = 0) -> tuple[Operation, ...]:
    """A hidden layer with relu, and dropout of that rate behind it; rate 0 stands for none."""
    return (dense(units), RELU, *((dropout(rate),) if rate else ()))
