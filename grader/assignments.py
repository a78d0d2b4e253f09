"""The course's assignments, as they lie in its folders."""

from __future__ import annotations

from pathlib import Path

from dropnorm import places


def assignments(folder: Path = places.SOLUTIONS) -> list[str]:
    """The assignments' names: the folders in ``solutions/``, or in another folder, that hold a notebook."""
    return sorted({notebook.parent.name for notebook in folder.glob("*/*.ipynb")})
