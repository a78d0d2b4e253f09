"""The form of a notebook: of whatever JSON a file holds, a notebook that is valid, or a sentence to its owner."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from typing import Any

import nbformat
from nbformat import v4
from nbformat.notebooknode import NotebookNode
from nbformat.validator import get_validator

from dropnorm.language import N_, _, current
from grader.autograde.handed_in import RefusedError
from grader.autograde.nested import depth

CELLS = 2000  # of a notebook, at most: each is looked at some twenty times on its way
DEEP = 50  # levels of lists and objects: three times what figures and widgets have
MINOR = 5  # of format 4, the newest that is known

NO_NOTEBOOK = N_("The file is no notebook ({found}): hand in the .ipynb file that Jupyter saved.")
MANY = N_("The notebook has {count} cells, and at most {most} are read: delete those that you do not need.")
OLD = N_("The notebook is of an old format (nbformat {version}) and cannot be converted: save it with a newer Jupyter.")
CONVERTED = N_("The notebook was of an old format (nbformat {version}) and was converted.")
NUMBER = N_("The number of the file's format was {found}; it was read as format 4.")
NO_NUMBER = N_("The number of the file's format was missing or unknown; it was read as format 4.")
MENDED = N_("What stood in the wrong form in the file was mended or left out ({what}).")

# What was mended, in a few words.
METADATA, NO_CELL, IDS = N_("the notebook's metadata"), N_("what is no cell"), N_("ids of cells")
TYPES, TEXT, CELLS_METADATA = N_("types of cells"), N_("text of cells"), N_("metadata of cells")
OUTPUTS, ATTACHMENTS = N_("outputs"), N_("attachments")

_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_TYPES = ("code", "markdown", "raw")


def notebook(told: Any, outputs: bool = False) -> tuple[NotebookNode, list[str]]:
    """The notebook that parsed JSON is, and what had to be mended; without ``outputs``, none are kept.

    What is valid is returned as nbformat reads it. Raises RefusedError.
    """
    if not isinstance(told, dict):
        raise RefusedError(_(NO_NOTEBOOK).format(found=_("it holds no cells")))
    told, mended = _of_format_4(told, outputs)
    cells = told["cells"]
    if len(cells) > CELLS:
        raise RefusedError(_(MANY).format(count=f"{len(cells):,}", most=f"{CELLS:,}"))
    if not outputs:
        for cell in cells:
            if isinstance(cell, dict) and cell.get("cell_type") == "code":
                cell["outputs"] = []
                cell.setdefault("execution_count", None)
    with contextlib.suppress(AttributeError, TypeError):  # of what is in outputs: all else has been looked at
        if _simple(told) and _valid(nb := v4.to_notebook_json(told)):
            return nb, mended
    nb, what = _mended(told)
    if not _valid(nb):
        raise RefusedError(_(NO_NOTEBOOK).format(found=_("its cells are in no known form")))
    parts = current().between_items.join(map(_, what))
    return nb, [*mended, _(MENDED).format(what=parts)] if what else mended


def named(index: int, taken: Iterable[str]) -> str:
    """An id for a cell that has none of its own: the same one whenever the same file is read."""
    name = f"cell-{index}"
    while name in taken:
        name += "-"
    return name[:64]


def _of_format_4(told: dict[str, Any], outputs: bool) -> tuple[dict[str, Any], list[str]]:
    """What is there decides, not the number that stands beside it."""
    version, minor = told.get("nbformat"), told.get("nbformat_minor")
    if isinstance(told.get("worksheets"), list) and "cells" not in told:
        return _converted(told, 2 if version == 2 else 3, outputs)
    if not isinstance(told.get("cells"), list):
        raise RefusedError(_(NO_NOTEBOOK).format(found=_("it has no list of cells")))
    ids = any(isinstance(cell, dict) and "id" in cell for cell in told["cells"])
    if type(version) is int and version == 4 and type(minor) is int and 0 <= minor <= MINOR:
        return (told | {"nbformat_minor": MINOR} if ids else told), []
    known = type(version) is int and 0 <= version < 100 and version != 4
    said = _(NUMBER).format(found=version) if known else _(NO_NUMBER)
    return told | {"nbformat": 4, "nbformat_minor": MINOR if ids else 4}, [said]


def _converted(told: dict[str, Any], version: int, outputs: bool) -> tuple[dict[str, Any], list[str]]:
    try:
        if sum(len(sheet["cells"]) for sheet in told["worksheets"]) > CELLS or depth(told, DEEP) > DEEP:
            raise RefusedError(_(OLD).format(version=version))
        for cell in (cell for sheet in told["worksheets"] for cell in sheet["cells"]):
            if not outputs and cell.get("cell_type") == "code":
                cell["outputs"] = []
        told = {"metadata": {}, "nbformat_minor": 0} | told | {"nbformat": version}
        nb = nbformat.convert(nbformat.versions[version].to_notebook_json(told), 4)
    except RefusedError:
        raise
    except Exception as error:  # it takes every key for granted
        raise RefusedError(_(OLD).format(version=version)) from error
    for index, cell in enumerate(nb.cells):
        cell.id = named(index, ())  # nbformat draws them
    return nb, [_(CONVERTED).format(version=version)]


def _simple(told: dict[str, Any]) -> bool:
    """Whether nothing in it takes nbformat by surprise: what is left of its checks can then be left to it."""
    if depth(told, DEEP) > DEEP or not isinstance(told.get("metadata"), dict):
        return False
    if not isinstance(told["metadata"].get("language", ""), str):
        return False
    cells = told["cells"]
    if not all(isinstance(cell, dict) and _simple_cell(cell) for cell in cells):
        return False
    if told["nbformat_minor"] < MINOR:
        return True
    ids = [cell.get("id") for cell in cells]
    return all(isinstance(each, str) and _ID.fullmatch(each) for each in ids) and len(set(ids)) == len(ids)


def _simple_cell(cell: dict[str, Any]) -> bool:
    source = cell.get("source")
    text = "".join(source) if isinstance(source, list) and all(isinstance(line, str) for line in source) else source
    pictures, metadata = cell.get("attachments", {}), cell.get("metadata")
    return (
        isinstance(text, str)
        and "\0" not in text
        and isinstance(pictures, dict)
        and all(isinstance(each, dict) for each in pictures.values())
        and isinstance(metadata, dict)
        and isinstance(metadata.get("nbgrader", {}), dict)
    )


def _valid(nb: NotebookNode) -> bool:
    """What `nbformat.validate` asks, without its search for good words for what is wrong."""
    try:
        faults = get_validator(4, nb.nbformat_minor).iter_errors(nb)
        return next(iter(faults), None) is None
    except (TypeError, KeyError, AttributeError, RecursionError):
        return False


def _mended(told: dict[str, Any]) -> tuple[NotebookNode, list[str]]:
    """Cell by cell, what of a notebook is valid; and what was not."""
    what: dict[str, None] = {}
    metadata = told.get("metadata")
    if not (
        isinstance(metadata, dict) and depth(metadata, DEEP) <= DEEP and isinstance(metadata.get("language", ""), str)
    ):
        metadata, what[METADATA] = {}, None
    minor = told["nbformat_minor"]
    nb = nbformat.from_dict({"metadata": metadata, "nbformat": 4, "nbformat_minor": minor, "cells": []})
    if not _valid(nb):
        nb.metadata, what[METADATA] = NotebookNode(), None
    taken: set[str] = set()
    for index, cell in enumerate(told["cells"]):
        if not isinstance(cell, dict):
            what[NO_CELL] = None
            continue
        made = _cell(cell, what)
        if minor >= MINOR:
            own = cell.get("id")
            if not (isinstance(own, str) and _ID.fullmatch(own)) or own in taken:
                own, what[IDS] = named(index, taken), None
            taken.add(own)
            made["id"] = own
        nb.cells.append(made)
    return v4.rwbase.strip_transient(nb), list(what)


def _cell(cell: dict[str, Any], what: dict[str, None]) -> NotebookNode:
    kind, source = cell.get("cell_type"), cell.get("source")
    if kind not in _TYPES:
        kind, what[TYPES] = ("code" if "outputs" in cell else "raw"), None
    if isinstance(source, list):
        lines = [line for line in source if isinstance(line, str)]
        if len(lines) < len(source):
            what[TEXT] = None
        source = "".join(lines)
    if not isinstance(source, str) or "\0" in source:
        source, what[TEXT] = (source.replace("\0", "") if isinstance(source, str) else ""), None
    made = NotebookNode(cell_type=kind, source=source, metadata=NotebookNode())
    if kind == "code":
        count = cell.get("execution_count")
        made.execution_count = count if type(count) is int and count >= 0 else None
        given = cell.get("outputs")
        given = given if isinstance(given, list) else []
        fitting = [_fitting(made, "outputs", [output]) for output in given]
        made.outputs = [output for outputs in fitting if outputs for output in outputs]
        if len(made.outputs) < len(given):
            what[OUTPUTS] = None
    metadata = cell.get("metadata")
    if not isinstance(metadata, dict):
        metadata, what[CELLS_METADATA] = {}, None
    for key, value in metadata.items():
        fits = _fitting(made, "metadata", {key: value}) if key != "nbgrader" or isinstance(value, dict) else None
        if fits is None:
            what[CELLS_METADATA] = None
        else:
            made.metadata |= fits
    if kind != "code" and "attachments" in cell:
        pictures = _fitting(made, "attachments", cell["attachments"])
        if pictures is None:
            what[ATTACHMENTS] = None
        else:
            made.attachments = pictures
    return made


def _fitting(cell: NotebookNode, key: str, value: Any) -> Any:
    """A value as a cell of this type may have it under a key; None where it may not."""
    if depth(value, DEEP) > DEEP:
        return None
    alone = NotebookNode(cell_type=cell.cell_type, source="", metadata=NotebookNode())
    if cell.cell_type == "code":
        alone.execution_count, alone.outputs = None, []
    alone[key] = nbformat.from_dict(value)
    nb = NotebookNode(nbformat=4, nbformat_minor=4, metadata=NotebookNode(), cells=[alone])
    try:
        v4.rwbase.rejoin_lines(nb)
    except (AttributeError, TypeError):
        return None
    return alone[key] if _valid(nb) else None
