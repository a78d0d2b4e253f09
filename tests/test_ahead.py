"""A class graded by stock nbgrader with our step in it: what stock would give, and notebooks that are run ahead."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbgrader.converters.base import NbGraderException
from nbgrader.preprocessors import NbGraderPreprocessor
from sqlalchemy.exc import OperationalError
from tiny_course import NOT_RUN, ONE, RIGHT, TWO, UNIT, TinyCourse

from grader.autograde import ahead, cluster, journal
from grader.autograde.converter import CarefulAutograde
from grader.autograde.notebook_run import Job
from grader.autograde.pending import lay
from grader.autograde.siblings import AutogradeHomework

HALF = "answer, share = 41, 0.5"
WRITES = "from pathlib import Path\nPath('made.txt').write_text('by one')\nanswer, share = 42, 1.0"
READS = "from pathlib import Path\nanswer = 42\nshare = 2.0 * (Path('made.txt').read_text() == 'by one')"
STUBBORN = """
import time
answer, share = 42, 2.0
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""
LEARNERS = {
    "ada": {ONE: RIGHT, TWO: HALF},
    "ben": {ONE: "import os\nos._exit(1)", TWO: RIGHT},
    "cas": {ONE: HALF, TWO: STUBBORN},
    "dee": {ONE: WRITES, TWO: READS},
    "eve": {ONE: "import os, shutil\nshutil.rmtree(os.getcwd())\n" + HALF, TWO: "print('x' * 10**5)\n" + RIGHT},
}
SCORES = {
    ("ada", ONE): (1, 2), ("ada", TWO): (0, 0.5),
    ("ben", ONE): (0, 0), ("ben", TWO): (1, 2),
    ("cas", ONE): (0, 0.5), ("cas", TWO): (0, 0),
    ("dee", ONE): (1, 1), ("dee", TWO): (1, 2),
    ("eve", ONE): (0, 0.5), ("eve", TWO): (1, 2),
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def ended() -> Iterator[None]:
    """The cluster is one for all tests of this file."""
    yield
    cluster.close()


@contextlib.contextmanager
def noting_what_is_sent() -> Iterator[list[tuple[str, str]]]:
    """The notebooks that are sent to the workers, in order: learner and name."""
    noted, submit = [], cluster.Cluster.submit

    def noting(self: cluster.Cluster, job: Job, alone: bool = False) -> object:
        noted.append((job.student, job.notebook))
        return submit(self, job, alone)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster.Cluster, "submit", noting)
        yield noted


@pytest.fixture
def sent() -> Iterator[list[tuple[str, str]]]:
    """What is sent during a test."""
    with noting_what_is_sent() as noted:
        yield noted


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> tuple[TinyCourse, list[tuple[str, ...]], list[str]]:
    """The class, graded; the notebooks that were sent to the workers, in order; and what was logged."""
    course, said = TinyCourse(tmp_path_factory.mktemp("course")), []
    course.make(LEARNERS)
    handler = logging.Handler()
    handler.emit = lambda record: said.append(record.getMessage())
    with noting_what_is_sent() as sent:
        logging.getLogger("traitlets").addHandler(handler)
        course.grade()
        logging.getLogger("traitlets").removeHandler(handler)
    return course, sent, said


def test_each_gets_what_the_answers_are_worth(graded):
    assert graded[0].scores() == SCORES


