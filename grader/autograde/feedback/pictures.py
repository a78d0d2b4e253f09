"""The curves that were judged, beside the band in which the reference's end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm.curves import VALIDATION, LearningCurves
from dropnorm.datasets import DataError
from dropnorm.fonts import label
from dropnorm.language import N_, _, current, sentences, spaced
from grader.autograde.feedback.nouns import Figure, Picture
from grader.autograde.judging import ANEW
from grader.bands import Band, BandError, band
from grader.exercises import Exercise, exercise
from grader.handed import Retrained
from grader.judged import Judged
from grader.retraining import Stop

if TYPE_CHECKING:
    from matplotlib.axes import Axes

log = logging.getLogger(__name__)
INCHES = (4.4, 3.4)  # on a phone nearly as large as drawn, so that its words can be read
KEPT = 256  # drawings of some 40 kB
HIGHEST = 6.0  # times the band's upper limit: what lies above is cut off, else the band would be a line
CUT = N_("What lies above the axis, in the first epochs above all, is cut off.")
OTHER_LOSS = N_("Your network was compiled with another loss than the exercise's, so no band can be drawn beside it.")
LOWEST_VALIDATION, LAST_VALIDATION = "best_val_loss", "last_val_loss"
NAMES = {
    LAST_VALIDATION: N_("validation loss at the end"),
    LOWEST_VALIDATION: N_("lowest validation loss"),
    "gap": N_("generalization gap at the end"),
    "fall": N_("share of the first training loss that is gone"),
}
LABELS = {LAST_VALIDATION: N_("the reference's end"), LOWEST_VALIDATION: N_("the reference's best")}


def picture(judged: Judged) -> Picture | None:
    """The curves behind a verdict; None where nothing was trained for it, or what is kept cannot be drawn."""
    training = next(iter(judged.trainings.values()), None)  # the learner's own: what else was asked for came after it
    try:
        return None if training is None else _picture(judged, training)
    except Exception:  # a kernel may have handed over anything; the reasons stand without a picture
        log.warning("The curves of %s cannot be drawn.", judged.rubric, exc_info=True)
        return None


def _picture(judged: Judged, training: Retrained) -> Picture:
    curves = training.counted(_stop(judged.account))
    bands = {} if training.losses_now else dict(_bands(exercise(str(judged.account["exercise"]))))
    figures = tuple(_figure(name, float(_value(curves, name)), limits) for name, limits in bands.items())
    more = OTHER_LOSS if training.losses_now else CUT if bands.keys() & LABELS.keys() else ""
    return Picture(_drawn(curves, bands, figures), sentences(_(ANEW), _(more)), figures)


def _stop(account: Mapping[str, Any]) -> Stop | None:
    """The learner's early stopping, where it belongs to what is judged."""
    given = account.get("given")
    stop = given.get("stop") if isinstance(given, Mapping) else None
    return Stop(**stop) if isinstance(stop, Mapping) else None


def _bands(owner: Exercise) -> Iterator[tuple[str, Band]]:
    for name in NAMES:
        try:
            limits = band(owner.name, owner.source(), name)
        except (BandError, DataError):
            return
        if limits is not None:
            yield name, limits


def _value(curves: LearningCurves, name: str) -> np.floating:
    return (curves.last(VALIDATION) if name == LAST_VALIDATION else getattr(curves, name))[0]


def _figure(name: str, value: float, limits: Band) -> Figure:
    return Figure(_(NAMES[name]), _number(name, value), _limits(name, limits), limits.holds(value))


def _limits(name: str, limits: Band) -> str:
    if limits.low is None or limits.high is None:
        if limits.high is not None:
            return _("at most {limit}").format(limit=_number(name, limits.high))
        return _("any") if limits.low is None else _("at least {limit}").format(limit=_number(name, limits.low))
    return _("{low} to {high}").format(low=_number(name, limits.low), high=_number(name, limits.high))


def _number(name: str, value: float) -> str:
    if not np.isfinite(value):
        return _("no number")
    return _("{number} %").format(number=f"{value:.1%}".rstrip("%")) if name == "fall" else f"{value:.4g}"


def _drawn(curves: LearningCurves, bands: Mapping[str, Band], figures: tuple[Figure, ...]) -> str:
    """The drawing: most of a class hands in the same dozen models, and each is drawn once a command."""
    return _drawing(json.dumps(curves.to_dict()), tuple(bands.items()), figures, current().code)


@lru_cache(maxsize=KEPT)
def _drawing(told: str, limits: tuple[tuple[str, Band], ...], figures: tuple[Figure, ...], language: str) -> str:
    """`_drawn` of curves as JSON. ``language`` is the one spoken: a drawing in another one is another drawing."""
    from matplotlib.figure import Figure as Canvas

    from dropnorm import figures as drawings

    curves, bands = LearningCurves.from_dict(json.loads(told)), dict(limits)
    canvas = Canvas(figsize=INCHES, layout="constrained")
    axes = drawings.plot_curves(curves, canvas.subplots())
    for name in LABELS:
        if name in bands:
            _shade(axes, curves, name, bands[name])
    lines, names = axes.get_legend_handles_labels()
    canvas.legend(lines, names, loc="outside upper left", ncols=2, frameon=False, fontsize="small")
    beside = _("{what}: {yours}, the reference's {reference}.")
    said = [spaced(beside.format(what=each.what, yours=each.yours, reference=each.reference)) for each in figures]
    return drawings.svg(canvas, sentences(drawings.describe(curves), *said))


def _shade(axes: Axes, curves: LearningCurves, name: str, limits: Band) -> None:
    """The band, over the epochs that it is about; the axis shows that height rather than the first epochs' losses."""
    from dropnorm.figures import GREEN

    later = np.concatenate([each[:, curves.epochs // 10 :].ravel() for each in _series(curves)])
    known = [limit for limit in (limits.low, limits.high) if limit is not None]
    shown = np.concatenate([later[np.isfinite(later)], known])
    top = min(shown.max(), HIGHEST * max(known))
    room = 0.08 * (top - shown.min()) or 0.1
    low, high = shown.min() - room, top + room
    axes.set_ylim(low, high)
    first = curves.epochs - max(1, curves.epochs // 10) if name == LAST_VALIDATION else 0
    sides = low if limits.low is None else limits.low, high if limits.high is None else limits.high
    reach = [first + 0.5, curves.epochs + 0.5]
    axes.fill_between(reach, *sides, color=GREEN, alpha=0.3, linewidth=0, label=label(LABELS[name]))
    for limit in known:
        axes.axhline(limit, color=GREEN, linestyle=(0, (1, 2)), linewidth=1)


def _series(curves: LearningCurves) -> list[np.ndarray]:
    return [each for each in (curves.loss, curves.val_loss, curves.loss_at_inference) if each is not None]
