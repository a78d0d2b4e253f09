"""A graded class in the record of verdicts, and the command that tells a learner's part of it."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from test_ledger import verdict
from tiny_course import ONE, RIGHT, TWO, UNIT, TinyCourse

from dropnorm.places import ROOT
from grader import __main__ as commands
from grader import build
from grader.autograde import cluster, noting
from grader.autograde.ledger import Ledger
from grader.autograde.noted import Noted, Points
from grader.autograde.steps import grading_steps

HALF = "answer, share = 41, 0.5"
STEPS = {"Autograde": {"autograde_preprocessors": grading_steps()}, "WarmExecute": {"workers": 1}}


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """The cluster is one for all tests of this file."""
    yield
    cluster.close()


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> TinyCourse:
    """Ada has handed in both notebooks, ben one."""
    course = TinyCourse(tmp_path_factory.mktemp("course"), settings=STEPS)
    course.make({"ada": {ONE: RIGHT, TWO: HALF}, "ben": {ONE: HALF}})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(course.root)
        course.grade()
    return course


@pytest.fixture
def graded(once: TinyCourse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyCourse:
    """A copy of that course; it is the folder that commands run in."""
    monkeypatch.chdir(shutil.copytree(once.root, tmp_path / "course"))
    return TinyCourse(tmp_path / "course", settings=STEPS)


def entries(root: Path) -> list[Noted]:
    found: list[Noted] = []
    assert Ledger(root).read(lambda entry, _: found.append(entry.noted)).wrong() == []
    return found


def test_each_notebook_is_noted_with_what_was_handed_in_and_what_the_gradebook_holds(graded):
    found = {(each.student, each.notebook): each for each in entries(graded.root)}
    assert len(found) == len(entries(graded.root)) == 4
    handed_in = (graded.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb").read_bytes()
    one = found["ada", ONE]
    assert one.submitted == hashlib.sha256(handed_in).hexdigest() and one.run == "autograde"
    assert one.cells == {"test": Points(1.0, 1.0), "share": Points(2.0, 2.0)} and one.score == one.maximum == 3.0
    assert found["ada", TWO].cells["share"] == Points(2.0, 0.5) and one.ran != found["ada", TWO].ran
    assert found["ada", TWO].rubric == one.rubric and found["ada", TWO].tests == one.tests
    lacking = found["ben", TWO]
    assert lacking.missing and lacking.submitted is None and lacking.score == 0.0 and lacking.maximum == 3.0


def test_points_by_hand_and_a_refusal_are_noted(graded, monkeypatch):
    with Gradebook(f"sqlite:///{graded.root / 'gradebook.db'}") as gradebook:
        gradebook.find_grade("share", ONE, UNIT, "ada").manual_score = 1.5
        gradebook.find_grade("share", ONE, UNIT, "ada").extra_credit = 0.25
        gradebook.db.commit()

    class Refuse(NbGraderPreprocessor):
        def preprocess(self, nb, resources):
            nb.metadata["refused"] = "It is a picture."
            return nb, resources

    steps = grading_steps()
    graded.settings = STEPS | {"Autograde": {"autograde_preprocessors": [Refuse, *steps]}}
    graded.grade(force=True, student_id="ada", notebook_id=ONE)
    (*_, last) = entries(graded.root)
    assert last.refused == "It is a picture." and last.notebook == ONE
    assert last.cells["share"] == Points(2.0, 2.0, 1.5, 0.25, True) and last.score == 2.75


def test_grading_again_is_another_verdict_and_what_is_still_missing_is_none(graded):
    graded.grade(force=True)
    found = entries(graded.root)
    assert [(each.student, each.notebook) for each in found[4:]] == [("ada", ONE), ("ada", TWO), ("ben", ONE)]
    assert found[4].ran != found[0].ran


def test_a_file_that_came_while_it_was_graded_is_not_taken_for_what_was_graded(graded):
    late = graded.root / "submitted" / "ada" / UNIT / f"{ONE}.ipynb"

    class HandIn(NbGraderPreprocessor):
        def preprocess(self, nb, resources):
            while late.stat().st_ctime <= Path(resources["metadata"]["path"], late.name).stat().st_mtime:
                nbformat.write(nbformat.read(late, as_version=4), late)  # the clock of files ticks slowly
            return nb, resources

    graded.settings = STEPS | {"Autograde": {"autograde_preprocessors": [HandIn, *grading_steps()]}}
    graded.grade(force=True, student_id="ada", notebook_id=ONE)
    assert entries(graded.root)[-1].submitted is None


def test_a_record_that_cannot_be_written_costs_its_entries_and_not_the_class(graded, monkeypatch, caplog):
    shutil.rmtree(graded.root / ".grading")
    (graded.root / ".grading").write_text("in the way")
    said, handler = [], logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    logging.getLogger("traitlets").addHandler(handler)
    noting.ledger_of.cache_clear()
    graded.grade(force=True)
    logging.getLogger("traitlets").removeHandler(handler)
    assert graded.scores()["ada", ONE] == (1, 2)
    assert any("The verdict on one of ada is not in the record of verdicts" in each for each in said), said


CONFIG = """
import os, signal, sys
from pathlib import Path

sys.path[:0] = [ROOT]
from grader.autograde.journal import Journal
from grader.autograde.noting import NoteVerdict
from grader.autograde.steps import grading_steps
from nbgrader.preprocessors import NbGraderPreprocessor


