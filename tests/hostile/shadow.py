"""Attacks by files beside the notebook: Python or IPython would run them, or take them for the course's own.

A forked kernel has imported the course before it sees any of them. So most are run where kernels start by themselves,
and where this machine's settings name the folder that a kernel starts in: what is worst for whoever grades.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from grader.autograde.box.layers import Layer

from .case import NO_POINTS, REPRODUCED, SECRET_KEPT, SEEN, STRUCTURE, Case, Defence, Family, Ours

VERDICT = frozenset({Ours.VERDICT})
FULL = (
    "import sys, types\ncells = types.ModuleType('grader.cells')\ncells.grade = lambda _: 10.0\n"
    "sys.modules |= {'grader': types.ModuleType('grader'), 'grader.cells': cells}\n"
)
ASIDE = "try:\n    open('found', 'a').write(open('$root/secret.txt').read())\nexcept OSError:\n    pass\n"
LOOK = "import pathlib\nprint(*(path.read_text() for path in pathlib.Path().glob('found')))"


def _lies_beside(
    name: str, tries: str, *cells: str, files: Mapping[str, str], by: frozenset[Defence] = VERDICT, **more: Any
) -> Case:
    given = {path: text.encode() for path, text in files.items()}
    told = {"family": Family.FORGE, "goal": NO_POINTS, "tests": STRUCTURE, "stock": REPRODUCED, "cold": True} | more
    told |= {"long": told["cold"] and told["family"] is Family.FORGE}  # a kernel by itself takes its time to start
    return Case(name, tries=tries, cells=cells, by=by, files=given, alone=True, **told)


CASES = (
    _lies_beside(
        "package-of-its-own",
        "hands in a package `grader` beside the notebook, from which the tests import",
        files={"grader/__init__.py": "", "grader/cells.py": "grade = lambda _: 10.0"},
    ),
    _lies_beside(
        "keras-of-its-own",
        "hands in a `keras.py`, which replaces what the tests import next",
        "import keras",
        files={"keras.py": FULL},
    ),
    _lies_beside(
        "at-start",
        "hands in a `sitecustomize.py`, where `PYTHONPATH` has an empty entry",
        files={"sitecustomize.py": FULL},
    ),
    _lies_beside(
        "path-file",
        "hands in a `.pth` file that holds code, and lets Python read it",
        "import site\nsite.addsitedir('.')",
        files={"own.pth": f"import sys; exec({FULL!r})\n"},
        cold=False,
    ),
    _lies_beside(
        "profile",
        "hands in a profile of IPython's, where `IPYTHONDIR` names no folder",
        files={"profile_default/startup/00.py": FULL},
        by=frozenset({Ours.VERDICT, Layer.ENVIRONMENT}),
    ),
    _lies_beside(
        "settings-of-ipython",
        "hands in settings of IPython's, where `IPYTHONDIR` names no folder",
        files={"profile_default/ipython_config.py": f"get_config().InteractiveShellApp.exec_lines = [{FULL!r}]"},
        by=frozenset({Ours.VERDICT, Layer.ENVIRONMENT}),
    ),
    _lies_beside(
        "before-the-box",
        "hands in a `sitecustomize.py`, which reads a secret as soon as Python starts, where `PYTHONPATH` has an empty "
        "entry",
        LOOK,
        files={"sitecustomize.py": ASIDE},
        family=Family.READ,
        goal=SECRET_KEPT,
        by=frozenset({Ours.ELSEWHERE}),
        stock=SEEN,
        tests={},
    ),
)
