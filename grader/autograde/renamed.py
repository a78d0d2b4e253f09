"""A notebook that was handed in under a name that is not quite its own, or a folder too deep."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from pathlib import Path

from dropnorm.language import N_, _, current
from grader.autograde.handed_in import RefusedError

LEVELS, ENTRIES = 3, 2000  # of folders to look into, at most
SKIPPED = (".", "__")  # how folders begin that hold no submission: checkpoints, caches, __MACOSX
# What browsers, file managers and JupyterLab make of a name that is taken.
_COPY = r"(?:\s*\(\d+\)|-Copy\d+|[\s_-]+copy(?:[\s_-]*\(?\d+\)?)?|\.ipynb)*\.ipynb(?:\.txt|\.json)?"

UNDER = N_("The notebook was handed in as {found} and was taken for {name}.ipynb.")
WHICH = N_(
    "There is no {name}.ipynb, but several that could be meant ({found}): hand in the one that counts, under that name."
)


def candidates(folder: Path, name: str, others: Collection[str]) -> list[Path]:
    """The files that may be meant for a notebook that is not there; those above all that are not in a folder."""
    pattern = re.compile(re.escape(name) + _COPY, re.IGNORECASE)
    found: list[Path] = []
    entries = 0
    for above, folders, names in os.walk(folder):
        here = Path(above)
        entries += len(names) + len(folders)
        level = len(here.relative_to(folder).parts)
        folders[:] = sorted(each for each in folders if not each.startswith(SKIPPED)) if level < LEVELS else []
        fits = [
            each for each in names if pattern.fullmatch(each) and each.removesuffix(".ipynb") not in {*others} - {name}
        ]
        found += [here / each for each in sorted(fits)]
        if (level == 0 and found) or entries > ENTRIES:
            break
    return found


def the_one(found: list[Path], folder: Path, name: str) -> tuple[Path, str]:
    """The only candidate, and a sentence that tells of it. Raises RefusedError where there are several."""
    names = [repr(path.relative_to(folder).as_posix()[:100]) for path in found[:3]]
    if len(found) > 1:
        listed = current().between_items.join([*names, *(["..."] if found[3:] else [])])
        raise RefusedError(_(WHICH).format(name=name, found=listed))
    return found[0], _(UNDER).format(found=names[0], name=name)
