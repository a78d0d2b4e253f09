"""The errors of the learner's own cells: which exception a cell raised that was to give a name its value.

`Dropout(30)` raises inside the learner's cell, long before anything is judged. So the kernel's cells are watched, from
the one that imports `grader` on, and the last exception is kept for each name that a cell assigns.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterable
from typing import Any

BUILDING = ("add", "insert", "append")  # methods by which a cell builds on what a name holds


class Attempts:
    """Watches the cells of one IPython shell.

    A name's exception is forgotten when a later cell gives it a value without raising.
    """

    def __init__(self) -> None:
        self._errors: dict[str, BaseException | None] = {}
        self._order: list[str] = []
        self._given: set[str] = set()  # by the cell before
        self._behind: dict[str, BaseException | None] = {}

    def after_cell(self, result: Any) -> None:
        """IPython's ``post_run_cell`` event: takes the ``ExecutionResult`` of a cell."""
        error = result.error_before_exec or result.error_in_exec
        names = assigned(result.info.raw_cell or "")
        self._behind |= dict.fromkeys(self._given, error)
        self._given = names if error is None else set()
        for name in names:
            self._behind.pop(name, None)
            self._errors[name] = error
            self._order = [*(other for other in self._order if other != name), name]

    def error(self, names: Iterable[str]) -> BaseException | None:
        """The latest exception that stands for one of ``names``, or None."""
        wanted = set(names)
        raised = [name for name in self._order if name in wanted and self._errors[name] is not None]
        return self._errors[raised[-1]] if raised else None

    def error_behind(self, names: Iterable[str]) -> BaseException | None:
        """The exception of the cell that ran right behind the one that gave ``names`` their last values, or None.

        An answer's cell stands behind the one that clears its names; what it raised may have come before any of them.
        """
        return next((self._behind[name] for name in names if self._behind.get(name) is not None), None)


def watch(shell: Any) -> Attempts:
    """The one `Attempts` of this shell, watching from the first call on."""
    found = getattr(shell, "_dropnorm_attempts", None)
    if found is None:
        found = shell._dropnorm_attempts = Attempts()
        shell.events.register("post_run_cell", found.after_cell)
    return found


def watch_this_notebook() -> None:
    """Watch the notebook that this runs in; in plain Python there is none, and IPython is not loaded to ask for it."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is not None:
        watch(shell)


def assigned(cell: str) -> set[str]:
    """The names that a cell's code gives a value, or builds on (``.add``); of broken code, what looks like it.

    A model that a cell compiles counts as ``model.compile``.
    """
    try:
        with warnings.catch_warnings(action="ignore"):  # Python has warned when it ran the cell
            tree = ast.parse(cell)
    except (SyntaxError, ValueError):
        compiling = re.findall(r"\b\w+\.compile(?=\()", cell)
        return {*re.findall(r"^[ \t]*(\w+)[ \t]*(?::[^=\n]+)?=(?!=)", cell, re.MULTILINE), *compiling}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Attribute) and node.attr == "compile" and isinstance(node.value, ast.Name):
            names.add(f"{node.value.id}.compile")
        elif isinstance(node, ast.Attribute) and node.attr in BUILDING:
            while isinstance(node, ast.Attribute):  # ``model.layers.insert``: it is `model` that is built on
                node = node.value
            names |= {node.id} if isinstance(node, ast.Name) else set()
    return names
