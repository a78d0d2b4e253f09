"""Notebooks that are damaged at random, by the cell, by the key and by the byte: each is repaired or refused.

Whatever is done to a notebook, every test of the course stands in it once, in its place and as it was handed out, so
that nobody can get more points than there are; and an answer that is still in the file is still in the notebook.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.utils import is_grade

from dropnorm import places
from grader.autograde.form import notebook
from grader.autograde.handed_in import RefusedError, parsed
from grader.autograde.handed_out import HandedOut, Role, name_of
from grader.autograde.repair import NOT_EXECUTED, repair
from tests.test_repair import made

Json = dict[str, Any]
Change = Callable[[Json, st.DataObject], None]
COURSES = {
    "small": HandedOut(made(), {}),
    "diagnosis": HandedOut(
        nbformat.read(places.EXERCISES / "placement_and_diagnosis" / "2_diagnosis.ipynb", as_version=4), {}
    ),
}
MOST_MUTATIONS = 6

scalars = st.one_of(
    st.none(), st.booleans(), st.integers(), st.sampled_from([10**30, -1, 0.5, float("nan"), float("inf")]), st.text()
)
garbage = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=5
)
keys = st.sampled_from(["cell_type", "source", "metadata", "id", "outputs", "execution_count", "attachments", "other"])
fields = st.sampled_from(
    ["grade_id", "grade", "solution", "locked", "task", "points", "schema_version", "checksum", "cell_type", "other"]
)
names = st.sampled_from(sorted({name for due in COURSES.values() for name in due.places}))


def answer(name: str) -> str:
    """What the learner has written there: like nothing else."""
    return f"answer = '{name} of mine'"


def handed_in(due: HandedOut) -> Json:
    """The notebook with every answer, as JSON."""
    nb = copy.deepcopy(due.notebook)
    for place, role in enumerate(due.roles):
        if role is Role.ANSWER:
            nb.cells[place].source = answer(name_of(nb.cells[place]) or "")
    return json.loads(nbformat.writes(nb))


def cell_of(nb: Json, data: st.DataObject) -> tuple[int, Any]:
    index = data.draw(st.integers(0, max(len(nb["cells"]) - 1, 0)), "which cell")
    return index, nb["cells"][index] if nb["cells"] else {}


def inside(cell: Any, *path: str) -> Json:
    """An object of a cell's; a new one where there is none any more."""
    for key in path:
        cell = cell.setdefault(key, {}) if isinstance(cell, dict) else {}
    return cell if isinstance(cell, dict) else {}


def delete(nb: Json, data: st.DataObject) -> None:
    index, _ = cell_of(nb, data)
    nb["cells"][index : index + data.draw(st.integers(1, 3), "how many")] = []


def move(nb: Json, data: st.DataObject) -> None:
    index, cell = cell_of(nb, data)
    nb["cells"][index : index + 1] = []
    nb["cells"].insert(data.draw(st.integers(0, len(nb["cells"])), "to"), cell)


def twin(nb: Json, data: st.DataObject) -> None:
    _, cell = cell_of(nb, data)
    new = copy.deepcopy(cell)
    if data.draw(st.booleans(), "with another text") and isinstance(new, dict):
        new["source"] = data.draw(st.sampled_from(["", "other = 1", "# YOUR CODE HERE"]))
    nb["cells"].insert(data.draw(st.integers(0, len(nb["cells"])), "to"), new)


def split(nb: Json, data: st.DataObject) -> None:
    index, cell = cell_of(nb, data)
    if isinstance(cell, dict) and isinstance(cell.get("source"), list) and cell["source"]:
        below = copy.deepcopy(cell)
        at = data.draw(st.integers(0, len(cell["source"])), "at line")
        cell["source"], below["source"] = cell["source"][:at], below["source"][at:]
        nb["cells"].insert(index + 1, below)


def set_key(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1])[data.draw(keys)] = data.draw(garbage)


def drop_key(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1]).pop(data.draw(keys), None)


def retype(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1])["cell_type"] = data.draw(st.sampled_from(["code", "markdown", "raw", "heading"]))


def role(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1], "metadata", "nbgrader")[data.draw(fields)] = data.draw(
        garbage | st.booleans() | st.integers(0, 5)
    )


def rename(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1], "metadata", "nbgrader")["grade_id"] = data.draw(names)


def tag(nb: Json, data: st.DataObject) -> None:
    tags = st.lists(st.sampled_from([*NOT_EXECUTED, "mine"]), max_size=2, unique=True)
    inside(cell_of(nb, data)[1], "metadata")["tags"] = data.draw(tags | garbage)


def strip(nb: Json, data: st.DataObject) -> None:
    for cell in nb["cells"]:
        for key in data.draw(st.sampled_from([("metadata",), ("id",), ("metadata", "id"), ("outputs",)])):
            inside(cell).pop(key, None)


def foreign(nb: Json, data: st.DataObject) -> None:
    nb["cells"].insert(data.draw(st.integers(0, len(nb["cells"])), "to"), data.draw(garbage))


def one_id(nb: Json, data: st.DataObject) -> None:
    inside(cell_of(nb, data)[1])["id"] = inside(cell_of(nb, data)[1]).get("id")


def of_the_notebook(nb: Json, data: st.DataObject) -> None:
    nb[data.draw(st.sampled_from(["nbformat", "nbformat_minor", "metadata", "worksheets", "other"]))] = data.draw(
        garbage | st.integers(0, 6)
    )


