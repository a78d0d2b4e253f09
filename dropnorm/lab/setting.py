"""What the controls of `DropoutLab` say: the network, its inputs, its training and its seed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from numbers import Real
from typing import Literal, get_args

from dropnorm.lab.arguments import in_a_row, not_among, whole_number
from dropnorm.language import N_, _
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Layer, Plan, Relu

RATES = tuple(round(0.05 * step, 2) for step in range(19))
WIDTHS = (32, 64, 128, 256)
ROUNDING = 1e-6  # 0.1 + 0.2 is the rate 0.3, and so is NumPy's single-precision 0.3
SEEDS = 5  # runs whose spread is drawn: the seed that is named, and the ones after it
BLOCKS, EPOCHS, BATCH = 3, 100, 256

Place = Literal["off", "after", "before", "first"]
Inputs = Literal["raw", "standardised"]
Optimizer = Literal["adam", "sgd"]
ALLOWED: dict[str, tuple[object, ...]] = {
    "batch_norm": get_args(Place),
    "inputs": get_args(Inputs),
    "width": WIDTHS,
    "optimizer": get_args(Optimizer),
}
NORMS: dict[Place, str] = {
    "after": N_("batch normalization after"),
    "before": N_("batch normalization before"),
    "first": N_("batch normalization first"),
}
PREPARED: dict[Inputs, str] = {"raw": N_("raw inputs"), "standardised": N_("standardised inputs")}


@dataclass(frozen=True)
class Setting:
    """A state of the lab's controls.

    Attributes:
        rate: share of each hidden layer's outputs that dropout drops, one of `RATES`.
        batch_norm: where batch normalization stands in each block: nowhere ("off"), at its end ("after": Dense, relu,
            Dropout, BatchNormalization, as in the lesson's red-wine model), between Dense and activation ("before"),
            or once, as the network's first layer ("first").
        inputs: the eleven measurements as they are ("raw") or scaled to mean 0 and standard deviation 1
            ("standardised").
        width: units of each of the three hidden layers, one of `WIDTHS`.
        optimizer: "adam" or "sgd", with Keras' own learning rate.
        seed: of the first run; the spread is that of this one and the four after it.

    Raises:
        ValueError: a value that the lab does not offer, with those that it does.
    """

    rate: float = 0.3
    batch_norm: Place = "off"
    inputs: Inputs = "standardised"
    width: int = 128
    optimizer: Optimizer = "adam"
    seed: int = 0

    def __post_init__(self) -> None:
        """Check the values, and keep those that equal a choice (0.1 + 0.2, NumPy's numbers, 128.0) as that choice."""
        rate = _number(self.rate)
        if rate is None or abs(nearest_rate(rate) - rate) > ROUNDING:
            raise ValueError(
                _("The lab's dropout rates are the shares dropped, 0 to 0.9 in steps of 0.05; this is {rate}.").format(
                    rate=repr(self.rate)
                )
            )
        object.__setattr__(self, "rate", nearest_rate(rate))
        for name, allowed in ALLOWED.items():
            value = getattr(self, name)
            if value not in allowed:
                raise not_among(name, value, allowed)
            object.__setattr__(self, name, allowed[allowed.index(value)])
        object.__setattr__(self, "seed", whole_number(_("A seed"), self.seed, 0, 2**31 - 1))

    def plan(self, rate: float | None = None, run: int = 0) -> Plan:
        """The plan of a run: of this rate or another, from the setting's seed or the one ``run`` places further."""
        rate = self.rate if rate is None else rate
        return Plan(self.layers(rate), self.optimizer, EPOCHS, BATCH, self.seed + run)

    def layers(self, rate: float) -> tuple[Layer, ...]:
        """The network's layers with that dropout rate."""
        norm: tuple[Layer, ...] = (BatchNorm(),)
        dropout: tuple[Layer, ...] = (Dropout(rate),) if rate else ()
        block = (
            Dense(self.width),
            *(norm if self.batch_norm == "before" else ()),
            Relu(),
            *dropout,
            *(norm if self.batch_norm == "after" else ()),
        )
        return (*(norm if self.batch_norm == "first" else ()), *block * BLOCKS, Dense(1))

    def sweep(self) -> list[Plan]:
        """All runs of the setting, in the order in which they help most.

        The rate that is shown comes first, then the others by their distance from it, all with the first seed; then
        the same again with each further seed.
        """
        rates = sorted(RATES, key=lambda rate: abs(rate - self.rate))
        return [self.plan(rate, run) for run in range(SEEDS) for rate in rates]

    def at(self, rate: float) -> Setting:
        """The same setting at another rate."""
        return replace(self, rate=rate)

    @property
    def words(self) -> str:
        """The rate, and whatever is not as it is by default."""
        default = Setting()
        told = {
            "batch_norm": _(NORMS.get(self.batch_norm, "")),
            "inputs": _(PREPARED[self.inputs]),
            "width": _("{width} units").format(width=self.width),
            "optimizer": self.optimizer,
            "seed": _("seed {seed}").format(seed=self.seed),
        }
        others = (words for name, words in told.items() if getattr(self, name) != getattr(default, name))
        return in_a_row([_("rate {rate}").format(rate=f"{self.rate:g}"), *others])

    @property
    def code(self) -> str:
        """The line of code that brings this state back."""
        changed = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if field.name == "rate" or getattr(self, field.name) != field.default
        )
        return f"DropoutLab({', '.join(changed)})"


def nearest_rate(value: float) -> float:
    """The rate of `RATES` that is nearest to a number."""
    within = min(max(value, RATES[0]), RATES[-1])  # from 1e308 all rates are equally far, for a computer
    return min(RATES, key=lambda rate: abs(rate - within))


def _number(value: object) -> float | None:
    """A real number as a float; None for anything else, a bool and NaN among it."""
    if isinstance(value, bool) or not isinstance(value, Real) or value != value:
        return None
    return float(value)
