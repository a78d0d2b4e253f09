"""Files that somebody handed in: what is read of them, and the sentence where nothing is."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbgrader.coursedir import CourseDirectory

from dropnorm import places
from grader.autograde import form, handed_in, taken_along
from grader.autograde.form import notebook
from grader.autograde.handed_in import RefusedError, content, parsed
from grader.autograde.renamed import candidates, the_one

COMMITTED = sorted(path for folder in (places.SOLUTIONS, places.EXERCISES) for path in folder.glob("*/*.ipynb"))
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="LINKS AND PIPES ARE THOSE OF UNIX")


def whole(**other: Any) -> dict[str, Any]:
    """A notebook as JSON, of one cell; ``other`` keys replace its own."""
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": "x = 'ä'", "outputs": [], "execution_count": 1}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [cell]} | other


def raw(**other: Any) -> dict[str, Any]:
    """A notebook whose only cell has these keys in place of its own; those that are None it lacks."""
    cell = {"cell_type": "raw", "id": "a", "metadata": {}, "source": "a"} | other
    return cells({key: value for key, value in cell.items() if value is not None})


def cells(*given: Any) -> dict[str, Any]:
    return whole(cells=list(given))


def refusal(data: bytes) -> str:
    with pytest.raises(RefusedError) as refused:
        notebook(parsed(data)[0])
    return str(refused.value)


def begins(sentence: str) -> str:
    return sentence.split("{")[0]


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: "/".join(path.parts[-3:]))
def test_a_whole_notebook_is_read_as_nbformat_reads_it(path: Path) -> None:
    told, mended = parsed(content(path, path.parent))
    nb, formed = notebook(told, outputs=True)
    assert (mended, formed) == ([], [])
    assert nbformat.writes(nb) == nbformat.writes(nbformat.read(path, as_version=4))


REFUSED = {
    "nothing": (b"", handed_in.EMPTY),
    "blanks": (b" \r\n\t", handed_in.EMPTY),
    "zeros": (bytes(4096), handed_in.EMPTY),
    "a mark of UTF-16 alone": (b"\xff\xfe", handed_in.EMPTY),
    "a PDF": (b"%PDF-1.7 \xe2\xe3", "The file is a PDF"),
    "a web page": (b"\n<!DOCTYPE html><html>", "The file is a web page"),
    "an archive": (b"PK\3\4\0\0", "The file is a ZIP archive or an Office document"),
    "a merge": (b'{\n "cells": [\n<<<<<<< HEAD\n  1,\n=======\n', "Line 3 is a mark of a git merge"),
    "cut off": (json.dumps(whole()).encode()[:60], handed_in.CUT),
    "cut off in a text": (b'{"cells": [{"source": "model =', handed_in.CUT),
    "a comma too many": (b'{"cells": [],\n\n}', "Line 3 of the file is not as Jupyter writes it"),
    "a number": (b"5", begins(form.NO_NOTEBOOK)),
    "a list": (b"[]", begins(form.NO_NOTEBOOK)),
    "null": (b"null", begins(form.NO_NOTEBOOK)),
    "no cells": (b"{}", begins(form.NO_NOTEBOOK)),
    "cells that are no list": (json.dumps(whole(cells={"a": 1})).encode(), begins(form.NO_NOTEBOOK)),
    "deep lists": (b"[" * 10**5 + b"]" * 10**5, handed_in.NESTED),
    "deep metadata": (b'{"cells": [], "metadata": ' + b'{"a":' * 10**5 + b"1" + b"}" * 10**5 + b"}", handed_in.NESTED),
    "a number of a thousand digits and more": (b'{"cells": ' + b"9" * 5000 + b"}", begins(handed_in.NO_JSON)),
    "many values": (b"[" + b"{}," * handed_in.VALUES, begins(handed_in.MUCH)),
    "many cells": (json.dumps(cells(*[{}] * (form.CELLS + 1))).encode(), begins(form.MANY)),
    "an old format in pieces": (b'{"nbformat": 3, "worksheets": [5]}', begins(form.OLD)),
}


@pytest.mark.parametrize("file", REFUSED)
def test_what_cannot_be_read_is_refused_in_one_sentence(file: str) -> None:
    data, sentence = REFUSED[file]
    said = refusal(data)
    assert said.startswith(sentence.split("{")[0]) and said.count("\n") == 0


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_other_codings_are_read(coding: str) -> None:
    told, mended = parsed(json.dumps(whole(), ensure_ascii=False).encode(coding))
    assert told == whole()
    assert len(mended) == (coding != "utf-8-sig")


def test_zeros_after_the_end_are_left_out() -> None:
    assert parsed(json.dumps(whole()).encode() + bytes(512)) == (whole(), [])


def test_what_is_no_character_is_replaced_and_can_be_written() -> None:
    for data in (json.dumps(whole(), ensure_ascii=False).encode("latin-1"), rb'{"cells": ["\ud800"]}'):
        told, mended = parsed(data)
        assert mended == [handed_in.CHARACTERS]
        json.dumps(told, ensure_ascii=False).encode()


def test_what_is_no_number_is_nothing() -> None:
    assert parsed(b"[NaN, -Infinity, 1e999, 1.5]")[0] == [None, None, None, 1.5]


def test_of_a_key_that_is_there_twice_the_second_counts_as_in_jupyter() -> None:
    assert parsed(b'{"cells": [1], "cells": [2]}')[0] == {"cells": [2]}


MENDED = {
    "text that is a number": (raw(source=5), "text of cells"),
    "text that is half a list": (raw(source=["a", 5]), "text of cells"),
    "a zero in the text": (raw(source="a\0"), "text of cells"),
    "no type": (raw(cell_type=None), "types of cells"),
    "a type of one's own": (raw(cell_type=5), "types of cells"),
    "no metadata": (raw(metadata=None), "metadata of cells"),
    "metadata that are a list": (raw(metadata=[]), "metadata of cells"),
    "tags that are a number": (raw(metadata={"tags": 5}), "metadata of cells"),
    "nbgrader's that are a text": (raw(metadata={"nbgrader": "x"}), "metadata of cells"),
    "an id with blanks": (raw(id="a b"), "ids of cells"),
    "an id that is a list": (raw(id=[]), "ids of cells"),
    "no id": (raw(id=None), "ids of cells"),
    "one id for two": (cells(*raw()["cells"] * 2), "ids of cells"),
    "attachments that are a number": (raw(attachments=5), "attachments"),
    "a cell that is a number": (cells(5, *whole()["cells"]), "what is no cell"),
    "the notebook's metadata a list": (whole(metadata=[]), "the notebook's metadata"),
    "a language that is a number": (whole(metadata={"language": 5}), "the notebook's metadata"),
    "a kernel that is a number": (whole(metadata={"kernelspec": 5}), "the notebook's metadata"),
    "deep metadata": (whole(metadata=json.loads('{"a":' * 200 + "1" + "}" * 200)), "the notebook's metadata"),
}


@pytest.mark.parametrize("fault", MENDED)
def test_a_form_that_is_wrong_is_mended_and_told(fault: str) -> None:
    told, what = MENDED[fault]
    nb, said = notebook(told)
    nbformat.validate(nb)
    assert said == [form.MENDED.format(what=what)]
    assert notebook(json.loads(nbformat.writes(nb))) == (nb, [])


@pytest.mark.parametrize("output", [5, {}, {"output_type": 5}, {"output_type": "stream", "name": "x", "text": [{}]}])
def test_outputs_that_are_none_are_left_out_and_the_others_stay(output: Any) -> None:
    right = {"output_type": "stream", "name": "stdout", "text": "1\n"}
    (cell,) = whole()["cells"]
    nb, said = notebook(cells(cell | {"outputs": [output, right]}), outputs=True)
    assert nb.cells[0].outputs == [right] and said == [form.MENDED.format(what="outputs")]
    assert notebook(cells(cell | {"outputs": [output, right]}))[1] == []  # where they are cleared anyway


@pytest.mark.parametrize("number", [None, 5, 3, "4", [], 10**400, True])
def test_the_number_of_a_format_is_not_believed(number: Any) -> None:
    nb, said = notebook(whole(nbformat=number))
    assert nb.cells[0].source == "x = 'ä'" and len(said) == 1 and len(said[0]) < 100
    nbformat.validate(nb)


@pytest.mark.parametrize("minor", [None, 99, -1, "5"])
def test_nor_is_the_number_behind_it(minor: Any) -> None:
    nb, said = notebook(whole(nbformat_minor=minor))
    assert nb.nbformat_minor == 5 and len(said) == 1


@pytest.mark.parametrize("version", [2, 3])
def test_old_formats_are_converted(version: int) -> None:
    says = {"grade_id": "answer"}
    cell = {"cell_type": "code", "language": "python", "input": "x = 1", "outputs": [5], "metadata": {"nbgrader": says}}
    nb, said = notebook({"nbformat": version, "nbformat_minor": 0, "worksheets": [{"cells": [cell]}]})
    assert said == [form.CONVERTED.format(version=version)] and nb.cells[0].source == "x = 1"
    assert version == 2 or nb.cells[0].metadata.nbgrader == says
    nbformat.validate(nb)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A submission, beside what is none of its business."""
    (tmp_path / "secret").write_text("solutions")
    made = tmp_path / "submission"
    made.mkdir()
    return made


