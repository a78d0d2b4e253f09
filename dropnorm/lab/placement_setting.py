"""What the controls of `PlacementLab` say: the order of each block, its bias, dropout on the inputs, and the seed."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from dropnorm.experiments.placement import (
    AFTER,
    AT_THE_END,
    BATCH,
    BEFORE,
    BLOCKS,
    DROPOUT,
    DROPOUT_FIRST,
    DROPPED,
    EPOCHS,
    NETWORKS,
    NORM_FIRST,
    WIDTH,
    WITHOUT,
)
from dropnorm.lab.arguments import among, in_a_row, one_of, whole_number
from dropnorm.lab.setting import ALLOWED, PREPARED, SEEDS
from dropnorm.language import _
from dropnorm.split import STANDARDISED
from dropnorm.sweep.plan import BatchNorm, Dense, Dropout, Layer, Plan, Relu

BEFORE_THEN_DROPOUT = "before, then dropout"
# As the table of placement has them, and one that it has not; whether their Dense layers have a bias is told apart.
ORDERS: dict[str, tuple[Layer, ...]] = {
    **{name: NETWORKS[name] for name in (WITHOUT, BEFORE, AFTER, DROPOUT)},
    BEFORE_THEN_DROPOUT: (*NETWORKS[BEFORE], DROPPED),
    **{name: NETWORKS[name] for name in (NORM_FIRST, DROPOUT_FIRST, AT_THE_END)},
}
INPUT_RATES = (0.0, 0.1, 0.2, 0.3, 0.5)
SHORT = {Dense: "Dense", Relu: "relu", Dropout: "Dropout", BatchNorm: "BN"}


@dataclass(frozen=True)
class PlacementSetting:
    """A state of the lab's controls.

    Three blocks of 128 units and an output are trained by Adam for 100 epochs in batches of 64; where a block drops,
    the rate is 0.3.

    Attributes:
        order: what each block is made of, one of `ORDERS`.
        bias: whether the blocks' Dense layers have one; the output's has one always.
        input_dropout: share of the inputs that dropout drops, one of `INPUT_RATES`.
        inputs: the eleven measurements as they are ("raw") or scaled to mean 0 and standard deviation 1
            ("standardised").
        seed: of the first run; the spread is that of this one and the four after it.

    Raises:
        ValueError: a value that the lab does not offer, with those that it does.
    """

    order: str = BEFORE
    bias: bool = True
    input_dropout: float = 0.0
    inputs: str = STANDARDISED
    seed: int = 0

    def __post_init__(self) -> None:
        among("order", self.order, tuple(ORDERS))
        among("inputs", self.inputs, ALLOWED["inputs"])
        if not isinstance(self.bias, bool):
            raise ValueError(_("bias is True or False; this is {value}.").format(value=repr(self.bias)))
        object.__setattr__(self, "input_dropout", one_of("input_dropout", self.input_dropout, INPUT_RATES))
        object.__setattr__(self, "seed", whole_number(_("A seed"), self.seed, 0, 2**31 - 1))

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The network's layers, from the inputs to the output."""
        dense = Dense(WIDTH, use_bias=self.bias)
        block = tuple(dense if isinstance(layer, Dense) else layer for layer in ORDERS[self.order])
        first = (Dropout(self.input_dropout),) if self.input_dropout else ()
        last = (DROPPED,) if self.order == AT_THE_END else ()
        return (*first, *block * BLOCKS, *last, Dense(1))

    def plan(self, run: int = 0) -> Plan:
        """The plan of a run: from the setting's seed, or the one ``run`` places further."""
        return Plan(self.layers, "adam", EPOCHS, BATCH, self.seed + run)

    def sweep(self) -> list[Plan]:
        """The runs of the setting and of those that one press leads to, in the order in which they help most.

        The first run of each, this setting's own before the others'; then the further runs in the same order.
        """
        others = [
            *(replace(self, order=order) for order in ORDERS),
            replace(self, bias=not self.bias),
            *(replace(self, input_dropout=rate) for rate in INPUT_RATES),
        ]
        settings = [self, *(other for other in others if other != self)]
        own = [self.plan(run) for run in range(1, SEEDS)]
        further = [setting.plan(run) for run in range(1, SEEDS) for setting in settings[1:]]
        return [setting.plan() for setting in settings] + own + further

    @property
    def redundant_bias(self) -> bool:
        """Whether batch normalization follows a Dense layer at once, so that a bias between them would do nothing."""
        return any(
            isinstance(one, Dense) and isinstance(following, BatchNorm)
            for one, following in zip(self.layers, self.layers[1:], strict=False)
        )

    @property
    def drops_before_norm(self) -> bool:
        """Whether dropout stands anywhere in front of a batch normalization."""
        kinds = [type(layer) for layer in self.layers]
        return Dropout in kinds and BatchNorm in kinds[kinds.index(Dropout) :]

    @property
    def words(self) -> str:
        """The order, and whatever is not as it is by default."""
        told = {
            "bias": _("no bias"),
            "input_dropout": _("{share} of the inputs dropped").format(share=f"{self.input_dropout:g}"),
            "inputs": _(PREPARED[self.inputs]),
            "seed": _("seed {seed}").format(seed=self.seed),
        }
        default = PlacementSetting()
        others = (words for name, words in told.items() if getattr(self, name) != getattr(default, name))
        return in_a_row([label(self.order), *others])

    @property
    def code(self) -> str:
        """The line of code that brings this state back."""
        changed = (
            f"{field.name}={getattr(self, field.name)!r}"
            for field in fields(self)
            if field.name == "order" or getattr(self, field.name) != field.default
        )
        return f"PlacementLab({', '.join(changed)})"


def label(order: str) -> str:
    """One of `ORDERS` as its layers, in the order in which a block has them."""
    block = " → ".join(SHORT[type(layer)] for layer in ORDERS[order])
    return _("{block}, Dropout at the end").format(block=block) if order == AT_THE_END else block
