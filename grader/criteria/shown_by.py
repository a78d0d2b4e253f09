"""Which numbers over the curves show which problem: the usual ones, however they are computed.

A gap may be taken in the last epoch or over the last tenth of them, as a difference, a ratio or a share. Whoever takes
it in one of these ways has understood it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.language import N_, _
from dropnorm.symptoms import Problem

NAMES = {
    LOGGED: N_("the logged training loss"),
    AT_INFERENCE: N_("the training loss at inference"),
    VALIDATION: N_("the validation loss"),
}
LAST = (1, 2, 3, 4, 5, 9, 10, 11, 15, 16, 19, 20, 21)  # how many epochs "the last ones" may be


@dataclass(frozen=True)
class Number:
    """A number that an answer may give.

    Attributes:
        value: its value.
        slack: by how much an answer may miss it, being rounded.
        what: what it is, in words.
    """

    value: float
    slack: float
    what: str

    def is_exactly(self, value: float) -> bool:
        """Whether an answer is this number, as an expression gives it."""
        return bool(np.isclose(value, self.value, rtol=1e-9, atol=0, equal_nan=True))

    def is_given(self, value: float) -> bool:
        """Whether an answer is this number, exactly or rounded."""
        if not np.isfinite(self.value):
            return value == self.value or bool(np.isnan(value) and np.isnan(self.value))
        return bool(abs(value - self.value) <= self.slack + 1e-9)


def shown_by(problem: Problem, curves: LearningCurves) -> list[Number]:
    """The numbers that show a problem in the curves of one run; none for `fine`."""
    return list(SHOWN[problem](curves)) if problem in SHOWN else []


def turned_round(problem: Problem, curves: LearningCurves) -> list[Number]:
    """The same, with what is compared in the wrong order."""
    return list(distances(curves, *reversed(COMPARED[problem]))) if problem in COMPARED else []


def losses(curves: LearningCurves) -> Iterator[Number]:
    """Single losses: the first, the last and the lowest of each curve."""
    for name, words in NAMES.items():
        series = _series(curves, name)
        single = (
            (_("the first value of {curve}"), series[0]),
            (_("the last value of {curve}"), series[-1]),
            (_("the lowest value of {curve}"), np.nanmin(series)),
        )
        for what, value in single:
            yield Number(float(value), _digit(value), what.format(curve=_(words)))
        yield Number(_tenth(series), _digit(series[-1]), _("the mean of {curve} at the end").format(curve=_(words)))


def peaks_of_calm_curves(curves: LearningCurves) -> Iterator[Number]:
    """The largest value of each curve that does not explode."""
    for name, words in NAMES.items():
        series = _series(curves, name)
        if not explodes(series):
            what = _("the largest value of {curve}").format(curve=_(words))
            yield Number(float(np.nanmax(series)), _digit(np.nanmax(series)), what)


def explodes(series: np.ndarray) -> bool:
    """Whether a loss is, once, ten times as large as it usually is."""
    finite = series[np.isfinite(series)]
    return bool(finite.max() >= 10 * np.median(finite))


def falls(curves: LearningCurves) -> Iterator[Number]:
    """How far each curve fell over all epochs."""
    for name, words in NAMES.items():
        series = _series(curves, name)
        yield from _comparisons(series[0], series[-1], _("the whole fall of {curve}").format(curve=_(words)))


def distances(curves: LearningCurves, upper: str, lower: str) -> Iterator[Number]:
    """How far one curve lies above another: at the end, over the last epochs, in the best one."""
    what = _("how far {upper} lies from {lower}").format(upper=_(NAMES[upper]), lower=_(NAMES[lower]))
    a, b = _series(curves, upper), _series(curves, lower)
    best, fifth = int(np.nanargmin(_series(curves, VALIDATION))), max(1, len(a) // 5)
    yield from _comparisons(a[-1], b[-1], what)
    yield from _comparisons(_tenth(a), _tenth(b), what)
    yield _difference(a[best], b[best], what)
    yield _difference(np.median(a[-fifth:]), np.median(b[-fifth:]), what)
    yield from (_difference(a[-last:].mean(), b[-last:].mean(), what) for last in {fifth, 5, 10, len(a)})


def _overfits(curves: LearningCurves) -> Iterator[Number]:
    yield from distances(curves, *COMPARED[Problem.OVERFITS])
    yield from distances(curves, VALIDATION, LOGGED)  # as good where there is no dropout: the training losses agree
    validation = _series(curves, VALIDATION)
    what = _("how far the validation loss has risen from its lowest")
    for end in (validation[-1], _tenth(validation)):
        yield from _comparisons(end, validation.min(), what)
    best = int(validation.argmin()) + 1
    for epochs in (best, len(validation) - best):
        yield Number(float(epochs), 0.0, _("the epoch in which the validation loss is lowest"))


def _disagrees(curves: LearningCurves) -> Iterator[Number]:
    yield from distances(curves, *COMPARED[Problem.DISAGREE])


def _too_slow(curves: LearningCurves) -> Iterator[Number]:
    """In either sign: that a loss has changed by -3 says the same as that it fell by 3."""
    for name, words in NAMES.items():
        series, what = _series(curves, name), _("how {curve} falls at the end").format(curve=_(words))
        fifth = len(series) // 5
        spans = [series[-1 - last] - series[-1] for last in LAST]
        spans += [series[-2 * fifth : -fifth].mean() - series[-fifth:].mean(), _fifth(series, 4) - _fifth(series, 5)]
        slopes = [np.polyfit(np.arange(last), series[-last:], 1)[0] for last in (*LAST[4:], len(series))]
        slopes += [np.diff(series)[-last:].mean() for last in (*LAST[4:], len(series) - 1)]
        for value in (*spans, *slopes):
            yield from (Number(float(signed), _digit(value), what) for signed in (value, -value))
        often = _("in what share of the last epochs {curve} fell").format(curve=_(words))
        for last in (*LAST[4:], fifth, len(series) - 1):
            before, share = series[-1 - last], (np.diff(series)[-last:] < 0).mean()
            yield from (Number(float(ratio), 0.005, what) for ratio in _ratios(before, series[-1]))
            yield from (Number(float(ratio), 0.005, what) for ratio in _ratios(series[-1], before))
            yield Number(float(share), 0.005, often)
    what = _("how {curve} falls at the end").format(curve=_(NAMES[VALIDATION]))
    yield Number(float(curves.still_falling[0]), 0.005, what)
    yield Number(float(curves.best_epoch[0]), 0.0, _("the epoch in which the validation loss is lowest"))


def _unstable(curves: LearningCurves) -> Iterator[Number]:
    for name, words in NAMES.items():
        series = _series(curves, name)
        if not explodes(series):
            continue  # this curve shows nothing of it
        finite = series[np.isfinite(series)]
        peak, what = finite.max(), _("the largest value of {curve}").format(curve=_(words))
        compared = [1.0, *(float(other) for other in (finite[-1], finite.min(), np.median(finite), _tenth(finite)))]
        compared += [float(finite[1]), float(_series(curves, VALIDATION)[0])]
        values = [peak / other for other in compared] + [peak - other for other in compared]
        values += [finite.std(), finite.std(ddof=1), finite.mean(), finite.var(), np.abs(np.diff(finite)).max()]
        yield from (Number(float(value), 0.02 * abs(value), what) for value in values)
        epoch = _("the epoch of the largest value of {curve}").format(curve=_(words))
        yield Number(float(series.argmax()) + 1, 0.0, epoch)
    broken = sum(int((~np.isfinite(_series(curves, name))).sum()) for name in NAMES)
    if broken:
        yield Number(float(broken), 0.0, _("how many losses are no numbers"))


def _noisy(curves: LearningCurves) -> Iterator[Number]:
    jumps = np.abs(np.diff(_series(curves, VALIDATION)))
    what = _("how the validation loss jumps from epoch to epoch")
    for value in (np.median(jumps[len(jumps) // 2 :]), np.median(jumps), jumps.mean(), jumps[-10:].mean()):
        yield Number(float(value), _digit(value), what)


def _stuck(curves: LearningCurves) -> Iterator[Number]:
    for name, words in NAMES.items():
        spread, what = float(np.ptp(_series(curves, name))), _("the range of {curve}").format(curve=_(words))
        yield Number(spread, _digit(spread), what)


# What is compared, the curve first that lies above the other where the problem is bad.
COMPARED = {Problem.OVERFITS: (VALIDATION, AT_INFERENCE), Problem.DISAGREE: (AT_INFERENCE, LOGGED)}
SHOWN: dict[Problem, Callable[[LearningCurves], Iterator[Number]]] = {
    Problem.OVERFITS: _overfits,
    Problem.DISAGREE: _disagrees,
    Problem.TOO_SLOW: _too_slow,
    Problem.UNSTABLE: _unstable,
    Problem.NOISY: _noisy,
    Problem.STUCK: _stuck,
}


def _difference(a: float, b: float, what: str) -> Number:
    difference = float(a - b)
    return Number(difference, min(_digit(max(abs(a), abs(b))), 0.2 * abs(difference)), what)


def _comparisons(a: float, b: float, what: str) -> Iterator[Number]:
    """Two values compared as difference, ratio, share and percentage."""
    yield _difference(a, b, what)
    yield from (Number(float(ratio), 0.02 * abs(ratio - 1) if ratio > 1 else 0.005, what) for ratio in _ratios(a, b))


def _ratios(a: float, b: float) -> tuple[float, ...]:
    return (a / b, (a - b) / b, 100 * (a - b) / b, (a - b) / a)


def _series(curves: LearningCurves, name: str) -> np.ndarray:
    return getattr(curves, name)[0]


def _tenth(series: np.ndarray) -> float:
    return float(series[-max(1, len(series) // 10) :].mean())


def _fifth(series: np.ndarray, number: int) -> float:
    """The median of a fifth of the epochs, counted from 1."""
    length = len(series) // 5
    end = len(series) - (5 - number) * length
    return float(np.median(series[end - length : end]))


def _digit(value: float) -> float:
    """Half a unit in the third significant digit of a value, and a little."""
    return float(0.6 * 10.0 ** (np.floor(np.log10(max(abs(value), 1e-12))) - 2))