def test_links_are_followed_inside_of_a_submission_only(folder: Path) -> None:
    (folder / "mine").write_text("mine")
    (folder / "inside").symlink_to("mine")
    assert content(folder / "inside", folder) == b"mine"
    for name, target in (("out", "../secret"), ("passwd", "/etc/passwd"), ("nowhere", "gone"), ("circle", "circle")):
        (folder / name).symlink_to(target)
        with pytest.raises(RefusedError, match="a link to a file outside"):
            content(folder / name, folder)


def test_nothing_but_a_file_is_read(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "device").symlink_to("/dev/zero")
    for name in ("pipe", "folder"):
        with pytest.raises(RefusedError, match="no file that can be read"):
            content(folder / name, folder)
    with pytest.raises(RefusedError, match="outside of the submission"):
        content(folder / "device", folder)
    with pytest.raises(RefusedError, match="cannot be read"):
        content(folder / "gone", folder)


def test_a_large_file_is_not_read(folder: Path) -> None:
    with (folder / "large").open("wb") as file:
        file.truncate(2**33)  # none of it is on the disk
    with pytest.raises(RefusedError, match=r"has 8192 MB, and at most 64 are read"):
        content(folder / "large", folder)


def test_what_is_taken_along_is_regular_and_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    course = CourseDirectory(root=str(folder.parent), max_file_size=1, max_dir_size=2)
    (folder / "sub" / "__pycache__").mkdir(parents=True)
    for name in ("data.csv", "sub/data.csv", "sub/__pycache__/x", "one.ipynb", "x.pyc"):
        (folder / name).write_text("1")
    (folder / "inside").symlink_to("data.csv")
    (folder / "folder.ipynb").mkdir()
    (folder / "folder.ipynb" / "x").write_text("1")
    whole = taken_along.taken_along(folder, course)
    assert whole.files == ("data.csv", "inside", "sub/data.csv") and whole.left == ()
    (folder / "secret").symlink_to("../secret")
    (folder / "all").symlink_to("/etc")
    os.mkfifo(folder / "pipe")
    (folder / "large").write_bytes(bytes(1001))
    for name in ("y1", "y2", "y3"):
        (folder / name).write_bytes(bytes(900))
    (folder / os.fsdecode(b"\xff")).write_text("1")
    (folder.joinpath(*["d"] * 30)).mkdir(parents=True)
    found = taken_along.taken_along(folder, course)
    assert found.files == (*whole.files, "y1", "y2")
    left = dict(sentence.removeprefix("Not taken along: ").removesuffix(").").split(" (") for sentence in found.left)
    assert {name.strip("'"): why for name, why in left.items() if not name.startswith("'d/")} == {
        "secret": taken_along.LINKED,
        "pipe": taken_along.SPECIAL,
        "large": taken_along.LARGE,
        "y3": taken_along.LARGE,
        "\\udcff": taken_along.NAME,
    }
    assert taken_along.DEEP in left.values()
    monkeypatch.setattr(taken_along, "FILES", 1)
    assert len(taken_along.taken_along(folder, course).files) == 1


