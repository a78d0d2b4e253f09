"""All attacks, by family."""

from __future__ import annotations

from . import forge, net, read, run, shadow, write
from .case import Case

CASES: tuple[Case, ...] = (*forge.CASES, *shadow.CASES, *read.CASES, *write.CASES, *net.CASES, *run.CASES)
