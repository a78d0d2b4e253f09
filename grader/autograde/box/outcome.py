"""How a box says what became of it: its scratch folder, and the exit codes of what it ended. On every system."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from dropnorm.language import _
from grader.autograde.box.layers import MIB, Box

WORK, RUN = OWN = ("work", "run")  # folders of a box's scratch folder: the notebook's, and its kernel's sockets
ROOT = "root"  # an empty one
WHY = "why"  # a file that says why the walls could not be closed


def lay_out(scratch: Path) -> None:
    """Make in a scratch folder what a box needs."""
    for name in (*OWN, ROOT):
        (scratch / name).mkdir()


def not_closed(scratch: Path) -> str | None:
    """Why a box could not be closed; None where it could."""
    try:
        return (scratch / WHY).read_text(errors="replace")
    except OSError:
        return None


class Ended(IntEnum):
    """Exit codes by which a box says why it ended what was in it; no process inside can end with one of them."""

    NOT_CLOSED = 240
    MEMORY = 241
    DISK = 242
    PROCESSES = 243


def too_much(ended: Ended, box: Box) -> str:
    """What a cell says whose notebook was ended by its box, and what to do."""
    limits = box.limits
    if ended is Ended.MEMORY:
        told = _(
            "This cell took more than {memory} of memory, so the kernel was ended: build smaller arrays, or fewer of "
            "them at once."
        )
        return told.format(memory=_size(limits.memory))
    if ended is Ended.DISK:
        told = _(
            "This cell wrote more than {size} MB or {files} files, so the kernel was ended: write less, and delete "
            "what is no longer needed."
        )
        return told.format(size=limits.disk // MIB, files=limits.files)
    if ended is Ended.PROCESSES:
        told = _(
            "This cell started more than {processes} processes, or held more than {files} files open, so the kernel "
            "was ended: wait for those that run before you start more."
        )
        return told.format(processes=limits.processes, files=limits.descriptors_in_all)
    return _("The box around its kernel could not be closed, so it was not run.")


def _size(memory: int) -> str:
    return f"{memory / 2**30:.0f} GB" if memory >= 2**30 else f"{memory // MIB} MB"