def without(nb: Json, data: st.DataObject) -> None:
    nb.pop(data.draw(st.sampled_from(["nbformat", "nbformat_minor", "metadata"])), None)


CHANGES: list[Change] = [
    delete, move, twin, split, set_key, drop_key, retype, role, rename, tag, strip, foreign, one_id, of_the_notebook,
    without,
]  # fmt: skip


def mutated(due: HandedOut, data: st.DataObject) -> Json:
    """A notebook after some mutations."""
    nb = handed_in(due)
    for change in data.draw(st.lists(st.sampled_from(CHANGES), min_size=1, max_size=MOST_MUTATIONS), "mutations"):
        change(nb, data)
    return nb


def text_of(cell: Any) -> str | None:
    source = cell.get("source") if isinstance(cell, dict) else None
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    return source if isinstance(source, str) else None


def answers_in(nb: Json, due: HandedOut) -> set[str]:
    """The answers that are whole in a file, but for those in cells that say that they are one of the course's own."""
    own = {name for name, place in due.places.items() if due.roles[place] is not Role.ANSWER}
    every = {answer(name) for name, place in due.places.items() if due.roles[place] is Role.ANSWER}
    found = {text_of(cell) for cell in nb["cells"] if name_of({"metadata": {}} | inside_or_nothing(cell)) not in own}
    return every & {text for text in found if text is not None}


def inside_or_nothing(cell: Any) -> Json:
    return cell if isinstance(cell, dict) and isinstance(cell.get("metadata"), dict) else {}


def graded(data: bytes, due: HandedOut) -> tuple[nbformat.NotebookNode, list[str]] | None:
    """What is graded of a file; None where it is refused, which takes a sentence."""
    try:
        told, decoded = parsed(data)
        nb, formed = notebook(told)
        return nb, [*decoded, *formed, *repair(nb, due)]
    except RefusedError as refused:
        said = str(refused)
        assert "\n" not in said and said.endswith((".", "?")) and len(said) < 400
        return None


def holds(data: bytes, due: HandedOut) -> nbformat.NotebookNode | None:
    """What must hold of whatever is handed in."""
    if (found := graded(data, due)) is None:
        return None
    nb, said = found
    nbformat.validate(nb)
    MetadataValidator().validate_nb(nb)
    assert all("\n" not in sentence and len(sentence) < 1500 for sentence in said)
    counting = [cell for cell in nb.cells if name_of(cell) is not None]
    assert [name_of(cell) for cell in counting] == list(due.places)
    for cell, place in zip(counting, due.places.values(), strict=True):
        own = due.cells[place]
        assert cell.cell_type == own.cell_type
        if due.roles[place] is not Role.ANSWER:
            assert cell.source == own.source
        for field in ("grade", "solution", *(["points"] if is_grade(own) else [])):
            assert cell.metadata.nbgrader.get(field) == own.metadata.nbgrader.get(field)
        assert not NOT_EXECUTED & set(cell.metadata.get("tags", []))
    possible = [
        sum(cell.metadata.nbgrader.points for cell in each.cells if is_grade(cell)) for each in (nb, due.notebook)
    ]
    assert possible[0] == possible[1]
    written = nbformat.writes(nb).encode()
    again = graded(written, due)
    assert again is not None and again[1] == [] and nbformat.writes(again[0]).encode() == written
    return nb


def by_structure(data: st.DataObject) -> None:
    due = COURSES[data.draw(st.sampled_from(list(COURSES)), "notebook")]
    nb = mutated(due, data)
    found = holds(json.dumps(nb).encode(), due)
    if found is not None:
        there = "\n".join(cell.source for cell in found.cells)
        assert all(text in there for text in answers_in(nb, due))


def by_text(data: st.DataObject) -> None:
    due = COURSES["small"]
    text = json.dumps(mutated(due, data), ensure_ascii=data.draw(st.booleans(), "ASCII"))
    coding = data.draw(st.sampled_from(["utf-8", "utf-8", "utf-16", "utf-16-le", "utf-8-sig", "latin-1"]), "coding")
    content = bytearray(text.encode(coding, "replace"))
    for _ in range(data.draw(st.integers(0, 3), "how often")):
        at = data.draw(st.integers(0, len(content)), "at")
        length = data.draw(st.sampled_from([0, 0, 1, 2, 100, len(content)]), "in place of")
        small = st.binary(max_size=4) | st.sampled_from(
            [b"\0" * 9, b"[" * 999, b"\n<<<<<<< HEAD\n", b'"', b"}", b"\\ud800"]
        )
        content[at : at + length] = data.draw(small, "bytes")
    holds(bytes(content), due)


def often(examples: int, **other: Any) -> Callable[[Any], Any]:
    unhurried = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck), "print_blob": True}
    return settings(max_examples=examples, **unhurried, **other)


@often(120, derandomize=True)
@given(st.data())
def test_whatever_is_done_to_cells(data: st.DataObject) -> None:
    by_structure(data)


@often(120, derandomize=True)
@given(st.data())
def test_whatever_is_done_to_bytes(data: st.DataObject) -> None:
    by_text(data)


@pytest.mark.long
@often(1500, derandomize=True)
@given(st.data())
def test_whatever_is_done_to_cells_many_times(data: st.DataObject) -> None:
    by_structure(data)


@pytest.mark.long
@often(1500, derandomize=True)
@given(st.data())
def test_whatever_is_done_to_bytes_many_times(data: st.DataObject) -> None:
    by_text(data)
