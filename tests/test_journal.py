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
from grader.autograde.progress import Progress, seconds_left

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


def test_a_lock_that_cannot_be_had_is_said_and_grading_goes_on(tmp_path, caplog):
    (tmp_path / ".grading").write_text("in the way")
    lock = Journal(tmp_path).lock(log)
    assert "cannot be written" in caplog.text and "no second command" in caplog.text
    lock.release()


def test_other_data_are_another_run(tmp_path, monkeypatch):
    kept = Journal(tmp_path)
    kept.keep(JOB, RAN)
    monkeypatch.setattr(journal, "data_in_use", lambda: {"concrete": "of another file"})
    assert kept.load(JOB) is None


def test_what_cannot_be_written_down_is_run_again(tmp_path):
    deep: object = "bottom"
    for _ in range(100_000):
        deep = [deep]
    kept = Journal(tmp_path)
    kept.keep(JOB, dataclasses.replace(RAN, accounts=[{"deep": deep}]))
    assert not kept.holds(JOB)


def test_a_command_that_is_alone_clears_what_a_killed_one_has_left(tmp_path):
    half = tmp_path / "autograded" / "ada"
    Journal(tmp_path).unfinished([half])
    half.mkdir(parents=True)
    lock = Journal(tmp_path).alone(log)
    assert not half.exists()
    lock.release()


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


def test_what_stock_has_begun_before_its_first_notebook_came_is_removed(tmp_path):
    notebook = tmp_path / "submitted" / "ada" / "unit" / "one.ipynb"
    begun = tmp_path / "autograded" / "ada" / "unit"
    Journal(tmp_path).begins(assignment="unit", student="*", notebooks=[str(notebook)])
    begun.mkdir(parents=True)  # and there it is killed
    assert Journal(tmp_path).clear() == [begun]


def test_what_stock_has_ended_stays_and_so_does_what_was_there(tmp_path):
    notebook = tmp_path / "submitted" / "ada" / "unit" / "one.ipynb"
    graded = tmp_path / "autograded" / "ada" / "unit"
    kept = Journal(tmp_path)
    kept.begins(notebooks=[str(notebook)])
    graded.mkdir(parents=True)
    kept.ends()
    assert Journal(tmp_path).clear() == []
    kept.begins(notebooks=[str(notebook)])  # one notebook of it again
    (graded / "one.ipynb").write_text("{}")
    assert Journal(tmp_path).clear() == []


def test_what_is_known_of_all_that_is_unfinished_outlasts_the_first_submission(tmp_path):
    half = tmp_path / "autograded" / "ben" / "unit"
    kept = Journal(tmp_path)
    kept.unfinished([half])
    kept.begins(notebooks=[str(tmp_path / "submitted" / "ada" / "unit" / "one.ipynb")])
    half.mkdir(parents=True)
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


def test_an_interrupt_anywhere_in_the_command_is_a_sentence_and_a_code():
    code = "import os, signal, time\nfrom grader.autograde.execute import interrupts_are_told\n"
    code += "interrupts_are_told()\ntry:\n    os.kill(os.getpid(), signal.SIGINT)\n    time.sleep(60)\n"
    code += "except KeyboardInterrupt:\n    print('nbgrader clears up')\n    raise\n"
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 130 and ended.stdout == "nbgrader clears up\n"
    assert ended.stderr == "Stopped: what has run is not lost; to go on, type the same command again.\n"


def test_progress_is_a_line_each_tenth_and_one_for_one_alone(caplog):
    caplog.set_level(logging.INFO)
    told = Progress(20, log)
    told.trained(["a", "b"])
    told.trained(["a"])
    for _ in range(20):
        told.submission()
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 10
    assert lines[0] == "Graded 2 of 20 submissions; 2 trainings, 1 shared."  # too early to tell
    assert lines[2].startswith("Graded 6 of 20 submissions; 2 trainings, 1 shared; about ")
    assert lines[-1] == "Graded 20 of 20 submissions; 2 trainings, 1 shared."
    Progress(1, log).submission()
    assert [record.getMessage() for record in caplog.records[10:]] == ["Graded the submission; 0 trainings, 0 shared."]


def test_the_time_that_is_left_is_told_by_the_later_half_of_what_is_done():
    slow_start = [100.0, 130.0, 150.0, 152.0, 154.0, 156.0]
    assert seconds_left(slow_start, 16) == 2 * 10
    assert seconds_left(slow_start[:5], 16) is None and seconds_left([], 16) is None
    assert seconds_left(slow_start, 6) is None and seconds_left(slow_start, 5) is None
    assert seconds_left([*slow_start, 164.0], 8) == (164 - 152) / 3
    assert seconds_left([7.0] * 8, 10) == 0


def test_on_a_terminal_it_is_a_bar_and_no_line(caplog, monkeypatch, capsys):
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = Progress(2, log)
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
