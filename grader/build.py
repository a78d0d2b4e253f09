"""`make build`: the notebooks of other languages, and what learners get in ``exercises/``.

    python -m grader.build [--overwrite]

First the catalogues are brought up to date with the sources, and the other languages' lessons and solutions are made of
them. A notebook among these that was changed by hand stops the build, so that nothing of its author's is lost.
``exercises/`` is made from ``solutions/`` by nbgrader's own converter:
`nbgrader generate_assignment` runs in a scratch folder, with a gradebook of its own that is thrown away; files of
``exercises/`` are replaced, one by one and atomically, only where they differ. So a second build changes nothing, and
the instructor's gradebook is never touched.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

try:
    from dropnorm import places
    from dropnorm.files import write_atomically
    from dropnorm.language import LanguageError, listed
    from grader.assignments import assignments
    from grader.languages import homework_of
    from grader.translating import checks, making
    from grader.translating.catalogues import CatalogueError
    from grader.translating.glossary import GlossaryError
    from grader.translating.sources import SourceError, Sources
except SyntaxError as error:  # the build's own modules are sources as well
    if __name__ != "__main__":
        raise
    sys.exit(f"The build has stopped: line {error.lineno} of {error.filename} is no Python ({error.msg}): mend it.")

CONFIG = "nbgrader_config.py"


class BuildError(Exception):
    """The exercises could not be made; the message says what nbgrader said."""


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
        for homework in sorted({homework_of(name) for name in names}):  # with its translations
            _generate_assignment(homework, scratch)
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


def translate(root: Path = places.ROOT, overwrite: bool = False) -> list[str]:
    """Bring catalogues and translated notebooks up to date, and say in a line each what was changed.

    Translated notebooks whose source is gone are removed.

    Args:
        root: the clone.
        overwrite: whether notebooks that were changed by hand are made anew or removed, too.

    Raises:
        BuildError: there are such notebooks, or something cannot be read; nothing was written.
    """
    try:
        edited, sourceless = making.edited(root), making.sourceless(root)
        if edited and not overwrite:
            raise BuildError(_changed_by_hand(edited, sourceless, root))
        made = making.made(root)
    except (CatalogueError, GlossaryError, LanguageError, SourceError) as error:
        raise BuildError(str(error)) from error
    changes = []
    for path, content in made.items():
        if not path.exists() or path.read_bytes() != content:
            write_atomically(path, content)
            changes.append(f"updated {path.name}")
    for path in sourceless:
        path.unlink()
        changes.append(f"removed {path.relative_to(root).as_posix()}, which has no source any more")
    return changes


def _changed_by_hand(edited: list[Path], sourceless: list[Path], root: Path) -> str:
    """What is said where a build would undo what somebody did."""
    lost = [path for path in edited if path in sourceless]
    names = listed(path.relative_to(root).as_posix() for path in lost or edited)
    were = "was" if len(lost or edited) == 1 else "were"
    if lost:
        what = f"{names} {were} changed by hand, and a build would delete {'it' if were == 'was' else 'them'}, for"
        return f'{what} the source is gone: keep a copy elsewhere, then make build ARGS="--overwrite".'
    return (
        f"{names} {were} changed by hand, and a build would undo that: carry the change over to the PO file, then "
        'make build ARGS="--overwrite".'
    )


def main() -> int:
    """Build, and say what changed, and what the translations lack."""
    parser = argparse.ArgumentParser(prog="python -m grader.build", description="exercises and translations, made anew")
    parser.add_argument("--overwrite", action="store_true", help="make notebooks anew that were changed by hand, too")
    try:
        changes = [*translate(overwrite=parser.parse_args().overwrite), *write(generate())]
    except (BuildError, OSError) as error:
        print(f"The build has stopped: {error}", file=sys.stderr)
        return 1
    print("\n".join(changes) if changes else "all is up to date")
    faults = [f"{each.name}: {fault}" for each in making.languages() for fault in checks.faults(each, Sources())]
    if faults:
        print(f"Translations lack something in {len(faults)} places:", *faults, sep="\n  ")
    return 0


def _generate_assignment(name: str, scratch: Path) -> None:
    command = [sys.executable, "-m", "nbgrader", "generate_assignment", name]
    done = subprocess.run(command, cwd=scratch, env=environment(), capture_output=True, text=True)
    if done.returncode != 0:
        raise BuildError(f"nbgrader could not convert {name}; it said:\n{done.stderr.strip()}")


if __name__ == "__main__":
    sys.exit(main())
