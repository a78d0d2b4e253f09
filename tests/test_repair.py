"""Damage by damage: what a notebook is put right to, and what its learner is told."""

from __future__ import annotations

import copy
from collections.abc import Callable

import nbformat
import pytest
from nbformat.notebooknode import NotebookNode
from tiny_course import cell

from dropnorm import places
from grader.autograde import repair as sentences
from grader.autograde.handed_in import RefusedError
from grader.autograde.handed_out import HandedOut
from grader.autograde.repair import repair

UNITS = sorted(path for folder in (places.SOLUTIONS, places.EXERCISES) for path in folder.glob("*/*.ipynb"))


def plain(name: str, source: str) -> NotebookNode:
    return nbformat.v4.new_code_cell(source, id=name)


def made() -> NotebookNode:
    """A notebook as it is handed out: read-only, prose, an answer, its test; an answer in words."""
    words = nbformat.v4.new_markdown_cell("YOUR ANSWER HERE", id="words")
    words.metadata = cell("words", "", solution=True, grade=True, points=3).metadata
    return nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell("# Title", id="title"),
            cell("clear", "model = None", locked=True),
            cell("answer", "# YOUR CODE HERE", solution=True),
            plain("fit", "history = fit(model)"),
            cell("test", "assert model", grade=True, locked=True, points=1),
            cell("second", "# YOUR CODE HERE", solution=True),
            cell("second_test", "assert second", grade=True, locked=True, points=2),
            words,
        ]
    )


DUE = HandedOut(made(), {})


def answered(**texts: str) -> NotebookNode:
    """The notebook with answers."""
    nb = made()
    for each in nb.cells:
        each.source = ({"answer": "model = 1", "second": "second = 2", "words": "Because."} | texts).get(
            each.id, each.source
        )
    return nb


def at(nb: NotebookNode, name: str) -> int:
    """Where the cell of that id stands."""
    return [each.id for each in nb.cells].index(name)


def texts(nb: NotebookNode) -> list[str]:
    return [each.source for each in nb.cells]


def right(nb: NotebookNode, own: tuple[str, ...] = ()) -> None:
    """Every cell that counts is as it was handed out, but for answers, which are the learner's."""
    due = {each.id: each for each in answered().cells if "nbgrader" in each.metadata}
    there = [each for each in nb.cells if "nbgrader" in each.metadata]
    assert [each.metadata.nbgrader.grade_id for each in there] == list(due)
    for each, wanted in zip(there, due.values(), strict=True):
        assert (each.cell_type, each.source) == (wanted.cell_type, wanted.source)
        assert each.metadata == wanted.metadata
    nbformat.validate(nb)
    plain = [each.source for each in nb.cells if "nbgrader" not in each.metadata]
    assert [source for source in plain if source not in ("# Title", "history = fit(model)")] == [*own]


def renamed(nb: NotebookNode) -> None:
    nb.cells[at(nb, "test")].metadata.nbgrader.grade_id = "tset"


def stripped(nb: NotebookNode) -> None:
    for each in nb.cells:
        each.metadata = NotebookNode()


def stripped_and_without_ids(nb: NotebookNode) -> None:
    for index, each in enumerate(nb.cells):
        each.metadata, each.id = NotebookNode(), f"new-{index}"


def says(name: str, **told: object) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[at(nb, name)].metadata.nbgrader.update(told)


def moves(name: str, to: int) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells.insert(to, nb.cells.pop(at(nb, name)))


def deletes(*names: str) -> Callable[[NotebookNode], None]:
    return lambda nb: [nb.cells.pop(at(nb, name)) for name in names] and None


def becomes(name: str, kind: str) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        each = nb.cells[at(nb, name)]
        new = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}
        nb.cells[at(nb, name)] = new[kind](each.source, id=name, metadata=each.metadata)

    return change


def tags(name: str, *given: str) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[at(nb, name)].metadata.update(tags=list(given))


def copies(name: str, to: int, source: str | None = None) -> Callable[[NotebookNode], None]:
    def change(nb: NotebookNode) -> None:
        twin = copy.deepcopy(nb.cells[at(nb, name)])
        twin.id, twin.source = f"{name}-copy", twin.source if source is None else source
        nb.cells.insert(to, twin)

    return change


def edits(name: str, source: str) -> Callable[[NotebookNode], None]:
    return lambda nb: nb.cells[at(nb, name)].update(source=source)