NAMES = ["1_a (1).ipynb", "1_a(2).ipynb", "1_a-Copy1.ipynb", "1_a - Copy.ipynb", "1_a copy 2.ipynb", "1_A.ipynb",
         "1_a.ipynb.ipynb", "1_a.ipynb.txt", "1_a.ipynb.json", "unit/1_a.ipynb", "x/y/1_a (3).ipynb"]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_other_names_of_a_notebook(folder: Path, name: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    assert candidates(folder, "1_a", ["1_a", "2_b"]) == [path]
    found, sentence = the_one([path], folder, "1_a")
    assert found == path and name in sentence


@pytest.mark.parametrize(
    "name", ["1_ab.ipynb", "11_a.ipynb", "1_a.py", ".ipynb_checkpoints/1_a.ipynb", "__MACOSX/1_a.ipynb"]
)
def test_names_of_something_else(folder: Path, name: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text("")
    assert candidates(folder, "1_a", ["1_a", "2_b"]) == []


def test_another_notebook_of_the_assignment_is_not_meant_and_of_two_none_is() -> None:
    folder = Path("submission")
    with pytest.raises(RefusedError, match=r"several that could be meant \('1_a \(1\).ipynb', '1_a \(2\).ipynb'\)"):
        the_one([folder / "1_a (1).ipynb", folder / "1_a (2).ipynb"], folder, "1_a")


def test_a_notebook_with_a_name_like_anothers_copy(folder: Path) -> None:
    (folder / "1_a (1).ipynb").write_text("")
    assert candidates(folder, "1_a", ["1_a", "1_a (1)"]) == []
