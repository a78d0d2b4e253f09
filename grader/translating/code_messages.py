"""The messages in the course's own code: what stands between ``_("…")``, and the texts of its declarations.

An extractor for Babel, which calls it once a file.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, BinaryIO

# The functions that mark a message, and the declarations that hold some: which arguments, by place and by name.
MARKED: dict[str, tuple[int | str, ...]] = {
    "_": (0,),
    "N_": (0,),
    "ngettext": (0, 1),
    "Misconception": (1, 2, 3, "seen", "why", "step"),
    "Criterion": (1, "title"),
    "Exercise": ("hints",),
    "Change": ("hints",),
    "_diagnosis": ("hints",),
    "_mended": ("hints",),
}
PLURAL = "ngettext"
Found = tuple[int, str, str | tuple[str, ...], list[str]]  # line, function, message(s), comments: as Babel wants it


def extract(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterator[Found]:
    """The messages of a Python file."""
    for node in ast.walk(ast.parse(file.read(), getattr(file, "name", ""))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        wanted = MARKED.get(name, ())
        given = [*enumerate(node.args), *((keyword.arg, keyword.value) for keyword in node.keywords)]
        texts = [text for place, value in given if place in wanted for text in _texts(value)]
        if name == PLURAL and len(texts) == 2:
            yield node.lineno, name, tuple(texts), []
        else:
            yield from ((node.lineno, "_", text, []) for text in texts)


def _texts(value: ast.expr) -> Iterator[str]:
    """The literals of an argument: a text, or those of a tuple."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value:
        yield value.value
    elif isinstance(value, ast.Tuple | ast.List):
        for each in value.elts:
            yield from _texts(each)
