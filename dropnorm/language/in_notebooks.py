"""What a notebook prints and which tables it shows, in the language that is spoken: `print` and pandas as ever.

Only the display is translated. Names in a table that are code (columns of a file, keys of a history) are in no
catalogue and stay as they are.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any

from dropnorm.language.catalogue import SOURCE
from dropnorm.language.choice import current
from dropnorm.language.shown import shown

TEXTS = ("object", "str")  # kinds of columns that may hold texts

# A table that is wider than its page would break Chinese names behind each letter.
OPENED, UNBROKEN = "<table ", '<table style="word-break: keep-all" '


def speak_in_notebook() -> None:
    """From now on, this notebook prints and shows tables in the language that is spoken. In plain Python: nothing."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return
    if current().code == SOURCE:
        if shell.user_ns.get("print") is print_shown:
            del shell.user_ns["print"]
        return
    shell.user_ns["print"] = print_shown
    html, plain = (shell.display_formatter.formatters[kind] for kind in ("text/html", "text/plain"))
    for kind in ("DataFrame", "Series"):
        plain.for_type_by_name("pandas", kind, lambda table, page, cycle: page.text(repr(shown_table(table))))
    html.for_type_by_name(
        "pandas", "DataFrame", lambda table: shown_table(table)._repr_html_().replace(OPENED, UNBROKEN)
    )


def print_shown(*values: Any, **options: Any) -> None:
    """`print`, with texts in the language that is spoken."""
    if options.get("file") in (None, sys.stdout, sys.stderr):  # what goes into a file of the learner's is theirs
        values = tuple(shown(value, aligned=True) if isinstance(value, str) else value for value in values)
    builtins.print(*values, **options)


def shown_table(table: Any) -> Any:
    """A copy of a table with its labels and its texts translated; numbers among them stay what they are."""
    import pandas as pd

    table = table.copy()
    for axis in ("index", "columns") if table.ndim == 2 else ("index",):
        labels = getattr(table, axis)
        if labels.nlevels > 1:
            labels = labels.map(lambda each: tuple(map(_told, each)))
        elif labels.dtype in TEXTS:
            labels = pd.Index(list(map(_told, labels)), dtype=labels.dtype, name=labels.name)
        setattr(table, axis, labels.set_names([_told(name) for name in labels.names]))
    if table.ndim == 1:
        return _column(table).rename(_told(table.name))
    for place, kind in enumerate(table.dtypes):
        if kind in TEXTS:
            table.isetitem(place, _column(table.iloc[:, place]))
    return table


def _column(column: Any) -> Any:
    """A column with its texts translated, of the kind that it was: `map` would make floats of mixed numbers."""
    if column.dtype not in TEXTS:
        return column
    return column.__class__(list(map(_told, column)), index=column.index, dtype=column.dtype, name=column.name)


def _told(value: Any) -> Any:
    return shown(value) if isinstance(value, str) else value
