"""Progress that looks the same while it runs and in a saved page.

In a notebook a `ProgressBar` is one plain-text output, updated in place: no widget whose state a saved page would
lack, nothing on stderr, and what stays is the line of the end. In a terminal it is tqdm's bar on stdout.
"""

from __future__ import annotations

import sys
from typing import Any

import keras
from tqdm.std import tqdm

from dropnorm.language import N_, _, shown

WIDTH = 88  # characters: as wide as a notebook's column shows without wrapping
TRAINING = N_("training")


class ProgressBar(tqdm):
    """A tqdm bar, used as tqdm is: ``for seed in ProgressBar(range(5), desc="seeds")``.

    Takes tqdm's arguments. ``leave=False`` empties the line at the end.
    """

    monitor_interval = 0  # no monitor thread: what a thread displays may land below another cell

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._handle = None
        kwargs.setdefault("file", sys.stdout)
        if len(args) > 1:  # as tqdm has it: what it goes over, what stands before the bar
            args = (args[0], shown(args[1] or ""), *args[2:])
        else:
            kwargs["desc"] = shown(kwargs.get("desc") or "")
        kwargs["unit"] = kwargs.get("unit") or _("it")
        if _in_notebook() and not kwargs.get("disable"):
            kwargs |= {"gui": True, "ascii": False, "ncols": kwargs.get("ncols") or WIDTH}
            super().__init__(*args, **kwargs)
            self.sp = None  # tqdm's own sign for "not a terminal"
            self.display()
        else:
            super().__init__(*args, **kwargs)

    def display(self, msg: str | None = None, pos: int | None = None) -> bool:
        """Show the bar, or ``msg`` in its place."""
        if not self.gui:
            return super().display(msg, pos)
        from IPython.display import display

        content = {"text/plain": str(self) if msg is None else msg}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)
        return True

    def clear(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to clear in a notebook: the display is replaced, never written over."""
        if not getattr(self, "gui", False):
            super().clear(*args, **kwargs)

    def close(self) -> None:
        """Show the last state (or nothing, with ``leave=False``) and end."""
        if getattr(self, "disable", True):
            return
        if self.gui:
            self.display(None if self.leave else "")
        super().close()


class EpochProgress(keras.callbacks.Callback):
    """A bar of epochs for ``model.fit(..., verbose=0, callbacks=[EpochProgress()])``, with the last losses beside it.

    Args:
        desc: what stands before the bar.
        names: the logged values to show, where they are logged.
    """

    def __init__(self, desc: str = TRAINING, names: tuple[str, ...] = ("loss", "val_loss")) -> None:
        super().__init__()
        self.desc, self.names = desc, names
        self._bar: ProgressBar | None = None

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:
        self._bar = ProgressBar(total=self.params.get("epochs"), desc=_(self.desc), unit=_("epoch"))

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        shown = {name: f"{logs[name]:.3f}" for name in self.names if name in (logs or {})}
        self._bar.set_postfix(shown, refresh=False)
        self._bar.update(epoch + 1 - self._bar.n)  # training may start at a later epoch

    def on_train_end(self, logs: dict[str, float] | None = None) -> None:
        self._bar.close()


def _in_notebook() -> bool:
    """Whether a kernel runs this; a terminal (IPython's, too) has no output that could be replaced."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return getattr(shell, "kernel", None) is not None
