"""A gradebook that another program has locked is waited for."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from nbgrader import api
from nbgrader.api import Gradebook
from nbgrader.converters.base import NbGraderException
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError
from tiny_course import NOT_RUN, ONE, RIGHT, TinyCourse

from grader.autograde import gradebooks
from grader.autograde.siblings import AutogradeHomework


@pytest.fixture
def locked(tmp_path: Path) -> tuple[str, sqlite3.Connection]:
    """A gradebook's URL, and the connection of another program that is writing it."""
    path = tmp_path / "gradebook.db"
    with Gradebook(f"sqlite:///{path}") as gradebook:
        gradebook.add_student("ada")
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    yield f"sqlite:///{path}", other
    other.close()
    if event.contains(Engine, "connect", gradebooks._connected):
        event.remove(Engine, "connect", gradebooks._connected)


def test_it_is_waited_for_as_long_as_patience_lasts(locked, monkeypatch):
    url, _ = locked
    monkeypatch.setattr(gradebooks, "PATIENCE", 0.01)
    gradebooks.wait_for_the_gradebook()
    with pytest.raises(OperationalError, match="locked"):
        Gradebook(url)


def test_a_class_whose_gradebook_stays_locked_is_told_so_in_a_sentence(tmp_path, monkeypatch):
    course = TinyCourse(tmp_path, settings=NOT_RUN)
    course.make({"ada": {ONE: RIGHT}})
    monkeypatch.setattr(gradebooks, "PATIENCE", 0.01)
    gradebooks.wait_for_the_gradebook()
    api = course.api()
    try:
        with sqlite3.connect(tmp_path / "gradebook.db", isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            with pytest.raises(NbGraderException, match="The gradebook is in use by another program: close that, and"):
                AutogradeHomework(coursedir=api.coursedir, parent=api).start()
            pressed = course.api().autograde("unit", "ada")  # as formgrader does
    finally:
        event.remove(Engine, "connect", gradebooks._connected)
    assert not pressed["success"] and "The gradebook is in use by another program: close that, and" in pressed["log"]
    course.grade()
    assert course.scores()["ada", ONE] == (1, 2)


def test_who_waits_goes_on_when_it_is_let_go(locked):
    url, other = locked
    gradebooks.wait_for_the_gradebook(), gradebooks.wait_for_the_gradebook()  # a second config of one process
    waiting = threading.Event()

    @event.listens_for(Engine, "connect")
    def connected(*_: object) -> None:
        waiting.set()

    def let_go() -> None:
        waiting.wait()
        other.execute("COMMIT")

    thread = threading.Thread(target=let_go)
    thread.start()
    try:
        with Gradebook(url) as gradebook:
            assert [student.id for student in gradebook.students] == ["ada"]
    finally:
        thread.join()
        event.remove(Engine, "connect", connected)


def test_what_is_known_of_a_gradebook_is_kept_and_what_stands_in_it_is_read_anew(tmp_path, monkeypatch):
    monkeypatch.setattr(api, "create_engine", api.create_engine)  # put back afterwards
    gradebooks.know_gradebooks(), gradebooks.know_gradebooks()
    url, engines = f"sqlite:///{tmp_path / 'gradebook.db'}", []
    for name in ("ada", "ben"):
        with Gradebook(url) as gradebook:
            gradebook.add_student(name)
            assert [student.id for student in gradebook.students] == [name]
            engines.append(gradebook.engine)
        (tmp_path / "gradebook.db").unlink()
    assert engines[0] is engines[1]