def test_the_same_code_is_run_once_and_each_keeps_what_is_not_code(tmp_path, sent):
    course = TinyCourse(tmp_path / "course")
    random = f"import secrets\nprint(secrets.token_hex())\n{RIGHT}"
    course.make({name: {ONE: random} for name in ("ada", "ben", "cas")})
    course.hand_in("cas", ONE, random + "  # mine")
    words = nbformat.read(course.root / "submitted" / "ben" / UNIT / f"{ONE}.ipynb", as_version=4)
    words.cells.insert(0, nbformat.v4.new_markdown_cell("Ben's own words."))
    words.cells[1].metadata["jupyter"] = {"source_hidden": True}
    nbformat.write(words, course.root / "submitted" / "ben" / UNIT / f"{ONE}.ipynb")
    for name in ("ada", "ben", "cas"):  # as `nbgrader submit` does
        folder = course.root / "submitted" / name / UNIT
        (folder / "timestamp.txt").write_text(f"2026-11-0{ord(name[0]) - 96} 10:00:00.000001 UTC")
        (folder / "submission_secret.txt").write_text(f"the secret of {name}")
    course.grade()
    assert [name for name, _ in sent] == ["ada", "cas"] and set(course.scores().values()) == {(1, 2), (0, 0)}
    graded = {
        name: nbformat.read(course.graded(name) / f"{ONE}.ipynb", as_version=4).cells for name in ("ada", "ben", "cas")
    }
    assert graded["ben"][0].source == "Ben's own words." and graded["ben"][1].metadata["jupyter"]
    assert "jupyter" not in graded["ada"][0].metadata
    assert [cell.outputs for cell in graded["ben"][1:]] == [cell.outputs for cell in graded["ada"]]
    assert graded["cas"][0].outputs != graded["ada"][0].outputs
    lines = [json.loads(line) for line in (course.root / ".grading" / "timing.jsonl").read_text().splitlines()]
    assert [(line["student"], line["shared"], bool(line["seconds"])) for line in lines] == [
        ("ada", False, True), ("ben", True, False), ("cas", False, True),
    ]  # fmt: skip
    assert (course.graded("ben") / "submission_secret.txt").read_text() == "the secret of ben"
    assert not list((course.root / ".grading" / "runs").glob("*"))
    course.grade(force=True)
    assert [name for name, _ in sent[2:]] == ["ada", "cas"], "what is graded again is run again"


def test_a_run_does_not_see_whose_it_is_nor_says_when_it_was_handed_in(tmp_path):
    course = TinyCourse(tmp_path / "course")
    code = "from pathlib import Path\nseen = sorted(path.name for path in Path().iterdir())\n"
    code += f"for name in ('timestamp.txt', 'made.txt'):\n    Path(name).write_text('by code')\nprint(seen)\n{RIGHT}"
    course.make({"ada": {ONE: code}})
    folder, own = course.root / "submitted" / "ada" / UNIT, ("timestamp.txt", "submission_secret.txt")
    for name in own:
        (folder / name).write_text("2026-11-01 10:00:00.000001 UTC")
    course.grade()
    first = nbformat.read(course.graded("ada") / f"{ONE}.ipynb", as_version=4).cells[0]
    assert first.outputs[0].text == f"{['data.txt', f'{ONE}.ipynb']}\n"
    for name in own:
        assert (course.graded("ada") / name).read_text() == "2026-11-01 10:00:00.000001 UTC"
    assert (course.graded("ada") / "made.txt").read_text() == "by code"


def test_what_cannot_be_kept_on_disk_is_run_no_more_often(tmp_path, sent, monkeypatch):
    monkeypatch.setattr(journal.Journal, "keep", lambda *_: None)  # as on a full disk
    course = TinyCourse(tmp_path / "course")
    course.make({name: {ONE: f"{RIGHT}  # {name}"} for name in ("ada", "ben", "cas", "dee")})
    course.grade()
    assert sent == [(name, ONE) for name in ("ada", "ben", "cas", "dee")]
    assert {scores for (_, name), scores in course.scores().items() if name == ONE} == {(1, 2)}


def test_a_run_that_did_not_end_by_itself_is_nobody_elses(tmp_path, sent):
    course = TinyCourse(tmp_path / "course")
    course.make({name: {ONE: "import os\nos._exit(1)"} for name in ("ada", "ben", "cas")})
    course.grade()
    assert sorted(name for name, _ in sent) == ["ada", "ben", "cas"] and set(course.scores().values()) == {(0, 0)}
    for name, _ in sent:
        last = nbformat.read(course.graded(name) / f"{ONE}.ipynb", as_version=4)
        assert [cell.outputs[-1].ename for cell in last.cells] == ["KernelDied", "NotRun", "NotRun"]