class Kill(NbGraderPreprocessor):
    def preprocess(self, nb, resources):
        own = resources["nbgrader"]
        if (own["student"], own["notebook"]) == ("ada", "two") and not Path("killed").exists():
            Path("killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return nb, resources


journal = Journal(Path.cwd())
journal.clear()
steps = grading_steps()
steps.insert(steps.index(NoteVerdict) + AFTER, Kill)
c = get_config()
c.Autograde.pre_convert_hook, c.Autograde.post_convert_hook = journal.begins, journal.ends
c.CourseDirectory.course_id = "tiny"
c.Autograde.autograde_preprocessors = steps
c.WarmExecute.workers = 1
"""


@pytest.mark.full
@pytest.mark.skipif(sys.platform == "win32", reason="NO SIGNAL OF THIS KIND")
@pytest.mark.parametrize(
    "after", [pytest.param(0, id="before it is noted", marks=pytest.mark.long), pytest.param(1, id="after it is noted")]
)
def test_a_killed_command_that_goes_on_notes_each_verdict_once(graded, tmp_path, after):
    (graded.root / "nbgrader_config.py").write_text(
        CONFIG.replace("ROOT", repr(str(ROOT))).replace("AFTER", str(after))
    )
    env = build.environment() | {"JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
    line = [sys.executable, "-m", "nbgrader", "autograde", UNIT, "--force"]
    assert subprocess.run(line, cwd=graded.root, env=env).returncode == -signal.SIGKILL
    done = subprocess.run(line, cwd=graded.root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [(each.student, each.notebook) for each in entries(graded.root)[4:]]
    assert found == [("ada", ONE), ("ada", TWO), ("ben", ONE)]
    assert f"its head is {Ledger(graded.root).head().digest}" in done.stderr


def test_history_tells_the_entries_in_order_and_that_the_record_is_whole(graded, capsys):
    graded.hand_in("ada", TWO, RIGHT)
    graded.grade(force=True, student_id="ada", notebook_id=TWO)
    capsys.readouterr()
    assert commands.main(["history", "ada", UNIT]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == ONE and "3 of 3" in said[3] and said[3].endswith("the first entry")
    second = said.index(TWO)
    assert "0.5 of 3" in said[second + 3]
    assert "3 of 3" in said[second + 4]
    assert said[second + 4].endswith("another file handed in; share 0.5 → 2; test 0 → 1")
    head = Ledger(graded.root).head().digest
    assert said[-1] == f"The record is whole: 5 entries, the head is {head}."
    assert commands.main(["history", "ben", UNIT, "--cells"]) == 0
    said = capsys.readouterr().out
    assert "    share: 0.5\n" in said and "  nothing    0 of 3  the first entry\n" in said


def test_history_says_what_is_not_there(graded, capsys):
    assert commands.main(["history", "eve", UNIT]) == 1
    assert "No verdicts on 'eve' in 'unit' are recorded: there are verdicts on ada, ben." in capsys.readouterr().out
    assert commands.main(["history", "ada", "another"]) == 1
    assert "'another' are recorded: nobody's was recorded here yet." in capsys.readouterr().out
    shutil.rmtree(graded.root / ".grading")
    assert commands.main(["history", "ada", UNIT]) == 1
    assert capsys.readouterr().out == "There is no record of verdicts here: `nbgrader autograde unit` begins one.\n"


def test_history_says_where_the_record_is_not_whole(graded, capsys):
    path = Ledger(graded.root).path
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"auto": 2.0', b'"auto": 9.0'))
    assert commands.main(["history", "ada", UNIT]) == 1
    assert "The record is not whole:\n  line 1 was edited: line 2 follows another one\n" in capsys.readouterr().out
    path.write_bytes(whole + b"torn\x1b[2J")
    assert commands.main(["history", "ada", UNIT]) == 0
    assert "The record is whole: 4 entries" in (said := capsys.readouterr().out) and "is not finished" in said
    path.write_bytes(whole.replace(b'"run": "autograde"', b'"run": "\\u001b[2J"').replace(b'"cells"', b'"sells"', 1))
    assert commands.main(["history", "ada", UNIT]) == 1
    said = capsys.readouterr().out
    assert "Entry 1 is on this learner as well, and cannot be read" in said and "\x1b" not in said and "?[2J" in said


def test_a_head_that_was_noted_tells_of_a_record_that_was_written_anew(graded, capsys):
    noted = Ledger(graded.root).head().digest
    Ledger(graded.root).append(verdict("ada"))
    assert commands.main(["history", "ada", UNIT, "--noted", noted]) == 0
    assert capsys.readouterr().out.endswith("The digest that you noted is that of entry 4.\n")
    shutil.rmtree(graded.root / ".grading")
    Ledger(graded.root).append(verdict("ada"))
    assert commands.main(["history", "ada", UNIT, "--noted", noted]) == 1
    said = capsys.readouterr().out
    assert "The record is whole" in said and "of no entry: the record was cut or written anew since" in said


@pytest.mark.parametrize("command", [["history", "ada", UNIT], ["why", "ada", UNIT]], ids=lambda line: line[0])
def test_whoever_stops_reading_is_no_error(graded, command):
    reads, writes = os.pipe()
    os.close(reads)
    line = [sys.executable, "-m", "grader", *command]
    env = {name: each for name, each in os.environ.items() if name != "PYTHONUNBUFFERED"} | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=graded.root, env=env, stdout=writes, stderr=subprocess.PIPE, text=True)
    os.close(writes)
    assert "Traceback" not in done.stderr and "BrokenPipe" not in done.stderr
    assert done.returncode == commands.PIPE_CLOSED