DAMAGE = {
    "a test deleted": (deletes("test"), [sentences.MISSING], ("test",)),
    "tests and read-only cells deleted": (deletes("clear", "test", "second_test"), [sentences.MISSING], ()),
    "the first and the last deleted": (deletes("title", "clear", "second_test"), [sentences.MISSING], ()),
    "a test moved to the end": (moves("test", 7), [sentences.MOVED], ("test",)),
    "an answer moved below its test": (moves("answer", 4), [sentences.MOVED], ()),
    "an answer moved to the top": (moves("second", 0), [sentences.MOVED], ("second",)),
    "a test edited": (edits("test", "pass"), [sentences.CHANGED], ("test",)),
    "a read-only cell edited": (edits("clear", "model = 1"), [sentences.CHANGED], ("clear",)),
    "a test renamed": (renamed, [sentences.RENAMED], ("test",)),
    "a test that is none any more": (says("test", grade=False), [sentences.RENAMED], ("test",)),
    "points changed": (says("test", points=100), [sentences.RENAMED], ("test",)),
    "points that are no number": (says("test", points="1e9"), [sentences.RENAMED], ("test",)),
    "no points": (says("test", points=None), [sentences.RENAMED], ("test",)),
    "points that are none, of an answer": (says("answer", points=None), [sentences.RENAMED], ("answer",)),
    "a newer schema": (says("test", schema_version=4), [sentences.RENAMED], ("test",)),
    "an older schema": (says("answer", schema_version=1), [sentences.RENAMED], ("answer",)),
    "a schema that is no number": (says("answer", schema_version="3"), [sentences.RENAMED], ("answer",)),
    "an answer that is read-only": (says("answer", solution=False, locked=True), [sentences.RENAMED], ("answer",)),
    "a checksum that is none": (says("test", checksum=False), [sentences.RENAMED], ("test",)),
    "a type that is none": (says("test", cell_type=None), [sentences.RENAMED], ("test",)),
    "fields of one's own": (says("test", extra=[]), [sentences.RENAMED], ("test",)),
    "a name that is none": (says("test", grade_id=[]), [sentences.RENAMED], ("test",)),
    "no metadata at all": (stripped, [sentences.RENAMED], ()),
    "neither metadata nor ids": (stripped_and_without_ids, [sentences.RENAMED], ()),
    "a test as markdown": (becomes("test", "markdown"), [sentences.CHANGED], ("test",)),
    "an answer as markdown": (becomes("answer", "markdown"), [sentences.RETYPED], ("answer",)),
    "an answer in words as code": (becomes("words", "code"), [sentences.RETYPED], ("words",)),
    "skip-execution": (tags("test", "skip-execution"), [sentences.TAGGED], ("test",)),
    "raises-exception": (tags("answer", "raises-exception"), [sentences.TAGGED], ("answer",)),
    "a test twice": (copies("test", 2), [sentences.TWICE], ("test",)),
    "the answer twice": (copies("answer", 3), [sentences.ANSWERED_TWICE], ("answer",)),
    "the answer, then the untouched cell": (copies("answer", 3, "# YOUR CODE HERE"), [sentences.ANSWERED_TWICE], ()),
    "the untouched cell, then the answer": (copies("answer", 0, "# YOUR CODE HERE"), [sentences.ANSWERED_TWICE], ()),
    "the answer, then an empty one": (copies("answer", 8, " \n"), [sentences.ANSWERED_TWICE], ()),
}  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_put_right_and_told_once(damage: str) -> None:
    break_it, told, named = DAMAGE[damage]
    nb = answered()
    break_it(nb)
    said = repair(nb, DUE)
    right(nb)
    assert len(said) == len(told)
    for sentence, kind in zip(said, told, strict=True):
        assert sentence.startswith(kind.split("{")[0])
        assert all(name in sentence for name in named)
    assert repair(nb, DUE) == []


def test_ids_that_lead_nowhere_do_not_matter() -> None:
    nb = answered()
    stripped_and_without_ids(nb)
    repair(nb, DUE)
    assert [each.source for each in nb.cells] == texts(answered())


@pytest.mark.parametrize("path", UNITS, ids=lambda path: "/".join(path.parts[-3:]))
def test_what_is_whole_is_not_touched(path) -> None:
    released = nbformat.read(places.EXERCISES / path.parent.name / path.name, as_version=4)
    nb = nbformat.read(path, as_version=4)
    before = nbformat.writes(nb)
    full = {each.id: each.source for each in nb.cells}  # what the gradebook has of a source with hidden tests
    assert repair(nb, HandedOut(released, full)) == []
    assert nbformat.writes(nb) == before


def test_own_cells_stay_where_they_stood() -> None:
    nb = answered()
    for name, below in (("a", "title"), ("b", "clear"), ("c", "answer"), ("d", "fit"), ("e", "second"), ("f", "words")):
        nb.cells.insert(at(nb, below) + 1, plain(name, f"{name} = 1"))
    order = [each.id for each in nb.cells]
    for name in ("clear", "test"):
        del nb.cells[at(nb, name)]
    repair(nb, DUE)
    assert (
        [each.id for each in nb.cells]
        == [
            *("title", "clear", "a", "b"),  # a read-only cell above what was written there
            *order[4:],
        ]
    )


