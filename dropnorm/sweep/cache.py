"""Curves on disk, one small file a run, found by the content of what was asked.

The name of an entry is a digest of the plan, of the data's numbers, of NumPy's version, of the library and the kernels
that multiply its matrices, and of the engine's own source: whatever changes a curve changes the name, and an old entry
is never read for a new question. Files are written atomically, so two processes may share the folder; what cannot be
read back is computed anew and written over.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_info

from dropnorm.curves import LearningCurves
from dropnorm.files import write_atomically
from dropnorm.places import CACHE
from dropnorm.split import Split
from dropnorm.sweep.plan import Plan

FOLDER = CACHE / "sweeps"
LIMIT = 64 * 2**20  # bytes; a run of 100 epochs takes some 6 kB, so this is about ten thousand runs
KEPT_WHEN_FULL = 0.8  # the share that stays when the limit is reached: the entries last written


def name(plan: Plan, data: str) -> str:
    """The entry's file name; ``data`` is the split's `digest`."""
    asked = f"{plan!r} {data} numpy {np.__version__} {kernels()} {engine()}"
    return hashlib.sha256(asked.encode()).hexdigest()[:32] + ".json"


def digest(split: Split) -> str:
    """A name for the numbers that a split holds."""
    content = hashlib.sha256()
    for part in (split.X_train, split.y_train, split.X_valid, split.y_valid):
        content.update(f"{part.dtype}{part.shape}".encode() + np.ascontiguousarray(part).tobytes())
    return content.hexdigest()[:16]


def load(plan: Plan, data: str, folder: Path = FOLDER) -> LearningCurves | None:
    """The curves of a plan, or None where they are not kept or cannot be read."""
    try:
        curves = LearningCurves.from_dict(json.loads((folder / name(plan, data)).read_bytes()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return curves if curves.epochs == plan.epochs and curves.seeds == (plan.seed,) else None


def store(plan: Plan, data: str, curves: LearningCurves, folder: Path = FOLDER, limit: int = LIMIT) -> None:
    """Keep the curves of a plan, and drop the oldest entries where the folder has grown over its limit.

    Raises:
        OSError: the folder cannot be written; nothing is lost but time.
    """
    keep(folder / name(plan, data), json.dumps(curves.to_dict()).encode(), limit)


def keep(path: Path, content: bytes, limit: int = LIMIT) -> None:
    """Write an entry, and drop the oldest ones where its folder has grown over its limit.

    Raises:
        OSError: the folder cannot be written.
    """
    write_atomically(path, content)
    entries = []
    for entry in path.parent.iterdir():  # also what a process left that was killed while it wrote
        try:
            entries.append((entry.stat().st_mtime_ns, entry.stat().st_size, entry))
        except FileNotFoundError:  # another process has dropped it
            continue
    if sum(size for _, size, _ in entries) > limit:
        room = limit * KEPT_WHEN_FULL
        for _, size, entry in sorted(entries, reverse=True):
            room -= size
            if room < 0:
                entry.unlink(missing_ok=True)


@lru_cache
def kernels() -> str:
    """What multiplies NumPy's matrices, where NumPy brings it along: other kernels round otherwise.

    Other packages bring libraries of their own, and a notebook has imported more of them than a process that sweeps.
    """
    libraries = (each for each in threadpool_info() if Path(each["filepath"]).parent.name in ("numpy.libs", ".dylibs"))
    own = (each for each in libraries if "numpy" in str(each["filepath"]))
    return " ".join(sorted(f"{each['internal_api']} {each.get('architecture')} {each['version']}" for each in own))


@lru_cache
def engine() -> str:
    """A digest of the modules whose code decides what a curve is."""
    folder = Path(__file__).parent
    source = b"".join((folder / f"{module}.py").read_bytes() for module in ("layers", "masks", "optimizers", "runs"))
    return hashlib.sha256(source).hexdigest()[:16]