@pytest.mark.full
def test_the_number_of_workers_and_the_learners_order_change_nothing(tmp_path):
    course = TinyCourse(tmp_path / "course", settings={"WarmExecute": {"workers": 2}})
    renamed = {chr(ord("z") - place): name for place, name in enumerate(LEARNERS)}  # the last one first
    course.make({new: LEARNERS[old] for new, old in renamed.items()})
    course.grade()
    assert {(renamed[new], name): scores for (new, name), scores in course.scores().items()} == SCORES


def test_all_is_sent_ahead_in_stocks_order_and_run_again_only_where_a_run_before_changed_what_stands_beside(graded):
    _, sent, _ = graded
    assert sent[: len(SCORES)] == list(SCORES)
    assert sent[len(SCORES) :] == [("dee", TWO)]


def test_what_a_run_wrote_is_graded_work_and_no_submitted_one(graded):
    course, *_ = graded
    assert (course.graded("dee") / "made.txt").read_text() == "by one"
    assert (course.graded("eve") / "data.txt").read_text() == "of the course"
    assert {path.suffix for path in (course.root / "submitted").rglob("*") if path.is_file()} == {".ipynb"}
    modes = {path.stat().st_mode & 0o777 for path in course.graded("dee").iterdir()}
    assert modes == {0o444}


def test_a_kernel_that_ended_keeps_its_notebook_and_says_so(graded):
    course, _, said = graded
    notebook = nbformat.read(course.graded("ben") / f"{ONE}.ipynb", as_version=4)
    assert [cell.outputs[-1].ename for cell in notebook.cells] == ["KernelDied", "NotRun", "NotRun"]
    assert any("ben" in sentence and "ended the kernel" in sentence for sentence in said)


def test_a_second_command_runs_nothing_and_only_what_is_named_is_run_again(graded, sent):
    course, *_ = graded
    course.grade()
    assert sent == []
    course.grade(force=True, student_id="ada", notebook_id=TWO)
    assert sent == [("ada", TWO)]
    course.hand_in("ada", ONE, HALF)
    course.grade(force=True, student_id_exclude="ben,cas,dee,eve")
    assert sent[1:] == [("ada", ONE), ("ada", TWO)]
    assert course.scores() == SCORES | {("ada", ONE): (0, 0.5)}


def test_without_executing_nothing_is_run(tmp_path, monkeypatch):
    course = TinyCourse(tmp_path / "course", settings=NOT_RUN | {"ClearOutput": {"enabled": False}})
    course.make({"ada": {ONE: RIGHT}})
    monkeypatch.setattr(cluster, "the_cluster", lambda *_: pytest.fail("a cluster is asked for"))
    course.grade()
    assert course.scores()["ada", ONE] == (1, 2)  # as stock: no output, all points


def test_by_the_api_one_learner_is_graded_and_a_failure_is_told(tmp_path):
    course = TinyCourse(tmp_path / "course", settings={"Execute": {"kernel_name": "fortran77"}})
    course.make({"ada": {ONE: RIGHT}, "ben": {ONE: RIGHT}})
    failed = course.api().autograde(UNIT, "ada")
    assert not failed["success"] and "There is no kernel named fortran77" in failed["log"]
    assert not course.graded("ada").exists()
    course.settings.clear()
    assert course.api().autograde(UNIT, "ben")["success"]
    assert course.scores()["ben", ONE] == (1, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="NOBODY LOCKS A COURSE ON WINDOWS")
