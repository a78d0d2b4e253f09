"""Errors that Python raises at a limit of the box, or at a question that nobody answers: what the limit is, what to do.

Python's own words, "Too many open files", say neither. They stay, and a sentence stands behind them.
"""

from __future__ import annotations

import errno
import re

from dropnorm.language import N_, _
from grader.autograde.box.layers import FILE_SIZE, MIB, Box

NUMBER = re.compile(r"\[Errno (-?\d+)\]")
NO_THREAD = "can't start new thread"
NO_NAME = (-2, -3)  # of `getaddrinfo`, on Linux: nobody knows a host's address
ASKED = N_(
    "Nobody is there to answer while notebooks are graded: write the value into the cell, in place of `input()` or "
    "`getpass()`."
)
FILES = N_("A process of a notebook may have {files} files open at once: close each, as `with open(...)` does.")
SIZE = N_("A file may grow to {size} MB: write less into one.")
ROOM = N_("There was no room left for what this cell writes: write less, and delete what is no longer needed.")
THREADS = N_("A notebook may have {threads} threads and {processes} processes at once: wait for those that run.")
BARRED = N_(
    "While notebooks are graded there is no network, and no file but the course's data and the notebook's own folder: "
    "keep to those."
)


def what_to_do(name: str, value: str, box: Box) -> str | None:
    """What a learner is told beside an error; None for all others.

    Args:
        name, value: the error's class, and its text.
        box: in which it was raised.
    """
    if name == "StdinNotImplementedError":
        return _(ASKED)
    found = NUMBER.search(value[:200])
    number = int(found[1]) if found else errno.EAGAIN if NO_THREAD in value[:200] else None
    limits = box.limits
    if number == errno.EMFILE:
        return _(FILES).format(files=limits.descriptors)
    if number == errno.EFBIG:
        return _(SIZE).format(size=min(FILE_SIZE, limits.disk) // MIB)
    if number in (errno.ENOSPC, errno.EDQUOT):
        return _(ROOM)
    if number == errno.EAGAIN:
        return _(THREADS).format(threads=limits.threads, processes=limits.processes)
    if number in (errno.ENETUNREACH, errno.EROFS, *NO_NAME):
        return _(BARRED)
    return None
