"""A training that runs while one watches, and whose dropout rate can be moved under way.

It is plain Keras ``fit`` in a thread of its own. Nothing random in it is the process's: initial weights and the order
of the rows are those of the sweep's run with the same seed, masks come from seeded generators, and no global seed is
set or drawn from. A learner's own ``fit`` beside it therefore gives the same numbers as alone, and so does this one.
Keras is imported in that thread: the page answers meanwhile.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dropnorm import quiet
from dropnorm.curves import LearningCurves
from dropnorm.lab.picture import Change
from dropnorm.language import _
from dropnorm.split import Split
from dropnorm.sweep import plan, runs

if TYPE_CHECKING:
    from dropnorm.lab.live_model import LiveDropout


USUAL, QUICK = sys.getswitchinterval(), 0.0005  # seconds


@dataclass(frozen=True)
class Progress:
    """What a live training shows after an epoch: its curves so far, and where its rate was changed."""

    curves: LearningCurves
    changes: tuple[Change, ...]
    epochs: int


class LiveTraining:
    """One run of a plan by Keras, in a thread.

    Args:
        described: what is trained.
        split: the data.
        on_epoch: called after each epoch, from the training's thread.
        on_end: called when it has ended, from that thread: with None, or with one sentence on what went wrong.
    """

    def __init__(
        self,
        described: plan.Plan,
        split: Split,
        on_epoch: Callable[[Progress], None],
        on_end: Callable[[str | None], None],
    ) -> None:
        self.plan, self.split = described, split
        self.on_epoch, self._on_end = on_epoch, on_end
        self.first_rate = next((layer.rate for layer in described.layers if isinstance(layer, plan.Dropout)), 0.0)
        self.rate = self.first_rate
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="dropnorm live training", daemon=True)

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end after the step at hand."""
        self._stopped.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for its end; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to end."""
        return self._stopped.is_set()

    @property
    def running(self) -> bool:
        """Whether the thread is alive."""
        return self._thread.is_alive()

    def move(self, rate: float) -> None:
        """Let the training go on with another dropout rate, from its next step on."""
        self.rate = rate

    def _run(self) -> None:
        # Python changes threads every 5 ms by default. A slider's message passes through several, and would wait for
        # the training at each.
        sys.setswitchinterval(QUICK)
        try:
            self._train()
        except BaseException as error:  # it must be said on the page: a thread has nobody to raise to
            said = _("The live training failed: {kind}: {error}")
            self._on_end(said.format(kind=type(error).__name__, error=error))
        else:
            self._on_end(None)
        finally:
            sys.setswitchinterval(USUAL)

    def _train(self) -> None:
        quiet.start()
        import keras

        from dropnorm.lab.live_model import built

        model, dropouts = built(self.plan, self.split.X_train.shape[1])
        order = next(runs.orders(self.plan, len(self.split.X_train)))
        watch = _Watch(self, model, dropouts)
        model.fit(
            self.split.X_train[order],
            self.split.y_train[order],
            epochs=self.plan.epochs,
            batch_size=self.plan.batch_size,
            shuffle=False,
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_train_batch_begin=watch.before_step,
                    on_train_batch_end=watch.after_step,
                    on_epoch_end=watch.after_epoch,
                )
            ],
        )


class _Watch:
    """Moves rates between steps, stops between steps, and measures after each epoch."""

    def __init__(self, training: LiveTraining, model: Any, dropouts: Sequence[LiveDropout]) -> None:
        self.training, self.model, self.dropouts = training, model, dropouts
        self.logged: list[tuple[float, float, float]] = []
        self.changes: list[Change] = []
        self.steps = -(-len(training.split.X_train) // training.plan.batch_size)

    def before_step(self, batch: int, logs: dict[str, float] | None = None) -> None:
        wanted = self.training.rate
        if any(layer.rate != wanted for layer in self.dropouts):
            for layer in self.dropouts:
                layer.move(wanted)
            self.changes.append(Change(len(self.logged) + batch / self.steps, wanted))

    def after_step(self, batch: int, logs: dict[str, float] | None = None) -> None:
        if self.training.stopping:
            self.model.stop_training = True

    def after_epoch(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        if self.training.stopping:  # a part of an epoch is no point of a curve
            return
        split = self.training.split
        at_inference, validation = (
            self._loss(X, y) for X, y in ((split.X_train, split.y_train), (split.X_valid, split.y_valid))
        )
        self.logged.append(((logs or {})["loss"], at_inference, validation))
        loss, at_inference, validation = np.array(self.logged).T
        curves = LearningCurves(loss, validation, at_inference, seeds=(self.training.plan.seed,))
        self.training.on_epoch(Progress(curves, tuple(self.changes), epoch + 1))

    def _loss(self, X: np.ndarray, y: np.ndarray) -> float:
        predicted = self.model(np.asarray(X, np.float32), training=False)
        return float(np.abs(np.asarray(predicted)[:, 0] - y).mean())