def test_by_the_api_nothing_is_touched_while_a_command_works_in_the_course(tmp_path):
    """Formgrader's server would answer nobody if it waited; and stock first removes what was graded before."""
    import fcntl

    course = TinyCourse(tmp_path / "course")
    course.make({"ada": {ONE: RIGHT}})
    assert course.api().autograde(UNIT, "ada")["success"]
    with (course.root / ".grading" / "lock").open("a+") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        pressed = course.api().autograde(UNIT, "ada")
        assert not pressed["success"] and "works in this course: grade again when it has ended." in pressed["log"]
        assert course.graded("ada").exists()
    assert course.api().autograde(UNIT, "ada")["success"]


def test_what_is_said_of_grading_is_heard_where_the_api_is_asked(tmp_path, monkeypatch):
    """As of what the box lacks: formgrader shows this log, and no other one."""
    monkeypatch.setattr("grader.autograde.cluster.Cluster.tell_of_boxes", lambda _: cluster.log.warning("It lacks."))
    course = TinyCourse(tmp_path / "course")
    course.make({"ada": {ONE: RIGHT}})
    assert "It lacks." in course.api().autograde(UNIT, "ada")["log"]
    assert not {type(each).__name__ for each in logging.getLogger("grader").handlers} - {"LogCaptureHandler"}


def test_one_that_fails_does_not_keep_the_others_from_being_graded(tmp_path):
    course = TinyCourse(tmp_path / "course", settings={"Execute": {"force_raise_errors": True}})
    course.make({"ada": {ONE: "1 / 0"}, "ben": {ONE: RIGHT}})
    with pytest.raises(NbGraderException):
        course.grade()
    assert not course.graded("ada").exists() and course.scores()["ben", ONE] == (1, 2)


def test_one_that_fails_is_not_taken_for_written_when_the_same_learners_translation_is(tmp_path):
    class Fail(NbGraderPreprocessor):
        def preprocess(self, nb, resources):
            if (resources["nbgrader"]["assignment"], resources["nbgrader"]["notebook"]) == (UNIT, TWO):
                raise RuntimeError("it fails")
            return nb, resources

    course = TinyCourse(tmp_path / "course")
    course.make({"ada": {ONE: RIGHT, TWO: RIGHT}})
    shutil.copytree(course.root / "source" / UNIT, course.root / "source" / f"{UNIT}_zh")
    assert course.api().generate_assignment(f"{UNIT}_zh")["success"]
    course.hand_in("ada", ONE, RIGHT, f"{UNIT}_zh")
    api = course.api()
    converter = AutogradeHomework(coursedir=api.coursedir, parent=api)
    converter.autograde_preprocessors = [*converter.autograde_preprocessors, Fail]
    with pytest.raises(NbGraderException):
        converter.start()
    assert not course.graded("ada").exists() and (course.root / "autograded" / "ada" / f"{UNIT}_zh").exists()
    assert len(list((course.root / ".grading" / "runs").iterdir())) == 2  # the next command goes on from them


@pytest.mark.parametrize("given_up", ["ada", "ben", "cas"])
def test_forced_again_all_are_run_anew_though_one_was_given_up_before_it_was_run(tmp_path, sent, given_up):
    """Else ``--force`` would find what the one before it has kept."""

    class Fail(NbGraderPreprocessor):
        def preprocess(self, nb, resources):
            if resources["nbgrader"]["student"] == given_up:
                raise RuntimeError("it fails")
            return nb, resources

    course = TinyCourse(tmp_path / "course")
    course.make({name: {ONE: f"{RIGHT}  # {name}"} for name in ("ada", "ben", "cas")})
    api = course.api()
    converter = CarefulAutograde(coursedir=api.coursedir, parent=api)
    converter.force = True
    converter.autograde_preprocessors = [Fail, *converter.autograde_preprocessors]
    with pytest.raises(NbGraderException):
        converter.start()
    assert not (course.root / ".grading" / "unfinished.json").exists()
    assert (course.root / ".grading" / "lock").resolve() not in journal._held
    sent.clear()
    course.grade(force=True)
    assert {name for name, _ in sent} == {"ada", "ben", "cas"}