def test_a_test_that_was_lost_comes_back_below_what_was_written_there() -> None:
    nb = answered()
    nb.cells[at(nb, "test")] = plain("own", "model = 2")
    repair(nb, DUE)
    assert [each.id for each in nb.cells][3:6] == ["fit", "own", "test"]


def test_a_moved_answer_does_not_take_along_what_follows_it() -> None:
    nb = answered()
    moves("answer", 7)(nb)
    nb.cells.insert(2, plain("own", "units = 3"))
    repair(nb, DUE)
    assert [each.id for each in nb.cells][:6] == ["title", "clear", "own", "answer", "fit", "test"]


def test_of_two_answers_the_last_counts_and_the_other_is_run_before_it() -> None:
    nb = answered()
    copies("answer", 3, "model = 5")(nb)
    (said,) = repair(nb, DUE)
    assert [each.id for each in nb.cells][1:5] == ["clear", "answer", "answer-copy", "fit"]
    assert "nbgrader" not in nb.cells[2].metadata and nb.cells[2].source == "model = 1"
    assert nb.cells[3].metadata.nbgrader.grade_id == "answer" and nb.cells[3].source == "model = 5"
    assert said == sentences.ANSWERED_TWICE.format(cells="answer")


def test_an_answer_that_was_split_runs_whole() -> None:
    nb = answered(answer="units = 3")
    copies("answer", 3, "model = units")(nb)
    repair(nb, DUE)
    assert texts(nb)[1:5] == ["model = None", "units = 3", "model = units", "history = fit(model)"]


def test_an_edited_second_copy_of_a_test_is_the_learners_own() -> None:
    nb = answered()
    copies("test", 3, "assert model, 'mine'")(nb)
    repair(nb, DUE)
    right(nb, own=("assert model, 'mine'",))
    assert at(nb, "test-copy") == 3


def test_a_lost_answer_is_found_where_it_stood() -> None:
    nb = answered()
    nb.cells[at(nb, "words")] = nbformat.v4.new_markdown_cell("In my words.", id="other")
    (said,) = repair(nb, DUE)
    assert said == sentences.RENAMED.format(cells="words")
    assert nb.cells[-1].metadata.nbgrader.grade_id == "words" and nb.cells[-1].source == "In my words."


def test_cells_of_another_notebook_are_the_learners_own() -> None:
    nb = answered()
    nb.cells.insert(3, cell("other", "1", grade=True, locked=True, points=100))
    nb.cells.append(cell("another", "2", solution=True))
    assert repair(nb, DUE) == [sentences.STRANGE.format(count=2)]
    right(nb, own=("1", "2"))


@pytest.mark.parametrize(
    "cells", [[], [cell("foreign", "x", grade=True, points=1)], [plain("own", "1"), made().cells[1]]]
)
def test_another_notebook_is_refused(cells: list[NotebookNode]) -> None:
    with pytest.raises(RefusedError, match="another notebook under this name"):
        repair(nbformat.v4.new_notebook(cells=cells), DUE)


def test_a_notebook_of_an_older_format_gets_no_ids() -> None:
    nb = answered()
    deletes("test")(nb)
    nb.nbformat_minor = 4
    for each in nb.cells:
        del each["id"]
    repair(nb, DUE)
    assert not any("id" in each for each in nb.cells) and len(nb.cells) == len(made().cells)
    nbformat.validate(nb)


def test_where_neither_has_ids_the_learners_own_cells_are_nobody_elses() -> None:
    nb, due = answered(), made()
    nb.cells.insert(0, plain("own", "own = 1"))
    for each in (*nb.cells, *due.cells):
        del each["id"]
    before = texts(nb)
    assert repair(nb, HandedOut(due, {})) == [] and texts(nb) == before


def test_ids_stay_unique() -> None:
    nb = answered()
    deletes("test")(nb)
    nb.cells[at(nb, "answer")].id = "test"
    nb.cells.insert(0, plain("cell-5", ""))
    repair(nb, DUE)
    assert len({each.id for each in nb.cells}) == len(nb.cells) == len(made().cells) + 1


def test_where_nothing_counts_only_what_would_end_the_class_is_taken_off() -> None:
    nb = nbformat.v4.new_notebook(cells=[cell("a", "1", schema_version=2), cell("b", "2"), cell("b", "3")])
    nb.cells[2].id = "c"
    (said,) = repair(nb, HandedOut(nbformat.v4.new_notebook(), {}))
    assert said == sentences.STRANGE.format(count=2)
    assert ["nbgrader" in each.metadata for each in nb.cells] == [False, True, False]
