"""`make build`: what learners get in ``exercises/``, made from ``solutions/`` by nbgrader's own converter.

    python -m grader.build

`nbgrader generate_assignment` runs in a scratch folder, with a gradebook of its own that is thrown away; files of
``exercises/`` are replaced, one by one and atomically, only where they differ. So a second build changes nothing, and
the instructor's gradebook is never touched.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from dropnorm import places
from dropnorm.files import write_atomically

CONFIG = "nbgrader_config.py"


class BuildError(Exception):
    """The exercises could not be made; the message says what nbgrader said."""


def assignments(solutions: Path = places.SOLUTIONS) -> list[str]:
    """The assignments' names: the folders in ``solutions/`` that hold a notebook."""
    return sorted({notebook.parent.name for notebook in solutions.glob("*/*.ipynb")})


def generate(root: Path = places.ROOT) -> dict[Path, bytes]:
    """What belongs into ``exercises/``: each file's content by its path relative to that folder. Writes nothing there.

    Args:
        root: the clone that holds ``solutions/`` and ``nbgrader_config.py``.

    Raises:
        BuildError: there is nothing to build from, or nbgrader failed.
    """
    names = assignments(root / "solutions")
    if not names:
        raise BuildError(f"There is no notebook in {root / 'solutions'}: nothing to build the exercises from.")
    with tempfile.TemporaryDirectory(prefix="dropnorm-build-") as folder:
        scratch = Path(folder)
        shutil.copy(root / CONFIG, scratch)  # its folder is the course's root, so all of this happens in the scratch
        shutil.copytree(root / "solutions", scratch / "solutions", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
        for name in names:
            _generate_assignment(name, scratch)
        made = scratch / "exercises"
        return {file.relative_to(made): file.read_bytes() for file in sorted(made.rglob("*")) if file.is_file()}


def write(content: dict[Path, bytes], folder: Path = places.EXERCISES) -> list[str]:
    """Bring ``folder`` to that content, and say in a line each what was changed; nothing else is touched.

    A file is replaced in one step, so an interruption leaves the old one or the new one. Files of an assignment that
    no longer belong to it are removed.
    """
    changes = []
    for path, new in content.items():
        target = folder / path
        old = target.read_bytes() if target.is_file() else None
        if old != new:
            write_atomically(target, new)
            changes.append(f"{'made' if old is None else 'updated'} {target.name}")
    kept = {folder / path for path in content}
    for notebook in sorted(folder.glob("*/*.ipynb")):
        if notebook not in kept:
            notebook.unlink()
            changes.append(f"removed {notebook.name}, which has no source any more")
    return changes


def environment() -> dict[str, str]:
    """The environment for nbgrader: it starts `alembic` by its bare name, so this Python's scripts must be on PATH."""
    scripts = sysconfig.get_path("scripts")
    return dict(os.environ) | {"PATH": os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])}


def main() -> int:
    """Build, and say what changed."""
    try:
        changes = write(generate())
    except (BuildError, OSError) as error:
        print(f"The exercises were not built: {error}", file=sys.stderr)
        return 1
    print("\n".join(changes) if changes else "exercises/ is up to date")
    return 0


def _generate_assignment(name: str, scratch: Path) -> None:
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", name]
    done = subprocess.run(command, cwd=scratch, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"nbgrader could not convert {name}; it said:\n{done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