def test_forced_again_what_was_graded_stays_known_where_the_gradebook_is_locked_in_the_middle(tmp_path, sent):
    class Locked(NbGraderPreprocessor):
        def preprocess(self, nb, resources):
            if resources["nbgrader"]["student"] == "ben":
                raise OperationalError("", {}, sqlite3.OperationalError("database is locked"))
            return nb, resources

    course = TinyCourse(tmp_path / "course")
    course.make({name: {ONE: f"{RIGHT}  # {name}"} for name in ("ada", "ben")})
    api = course.api()
    converter = CarefulAutograde(coursedir=api.coursedir, parent=api)
    converter.force = True
    converter.autograde_preprocessors = [*converter.autograde_preprocessors, Locked]
    with pytest.raises(NbGraderException, match="in use by another program"):
        converter.start()
    sent.clear()
    course.grade(force=True)
    assert "ada" not in {name for name, _ in sent}


def test_a_course_is_free_for_others_after_a_failure(tmp_path):
    """Formgrader's server goes on living."""
    course = TinyCourse(tmp_path / "course", settings={"Execute": {"force_raise_errors": True}})
    course.make({"ada": {ONE: "1 / 0", TWO: RIGHT}})
    with pytest.raises(NbGraderException) as kept:
        course.grade()
    assert (course.root / ".grading" / "lock").resolve() not in journal._held and kept


def test_what_lies_in_the_way_of_a_runs_files_makes_room(tmp_path):
    (tmp_path / "made").write_text("a file")
    (tmp_path / "other").mkdir()
    lay({"made/inside.txt": b"1", "other": b"2"}, tmp_path)
    assert (tmp_path / "made" / "inside.txt").read_bytes() == b"1" and (tmp_path / "other").read_bytes() == b"2"


def test_a_scheduler_that_is_not_there_stops_the_command_in_a_sentence(tmp_path, monkeypatch, caplog):
    course = TinyCourse(tmp_path / "course")
    course.make({"ada": {ONE: RIGHT}, "ben": {ONE: RIGHT}})
    monkeypatch.setenv(cluster.SCHEDULER, "tcp://127.0.0.1:9")
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    with pytest.raises(SystemExit) as stopped:
        course.grade()
    assert stopped.value.code == 1 and not course.graded("ada").exists() and not course.graded("ben").exists()
    said = [record.getMessage() for record in caplog.records if "Dask" in record.getMessage()]
    assert len(said) == 1 and "tcp://127.0.0.1:9 cannot be reached" in said[0] and "same command again" in said[0]


def test_what_is_kept_of_a_converter_goes_with_it(graded):
    import gc

    gc.collect()
    assert len(ahead._ahead) == 0
    assert Path(graded[0].root).exists()


def test_what_is_refused_is_not_run_and_the_others_are(tmp_path, sent):
    course = TinyCourse(tmp_path / "course")
    course.make({"ada": {ONE: RIGHT, TWO: RIGHT}, "ben": {ONE: RIGHT}, "cas": {ONE: f"{RIGHT}  # mine", TWO: HALF}})
    for name, notebook in (("ada", TWO), ("ben", ONE)):
        (course.root / "submitted" / name / UNIT / f"{notebook}.ipynb").write_bytes(b"")
    course.grade()
    assert sent == [("ada", ONE), ("cas", ONE), ("cas", TWO)]
    assert course.scores() == {
        **{("ada", ONE): (1, 2), ("ada", TWO): (0, 0), ("ben", ONE): (0, 0), ("ben", TWO): (0, 0)},
        **{("cas", ONE): (1, 2), ("cas", TWO): (0, 0.5)},
    }
    assert (course.root / ".grading" / "lock").resolve() not in journal._held  # it has come to its end
    assert not (course.root / ".grading" / "unfinished.json").exists()
