"""A class in which every submission but one is broken in a way of its own, graded by nbgrader: nothing ends it.

No notebook is run: then nbgrader gives full points for each test that is there, and what is refused must get none.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from tiny_course import NOT_RUN, ONE, RIGHT, TWO, UNIT, TinyCourse, cell, hasty_gradebooks, notebook

from grader.autograde import handed_in
from grader.autograde.records import FOLDER
from grader.autograde.repair import REPAIRED

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="LINKS AND PIPES ARE THOSE OF UNIX")

STARTER = "# YOUR CODE HERE\nraise NotImplementedError()"
ALL, NONE = (1, 2), (0, 0)
Break = Callable[[Path], object]


def written(data: bytes) -> Break:
    return lambda path: path.write_bytes(data)


def changed(change: Callable[[nbformat.NotebookNode], object]) -> Break:
    def do(path: Path) -> None:
        nb = nbformat.from_dict(json.loads(path.read_bytes()))
        change(nb)
        path.write_text(json.dumps(nb))  # nbformat would mend it

    return do


def says(index: int, **told: object) -> Break:
    return changed(lambda nb: nb.cells[index].metadata.nbgrader.update(told))


def twice(index: int) -> Break:
    def copy(nb: nbformat.NotebookNode) -> None:
        nb.cells.insert(index, nb.cells[index] | {"id": "copy"})

    return changed(copy)


def instead(make: Callable[[Path], object]) -> Break:
    def do(path: Path) -> None:
        path.unlink()
        make(path)

    return do


def as_markdown(cell: nbformat.NotebookNode) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(cell.source, id=cell.id, metadata=cell.metadata)


def large(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(handed_in.MOST + 1)


def of_a_classmate(path: Path) -> None:
    path.symlink_to(path.parents[2] / "whole" / UNIT / path.name)


REFUSED: dict[str, Break] = {
    "empty": written(b""),
    "zeros": written(bytes(1000)),
    "pdf": written(b"%PDF-1.7"),
    "list": written(b"[]"),
    "nested": written(b'{"cells": ' + b"[" * 10**5),
    "merge": written(b'{"cells": [\n<<<<<<< HEAD\n'),
    "large": large,
    "classmate": instead(of_a_classmate),
    "passwd": instead(lambda path: path.symlink_to("/etc/passwd")),
    "nowhere": instead(lambda path: path.symlink_to("nowhere")),
    "pipe": instead(os.mkfifo),
    "folder": instead(Path.mkdir),
    "folder-with-files": instead(lambda path: (path.mkdir(), (path / "x").write_text("1"))),
    "foreign": changed(lambda nb: nb.update(cells=[cell("foreign", "1", grade=True, points=100)])),
    "no-cells": changed(lambda nb: nb.update(cells=[])),
    "two-names": instead(lambda path: [path.with_name(f"{ONE} ({n}).ipynb").write_text("{}") for n in (1, 2)]),
}
REPAIRED_ONES: dict[str, Break] = {
    "duplicated-answer": twice(0),
    "duplicated-test": twice(1),
    "deleted-test": changed(lambda nb: nb.cells.pop(1)),
    "deleted-tests": changed(lambda nb: nb.update(cells=nb.cells[:1])),
    "deleted-answer": changed(lambda nb: nb.cells.pop(0)),
    "moved-test": changed(lambda nb: nb.cells.reverse()),
    "no-test": says(1, grade=False),
    "more-points": says(1, points=1000),
    "points-in-words": says(1, points="many"),
    "negative-points": says(1, points=-1),
    "renamed-test": says(1, grade_id="mine"),
    "newer-schema": says(1, schema_version=99),
    "older-schema": says(0, schema_version=1),
    "no-schema": changed(lambda nb: nb.cells[0].metadata.nbgrader.pop("schema_version")),
    "stripped": changed(lambda nb: [each.metadata.pop("nbgrader") for each in nb.cells]),
    "skipped": changed(lambda nb: nb.cells[1].metadata.update(tags=["skip-execution"])),
    "edited-test": changed(lambda nb: nb.cells[1].update(source="1.0")),
    "as-markdown": changed(lambda nb: nb.cells.insert(1, as_markdown(nb.cells.pop(1)))),
    "foreign-cell": changed(lambda nb: nb.cells.append(cell("other", "1", grade=True, points=100))),
    "utf-16": lambda path: path.write_bytes(path.read_text().encode("utf-16")),
    "format-5": lambda path: path.write_text(path.read_text().replace('"nbformat": 4', '"nbformat": 5')),
    "other-kernel": changed(lambda nb: nb.metadata.kernelspec.update(name="ir", display_name="R")),
    "no-format": changed(lambda nb: nb.pop("nbformat")),
    "no-ids": changed(lambda nb: [each.pop("id") for each in nb.cells[1:]]),
    "id-of-another": changed(lambda nb: nb.cells[1].update(id="answer")),
    "browser": lambda path: path.rename(path.with_name(f"{ONE} (1).ipynb")),
    "jupyter": lambda path: path.rename(path.with_name(f"{ONE}-Copy1.ipynb")),
    "below": lambda path: (shutil.copytree(path.parent, path.parent / UNIT), path.unlink()),
}  # fmt: skip
OTHERWISE: dict[str, Break] = {  # there is nothing wrong with their notebooks
    "whole": lambda path: None,
    "pipe-beside": lambda path: os.mkfifo(path.with_name("data.csv")),
    "link-beside": lambda path: path.with_name("data.csv").symlink_to(path.parents[2] / "whole" / UNIT / path.name),
    "link-to-nowhere-beside": lambda path: path.with_name("data.csv").symlink_to("nowhere"),
    "all-of-it-beside": lambda path: path.with_name("data").symlink_to("/etc"),
    "a-time-that-is-a-pipe": lambda path: os.mkfifo(path.with_name("timestamp.txt")),
    "a-time-that-is-no-file": lambda path: path.with_name("timestamp.txt").mkdir(),
    "a-time-elsewhere": lambda path: path.with_name("timestamp.txt").symlink_to("/etc/passwd"),
    "no-text-as-name": lambda path: path.with_name(os.fsdecode(b"\xff.ipynb")).write_text(""),
    "sentences-of-its-own": changed(lambda nb: nb.metadata.update(repaired=["I am fine."], refused="Nothing.")),
    "outputs": changed(lambda nb: nb.cells[1].update(outputs=[{"output_type": "error"}])),
}
LEARNERS = [*REFUSED, *REPAIRED_ONES, *OTHERWISE]


def content(folder: Path) -> dict[str, bytes | str]:
    """All that is in a folder, as it is there."""
    found: dict[str, bytes | str] = {}
    for path in folder.rglob("*"):
        if path.is_symlink():
            found[str(path)] = str(path.readlink())
        else:
            found[str(path)] = path.read_bytes() if path.is_file() else f"{path.stat().st_mode}"
    return found


@pytest.fixture(scope="module", autouse=True)
def hasty() -> Iterator[None]:
    with hasty_gradebooks():
        yield


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[TinyCourse, list[str]]]:
    """The class, and what was logged; whoever is refused was graded before, with right answers."""
    course, said = TinyCourse(tmp_path_factory.mktemp("course"), settings=NOT_RUN), []
    course.make({name: {ONE: RIGHT, TWO: RIGHT} for name in REFUSED})
    course.grade()
    assert set(course.scores().values()) == {ALL}
    for name in LEARNERS:
        course.hand_in(name, ONE, RIGHT)
        path = course.root / "submitted" / name / UNIT / f"{ONE}.ipynb"
        (REFUSED | REPAIRED_ONES | OTHERWISE)[name](path)
        kept = course.root / FOLDER / UNIT / name / f"{ONE}.json"
        kept.parent.mkdir(parents=True)
        kept.write_text("{}")
    before = content(course.root / "submitted")
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("traitlets").addHandler(handler)
    course.grade(force=True)
    logging.getLogger("traitlets").removeHandler(handler)
    assert content(course.root / "submitted") == before
    yield course, said


def made(course: TinyCourse, name: str) -> nbformat.NotebookNode:
    """What the autograded notebook is; it must be a valid one, without a warning."""
    found = nbformat.read(course.graded(name) / f"{ONE}.ipynb", as_version=4)
    nbformat.validate(found)
    return found


def test_only_what_is_refused_gets_nothing_and_every_other_notebook_all(graded) -> None:
    course, _ = graded
    refused = {(name, each): scores for name in REFUSED for each, scores in ((ONE, NONE), (TWO, ALL))}
    assert course.scores() == refused | {
        (name, each): scores
        for name in (*REPAIRED_ONES, *OTHERWISE)
        for each, scores in ((ONE, ALL), (TWO, NONE))  # who has handed in no second one gets nothing for it, as ever
    }


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_in_the_notebook_in_its_tests_and_in_the_log(graded, name: str) -> None:
    course, said = graded
    nb = made(course, name)
    sentence = nb.metadata[handed_in.REFUSED]
    assert sentence.endswith((".", "?")) and len(sentence) < 300 and str(course.root) not in sentence
    assert f"{name}, {ONE}: {sentence}" in said
    answer, *tests = nb.cells
    assert answer.source == STARTER and answer.outputs == []
    assert [test.outputs[0].text for test in tests] == [f"{sentence}\n"] * 2
    assert not (course.root / FOLDER / UNIT / name / f"{ONE}.json").exists()


@pytest.mark.parametrize("name", REPAIRED_ONES)
def test_a_repair_is_told_in_the_notebook_and_in_the_log(graded, name: str) -> None:
    course, said = graded
    nb = made(course, name)
    sentences = nb.metadata[REPAIRED]
    assert sentences and all(f"{name}, {ONE}: {sentence}" in said for sentence in sentences)
    assert nb.metadata.kernelspec == made(course, "whole").metadata.kernelspec
    released = {each.metadata.nbgrader.grade_id: each for each in made(course, "whole").cells}
    there = {each.metadata.nbgrader.grade_id: each for each in nb.cells if "nbgrader" in each.metadata}
    assert list(there) == list(released)
    for grade_id, each in there.items():
        if grade_id != "answer":
            assert each.source == released[grade_id].source
            told, due = dict(each.metadata.nbgrader), released[grade_id].metadata.nbgrader
            assert told | {"cell_type": "code"} == due | {"cell_type": "code"}
    assert there["answer"].source == (STARTER if name == "deleted-answer" else RIGHT)
    assert (course.root / FOLDER / UNIT / name / f"{ONE}.json").exists()


@pytest.mark.parametrize("name", OTHERWISE)
def test_the_others_are_told_nothing(graded, name: str) -> None:
    nb = made(graded[0], name)
    assert REPAIRED not in nb.metadata and handed_in.REFUSED not in nb.metadata


def test_no_file_of_others_and_no_pipe_gets_where_code_is_run(graded) -> None:
    course, said = graded
    found = {path.name for name in LEARNERS for path in course.graded(name).rglob("*")}
    assert found == {f"{ONE}.ipynb", f"{TWO}.ipynb", "data.txt"}
    assert any(sentence.startswith("link-beside: Not taken along: 'data.csv' (a link") for sentence in said)


def test_of_a_notebook_that_is_whole_the_bytes_are_those_of_stock(tmp_path: Path) -> None:
    found = {}
    for stock in (True, False):
        course = TinyCourse(tmp_path / f"{stock}", stock, NOT_RUN)
        course.make({"ada": {ONE: RIGHT, TWO: "1"}})
        course.grade()
        found[stock] = [path.read_bytes() for path in sorted(course.graded("ada").iterdir())]
    assert found[True] == found[False]


def refuse(course: TinyCourse, name: str) -> Path:
    path = course.root / "submitted" / name / UNIT / f"{ONE}.ipynb"
    path.write_bytes(b"")
    return path


@pytest.fixture
def course(tmp_path: Path) -> TinyCourse:
    """Two learners, graded, all right."""
    course = TinyCourse(tmp_path / "course", settings=NOT_RUN)
    course.make({name: {ONE: RIGHT, TWO: RIGHT} for name in ("ada", "ben")})
    course.grade()
    return course


@pytest.mark.parametrize("how", ["api", "student", "notebook", "as it was"])
def test_however_it_is_asked_for(course: TinyCourse, how: str) -> None:
    refuse(course, "ada")
    if how == "api":
        assert course.api().autograde(UNIT, "ada")["success"]
    elif how == "student":
        course.grade(force=True, student_id="ada")
    elif how == "notebook":
        course.grade(force=True, notebook_id=ONE)
    else:
        course.settings = NOT_RUN | {"ClearOutput": {"enabled": False}}  # nbgrader's --no-execute
        course.grade(force=True)
    assert course.scores() == {(name, each): ALL for name in ("ada", "ben") for each in (ONE, TWO)} | {
        ("ada", ONE): NONE
    }


def test_points_by_hand_stay_and_a_human_is_to_look_at_them(course: TinyCourse) -> None:
    refuse(course, "ada")
    url = f"sqlite:///{course.root / 'gradebook.db'}"
    with Gradebook(url, course_id="tiny") as gradebook:
        gradebook.find_grade("share", ONE, UNIT, "ada").manual_score = 1.5
        gradebook.db.commit()
    course.grade(force=True)
    with Gradebook(url, course_id="tiny") as gradebook:
        grade = gradebook.find_grade("share", ONE, UNIT, "ada")
        assert (grade.auto_score, grade.score, grade.needs_manual_grade) == (0, 1.5, True)


def test_where_no_notebook_is_left_nothing_stays_of_an_earlier_score(course: TinyCourse) -> None:
    folder = course.root / "submitted" / "ada" / UNIT
    for path in folder.iterdir():
        path.unlink()
    (folder / "answers.pdf").write_bytes(b"%PDF")
    course.grade()  # nothing newer was handed in: as stock, nothing is done
    assert course.scores()["ada", ONE] == ALL
    course.grade(force=True)
    assert course.scores() == {("ada", ONE): NONE, ("ada", TWO): NONE, ("ben", ONE): ALL, ("ben", TWO): ALL}


def test_where_there_are_unknown_notebooks_only_it_fails_as_ever_and_nothing_stays(course: TinyCourse) -> None:
    folder = course.root / "submitted" / "ada" / UNIT
    for path in folder.iterdir():
        path.rename(path.with_name(f"mine-{path.name}"))
    with pytest.raises(NbGraderException):
        course.grade(force=True)
    assert course.scores() == {("ada", ONE): NONE, ("ada", TWO): NONE, ("ben", ONE): ALL, ("ben", TWO): ALL}


def test_an_unknown_notebook_is_skipped_as_ever_and_a_missing_one_gets_nothing(course: TinyCourse) -> None:
    path = course.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb"
    path.rename(path.with_name("mine.ipynb"))
    course.grade(force=True)
    assert course.scores()["ada", ONE] == NONE and course.scores()["ada", TWO] == ALL
    assert sorted(path.name for path in course.graded("ada").iterdir()) == ["data.txt", f"{TWO}.ipynb"]


def test_a_submission_in_a_folder_of_its_own_is_found_by_the_api(course: TinyCourse) -> None:
    folder = course.root / "submitted" / "ada" / UNIT
    folder.rename(folder.with_name("moved"))
    folder.mkdir()
    folder.with_name("moved").rename(folder / UNIT)
    assert course.api().autograde(UNIT, "ada")["success"]
    assert course.scores()["ada", TWO] == ALL
    assert made(course, "ada").metadata[REPAIRED][0].startswith(f"The notebook was handed in as '{UNIT}/{ONE}.ipynb'")


def test_without_a_released_notebook_the_source_tells_the_order_and_without_it_the_gradebook(
    course: TinyCourse,
) -> None:
    path = course.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb"
    changed(lambda nb: nb.cells.pop(1))(path)
    for folder in ("release", "source"):
        (course.root / folder / UNIT / f"{ONE}.ipynb").unlink()
        course.grade(force=True)
        nb = made(course, "ada")
        assert [each.metadata.nbgrader.grade_id for each in nb.cells] == ["answer", "test", "share"]
        assert course.scores()["ada", ONE] == ALL
    refuse(course, "ada")
    course.grade(force=True)
    assert course.scores()["ada", ONE] == NONE and "42" not in made(course, "ada").cells[0].source


def test_hidden_tests_are_graded_and_are_no_repair(tmp_path: Path) -> None:
    course = TinyCourse(tmp_path / "course", settings=NOT_RUN)
    course.make({"ada": {ONE: RIGHT}, "ben": {ONE: RIGHT}})
    source = notebook(RIGHT)
    source.cells[1].source = "assert answer\n### BEGIN HIDDEN TESTS\nassert answer == 42\n### END HIDDEN TESTS"
    nbformat.write(source, course.root / "source" / UNIT / f"{ONE}.ipynb")
    assert course.api().generate_assignment(UNIT)["success"]
    released = nbformat.read(course.root / "release" / UNIT / f"{ONE}.ipynb", as_version=4)
    assert released.cells[1].source == "assert answer"
    nbformat.write(released, course.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb")
    changed(lambda nb: nb.cells.pop(1))(course.root / "submitted" / "ben" / UNIT / f"{ONE}.ipynb")
    course.grade()
    assert REPAIRED not in made(course, "ada").metadata
    assert len(made(course, "ben").metadata[REPAIRED]) == 1
    for name in ("ada", "ben"):
        assert "answer == 42" in made(course, name).cells[1].source
