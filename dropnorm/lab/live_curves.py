"""Learning curves that grow while ``fit`` runs, in a notebook page; a plain bar of epochs everywhere else.

In a page they are one output that is replaced in place: a drawing and a line of text, no widget and no thread. So a
saved page shows the curves of the end, and nothing goes on after the cell.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from html import escape
from typing import Any

from dropnorm import quiet

quiet.start()  # before anything imports Keras: TensorFlow would write red lines below a learner's import
# ruff: noqa: E402
import keras
import numpy as np

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION, LearningCurves
from dropnorm.figures import LOSS
from dropnorm.lab.drawing import POINTS_AN_INCH, element
from dropnorm.lab.front_end import listens
from dropnorm.lab.picture import SERIES, SIZE, TEXT, CurvesPicture
from dropnorm.language import N_, _, current
from dropnorm.progress import TRAINING, EpochProgress

PAUSE = 1 / 8  # seconds from one redraw to the next: smooth to the eye, and little beside the training
HUGE = 1e100  # the axis ends there: beyond it, room beside the curves would be no number any more
LAYER = "grid-area: 1 / 1; line-height: 0"  # frame and curves lie on each other; no line of text below them
UNDER_WAY = N_("{training}: epoch {epoch} of {epochs}")
ENDED = N_("{training}: ended after epoch {epoch} of {epochs}")
INTERRUPTED = N_("{training}: interrupted in epoch {epoch} of {epochs}")
FAILED = N_("{training}: broken off by an error in epoch {epoch} of {epochs}")


class LiveCurves(keras.callbacks.Callback):
    """Curves that grow while ``model.fit(..., verbose=0, callbacks=[LiveCurves()])`` runs.

    Drawn are the logged training loss, the training loss at inference (with a `LossAtInference` in front of this
    callback) and the validation loss. Where no page listens (a terminal, nbclient, grading), this is `EpochProgress`.

    Args:
        desc: what stands before the line of progress.
        ylabel: the loss and its unit.

    Raises:
        TypeError: one of them is no text, but a model, say.
    """

    def __init__(self, desc: str = TRAINING, ylabel: str = LOSS) -> None:
        super().__init__()
        for given in (desc, ylabel):
            if not isinstance(given, str):
                said = _(
                    "LiveCurves takes texts, desc and ylabel, and watches the model whose fit it is handed to, "
                    "`model.fit(..., callbacks=[LiveCurves()])`; this is a {kind}."
                )
                raise TypeError(said.format(kind=type(given).__name__))
        self.desc, self.ylabel = desc, ylabel
        self._shown: EpochProgress | GrowingCurves | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        if isinstance(self._shown, GrowingCurves):
            self._shown.break_off(INTERRUPTED)  # unless it has ended
        self._shown = GrowingCurves(self.desc, self.ylabel) if listens() else EpochProgress(self.desc)
        self._shown.set_params(self.params)
        self._shown.on_train_begin(logs)

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._shown.on_epoch_begin(epoch, logs)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._shown.on_epoch_end(epoch, logs)

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._shown.on_train_end(logs)


class GrowingCurves(keras.callbacks.Callback):
    """The output of one training in a notebook page."""

    def __init__(self, desc: str, ylabel: str) -> None:
        super().__init__()
        self.desc, self.ylabel = desc, ylabel
        self._logs: dict[int, Mapping[str, float]] = {}  # by epoch, counted from 1
        self._epoch = 0  # the one that is under way, or the last
        self._limits: tuple[float, float] | None = None
        self._picture: CurvesPicture | None = None
        self._drawn_as: tuple | None = None
        self._handle: Any = None
        self._shell: Any = None
        self._thread = threading.get_ident()
        self._over = False
        self._start = self._first_epoch_done = self._last_draw = 0.0

    # What Keras calls.

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._start = self._first_epoch_done = time.monotonic()
        self._watch_the_cell()
        self._draw()

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        self._epoch = epoch + 1

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        # Kept, not copied: a callback behind this one may add its loss to the same dictionary.
        self._logs[epoch + 1] = logs if logs is not None else {}
        if len(self._logs) == 1:
            self._first_epoch_done = time.monotonic()
        last = epoch + 1 == self.params["epochs"]  # drawn as the training ends
        if not last and (len(self._logs) == 1 or time.monotonic() - self._last_draw >= PAUSE):
            self._draw()

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._end(ENDED)

    # An interrupted training: Keras calls nothing then, but IPython tells when the cell is over.

    def _watch_the_cell(self) -> None:
        from IPython import get_ipython

        self._shell = get_ipython()
        if self._shell is not None:
            self._shell.events.register("post_run_cell", self._cell_is_over)

    def _cell_is_over(self, result: Any) -> None:
        if threading.get_ident() == self._thread:  # another thread's cell says nothing of this training
            error = getattr(result, "error_in_exec", None)
            by_error = error is not None and not isinstance(error, KeyboardInterrupt)
            self.break_off(FAILED if by_error else INTERRUPTED)

    def break_off(self, how: str) -> None:
        """Leave the picture as it is and say that the training was broken off; nothing if it has ended."""
        if not self._over:
            self._end(how)

    def _end(self, how: str) -> None:
        self._over = True
        if self._shell is not None:
            self._shell.events.unregister("post_run_cell", self._cell_is_over)
        self._draw(how)

    # What is shown.

    def _draw(self, state: str = "") -> None:
        from IPython.display import display

        line = self._line(state)
        content = {"text/html": self._html(line), "text/plain": line}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)
        self._last_draw = time.monotonic()

    def _line(self, state: str) -> str:
        """Where the training stands, in one line; ``state`` says how it is over, empty while it runs."""
        done, epochs = max(self._logs, default=0), self.params["epochs"]
        whole = not state or (state == ENDED and done == epochs)
        epoch = done if whole or state == ENDED else self._epoch
        parts = [_(UNDER_WAY if whole else state).format(training=_(self.desc), epoch=epoch, epochs=epochs)]
        last = self._logs.get(done, {})
        losses = [f"{name} {_short(last[name])}" for name in (LOGGED, VALIDATION) if name in last]
        parts += [current().between_items.join(losses)] if losses else []
        validation = {epoch: loss for epoch, loss in self._series(VALIDATION).items() if math.isfinite(loss)}
        if validation:
            best = min(validation, key=validation.get)
            parts.append(_("best epoch {epoch} ({loss})").format(epoch=best, loss=_short(validation[best])))
        for name, since, now in self._failures()[:1]:
            said = _("{loss} is infinite from epoch {epoch} on")
            if math.isnan(now):
                said = _("{loss} is not a number (NaN) from epoch {epoch} on")
            parts.append(said.format(loss=name, epoch=since))
        if not state and len(self._logs) > 1:
            pace = (time.monotonic() - self._first_epoch_done) / (len(self._logs) - 1)
            parts.append(_("about {seconds} s left").format(seconds=math.ceil(pace * (epochs - done))))
        elif state == ENDED:
            parts.append(_("{seconds} s").format(seconds=f"{time.monotonic() - self._start:.0f}"))
        return _("; ").join(parts)

    def _html(self, line: str) -> str:
        frame, curves = self._layers(line)
        return (
            '<div class="dropnorm-live-curves">'
            f'<div class="dropnorm-curves" style="display: grid">'
            f'<div style="{LAYER}">{frame}</div><div style="{LAYER}">{curves}</div></div>'
            f'<div class="dropnorm-progress" style="font-variant-numeric: tabular-nums">{escape(line)}</div></div>'
        )

    def _layers(self, alt: str) -> tuple[str, str]:
        """The frame and the curves, each as an ``<svg>``; before there is a number to draw, an empty one as large."""
        names = [name for name in SERIES if self._series(name)]
        curves = {name: self._curve(name) for name in SERIES}
        self._limits = axis_limits(loss_range(list(curves.values())), self._limits)
        failures = self._failures()
        failed = ""
        if failures:
            failed = _("the loss is not a number (NaN)") if math.isnan(failures[0][2]) else _("the loss is infinite")
        if self._limits is None:
            note = _("waiting for the first epoch") if not self._logs else _("no loss is logged")
            return "", _empty(failed or note, alt)
        if self._drawn_as != (self._limits, names):
            self._picture = CurvesPicture(self.params["epochs"], *self._limits, self.ylabel, names)
            self._drawn_as = (self._limits, names)  # noted last: an interrupt may come while the axes are drawn
        at_inference = curves[AT_INFERENCE] if AT_INFERENCE in names else None
        shown = LearningCurves(curves[LOGGED], curves[VALIDATION], at_inference)
        return self._picture.frame, self._picture.curves(shown, note=failed, alt=alt)

    def _series(self, name: str) -> dict[int, float]:
        """What was logged under a name, by epoch."""
        return {epoch: float(logs[name]) for epoch, logs in self._logs.items() if name in logs}

    def _curve(self, name: str) -> np.ndarray:
        """A series from epoch 1 to the last one done, NaN where nothing was logged.

        Between two epochs with one it is straight: validation may be asked for in every fifth epoch only.
        """
        epochs = np.arange(1, max(self._logs, default=0) + 1)
        series = self._series(name)
        if not series:
            return np.full(len(epochs), np.nan)
        at, losses = np.array(list(series)), np.array(list(series.values()))
        curve = np.interp(epochs, at, losses, left=np.nan, right=np.nan)
        curve[at - 1] = losses  # beside a NaN the line between is NaN, the epoch itself is not
        return curve

    def _failures(self) -> list[tuple[str, int, float]]:
        """The losses that are not numbers now: their name, since which epoch, and what they are instead."""
        failures = []
        for name in (LOGGED, VALIDATION):
            since, last = None, 0.0
            for epoch, last in self._series(name).items():
                since = None if math.isfinite(last) else since or epoch
            failures += [] if since is None else [(name, since, last)]
        return failures


def loss_range(curves: list[np.ndarray]) -> tuple[float, float] | None:
    """The lowest and the highest loss that the axis has to show; None where no loss is a number.

    The first epoch does not count where it stands far above all others: the curves come in from above then.
    """
    losses = np.array(curves)
    if not np.isfinite(losses).any():
        return None
    losses = np.where(np.isfinite(losses), np.clip(losses, -HUGE, HUGE), np.nan)
    by_epoch = losses[:, np.isfinite(losses).any(axis=0)]
    low, high = float(np.nanmin(by_epoch)), float(np.nanmax(by_epoch))
    later = float(np.nanmax(by_epoch[:, 1:])) if by_epoch.shape[1] > 2 else high
    return low, later if high > 3 * later > 0 else high


def axis_limits(ends: tuple[float, float] | None, was: tuple[float, float] | None) -> tuple[float, float] | None:
    """Limits of the loss axis for losses between two ends: those that it had, as long as they fit.

    Where they do not, the axis takes room on the side that the losses left, so that it need not change soon again.
    """
    if ends is None:
        return was
    low, high = ends
    spread = max(high - low, 0.02 * max(abs(low), abs(high)), 1e-9)
    step = 10.0 ** math.floor(math.log10(spread)) / 2
    bottom, top = low - spread / 2, high + spread / 10
    if was is not None and 4 * spread >= was[1] - was[0]:
        bottom = was[0] if was[0] <= low else bottom
        top = was[1] if high <= was[1] else high + spread
    bottom, top = math.floor(bottom / step) * step, math.ceil(top / step) * step
    return (max(bottom, 0.0) if low >= 0 else bottom), top


def _short(loss: float) -> str:
    """Four digits, always: a line whose length changes from epoch to epoch is hard to read."""
    return f"{loss:#.4g}".rstrip(".")


def _empty(note: str, alt: str) -> str:
    """A drawing as large as the curves' with nothing in it but a note, so that the page does not jump."""
    x, y = (POINTS_AN_INCH * side / 2 for side in SIZE)
    return element(f'<text x="{x:g}" y="{y:g}" {TEXT}>{note}</text>', alt, SIZE)
