"""What a killed command leaves: its runs for the next one, nothing half written; and one command at a time."""

from __future__ import annotations

import dataclasses
import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from grader.autograde import journal
from grader.autograde.journal import Journal
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.told import Told

JOB = Job("unit", "ada", "one", '{"metadata": {}, "cells": []}', {"a.txt": b"1"})
RAN = Ran("{}", {"made": b"\0\xff"}, [{"rubric": "r"}], ("key", "key"), ("A note.",), {"cells": 0.5})
log = logging.getLogger(__name__)


def test_a_run_is_kept_by_its_job_until_it_is_dropped(tmp_path):
    kept = Journal(tmp_path)
    assert not kept.holds(JOB) and kept.load(JOB) is None
    kept.keep(JOB, RAN)
    again = Journal(tmp_path)
    assert again.holds(JOB) and again.load(JOB) == RAN
    assert again.load(dataclasses.replace(JOB, files={"a.txt": b"2"})) is None
    again.drop(JOB)
    assert kept.load(JOB) is None


def test_one_of_another_version_of_the_course_or_damaged_or_old_is_none(tmp_path, monkeypatch):
    kept = Journal(tmp_path)
    kept.keep(JOB, RAN)
    (entry,) = (tmp_path / ".grading" / "runs").iterdir()
    monkeypatch.setattr(journal, "sources", lambda: "of another")
    assert kept.load(JOB) is None
    monkeypatch.undo()
    whole = entry.read_bytes()
    for damaged in (whole[:-1], whole.replace(b"0.5", b"0.7"), b"", b"\xff"):
        entry.write_bytes(damaged)
        assert kept.load(JOB) is None
    entry.write_bytes(whole)
    os.utime(entry, (0, 0))
    assert not Journal(tmp_path).holds(JOB)


def test_a_folder_that_cannot_be_written_costs_only_what_would_have_been_kept(tmp_path):
    (tmp_path / ".grading").write_text("in the way")
    kept = Journal(tmp_path)
    kept.keep(JOB, RAN)
    kept.note(student="ada")
    kept.unfinished([tmp_path])
    assert kept.load(JOB) is None and kept.clear() == []


def test_what_was_half_written_is_removed_and_what_was_there_before_is_not(tmp_path):
    before, half, never = (tmp_path / "autograded" / name for name in ("before", "half", "never"))
    before.mkdir(parents=True)
    os.utime(before, (1000, 1000))
    half.mkdir()
    (half / "one.ipynb").write_text("sanitized")
    Journal(tmp_path).unfinished([before, half, never], since=half.stat().st_mtime)
    assert Journal(tmp_path).clear() == [half]
    assert before.exists() and not half.exists()
    assert Journal(tmp_path).clear() == []


def test_nothing_is_removed_while_a_command_works(tmp_path):
    half = tmp_path / "half"
    half.mkdir()
    kept = Journal(tmp_path)
    kept.unfinished([half])
    lock = kept.lock(log)
    clear = "import sys, pathlib, grader.autograde.journal as j; print(j.Journal(pathlib.Path(sys.argv[1])).clear())"
    other = subprocess.run(
        [sys.executable, "-c", clear, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert other.stdout == "[]\n" and kept.clear() == [] and half.exists()
    lock.release()
    assert kept.clear() == [half]


@pytest.mark.skipif(sys.platform == "win32", reason="NO LOCK OF THIS KIND")
def test_a_second_command_says_who_works_and_waits(tmp_path, caplog):
    code = f"""
        import logging, pathlib
        from grader.autograde.journal import Journal
        lock = Journal(pathlib.Path({str(tmp_path)!r})).lock(logging.getLogger())
        print("has it", flush=True)
        input()
    """
    first = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdout.readline() == "has it\n"

    class Ends(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            first.kill()  # the lock goes with its process, however that ends

    handler = Ends()
    log.addHandler(handler)
    lock = Journal(tmp_path).lock(log)
    again = Journal(tmp_path).lock(log)
    log.removeHandler(handler)
    first.wait()
    first.stdin.close(), first.stdout.close()
    assert f"process {first.pid}" in caplog.text and "waiting for it" in caplog.text
    lock.release(), lock.release()
    assert (tmp_path / ".grading" / "lock").resolve() in journal._held
    again.release()
    assert journal._held == {}


def test_progress_is_a_line_each_tenth_and_none_for_one_alone(caplog):
    caplog.set_level(logging.INFO)
    told = Told(20, log)
    told.trained(["a", "b"])
    told.trained(["a"])
    for _ in range(20):
        told.submission()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 10
    assert lines[0].startswith("Graded 2 of 20 submissions; 2 trainings, 1 shared; about ")
    assert lines[-1] == "Graded 20 of 20 submissions; 2 trainings, 1 shared."
    Told(1, log).submission()
    assert len(caplog.records) == 10


def test_on_a_terminal_it_is_a_bar_and_no_line(caplog, monkeypatch, capsys):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = Told(2, log)
    told.submission()
    told.submission()
    told.end()
    assert "2/2" in capsys.readouterr().err and caplog.records == []


def test_the_log_of_times_has_a_line_a_notebook(tmp_path):
    kept = Journal(tmp_path)
    kept.lock(log).release()
    kept.note(student="ada", seconds={"cells": 1.5})
    kept.note(student="ben")
    assert (tmp_path / ".grading" / "timing.jsonl").read_text().splitlines() == [
        '{"student": "ada", "seconds": {"cells": 1.5}}',
        '{"student": "ben"}',
    ]
    assert Path(tmp_path, ".grading").is_dir()
