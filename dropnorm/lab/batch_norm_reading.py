"""What `BatchNormLab` shows, in words and numbers: a batch in both modes, and how far the moving averages have come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dropnorm.lab.batch_norm_picture import EDGES
from dropnorm.lab.normalization import Normalization
from dropnorm.lab.numerals import plain, signed
from dropnorm.lab.vehicle_batches import ColouredBatch, apart, what
from dropnorm.language import _, ngettext, sentences, spaced

NEAR = 0.2  # two modes whose outputs lie no further apart nearly agree
OFF = 0.1  # moving averages further than this share of the inputs' deviation are off


def batch_norm_reading(
    values: Sequence[np.ndarray],
    state: Normalization,
    own: tuple[float, float],
    coloured: tuple[ColouredBatch, int] | None = None,
    in_turn: bool = False,
) -> str:
    """What is seen of a batch.

    Args:
        values: it before, after in training mode, and after at inference; each ``(rows,)``.
        state: the moving averages, γ and β.
        own: mean and standard deviation of the inputs, to which the moving averages go.
        coloured: the batch with its colours and the number of the unit, where vehicles are shown.
        in_turn: whether the batches are of one colour and then of the other.
    """
    affine = _("Both stretched by γ = {gamma} and shifted by β = {beta}.").format(
        gamma=f"{state.gamma:g}", beta=plain(state.beta)
    )
    said = sentences(
        _all_three(values, state, coloured),
        affine if (state.gamma, state.beta) != (1, 0) else "",
        apart(coloured[0], state) if coloured else "",
        _comparison(float(np.abs(values[1] - values[2]).max()), state, own, in_turn),
        _beyond(values),
    )
    return spaced(said)


def _all_three(values: Sequence[np.ndarray], state: Normalization, coloured: tuple[ColouredBatch, int] | None) -> str:
    before, training, inference = (
        _pair(signed(each.mean(dtype=float)), f"{each.std(dtype=float):.2f}") for each in values
    )
    activations = _("{count} activations").format(count=len(values[0]))
    if coloured:
        activations = _("{count} activations of {unit}").format(count=len(values[0]), unit=what(*coloured))
    seen = len(state.history)
    batches = ngettext("{count} batch at momentum {momentum}", "{count} batches at momentum {momentum}", seen)
    return _(
        "{activations}, mean and standard deviation: {before} before; {training} after in training mode, by the "
        "batch's own statistics; {inference} after in inference mode, by the moving averages, {moving} after {batches}."
    ).format(
        activations=activations,
        before=before,
        training=training,
        inference=inference,
        moving=_pair(signed(state.mean), f"{state.variance**0.5:.2f}"),
        batches=batches.format(count=seen, momentum=f"{state.momentum:g}"),
    )


def _comparison(between: float, state: Normalization, own: tuple[float, float], in_turn: bool) -> str:
    """How far the modes lie apart, and why."""
    mean, deviation = own
    off = OFF * deviation * (2 if in_turn else 1)  # each batch in turn pulls them to its own colour
    if between <= NEAR:
        said = _("The two modes nearly agree: no activation comes out more than {between} apart.")
    elif max(abs(state.mean - mean), abs(state.variance**0.5 - deviation)) > off:
        said = _(
            "The same activation comes out up to {between} apart in the two modes: the moving averages are still off "
            "the inputs' own, {own}."
        )
    elif in_turn:
        said = _(
            "The same activation comes out up to {between} apart in the two modes: the moving averages have arrived "
            "between the colours, this batch is of one."
        )
    else:
        said = _(
            "The same activation comes out up to {between} apart in the two modes: the moving averages have arrived, "
            "this batch's own statistics differ by chance."
        )
    return said.format(between=f"{between:.2f}", own=_pair(plain(mean), plain(deviation)))


def _pair(mean: str, deviation: str) -> str:
    return _("{mean} and {deviation}").format(mean=mean, deviation=deviation)


def _beyond(values: Sequence[np.ndarray]) -> str:
    """What of the histograms lies beyond their axis."""
    count = sum(int(((each < EDGES[0]) | (each > EDGES[-1])).sum()) for each in values)
    return _("{count} beyond the axes, counted in the outermost bars.").format(count=count) if count else ""
