"""The record of verdicts: what is added stays, what was changed is seen, and what was killed costs its own entry."""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from grader.autograde.ledger import Ledger, told_head
from grader.autograde.noted import Noted, Points

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="NO LOCK, NO LIMIT, NO SIGNAL OF THIS KIND")


def verdict(student: str = "ada", ran: str = "first", points: float = 1.0, **told: object) -> Noted:
    """What an autograde may note."""
    cells = {"test": Points(1.0, points), "words": Points(3.0, open=True)}
    noted = Noted("autograde", "2026-01-01T00:00:00+00:00", "unit", student, "one", "f" * 64, cells, "r", "d", ran=ran)
    return replace(noted, **told)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A record of five entries."""
    made = Ledger(tmp_path)
    for student in ("ada", "ben", "cas", "dee", "eve"):
        assert made.append(verdict(student))
    return made


def lines(ledger: Ledger) -> list[bytes]:
    return ledger.path.read_bytes().splitlines(keepends=True)


def faults(ledger: Ledger) -> list[str]:
    return Ledger(ledger.path.parents[1]).read().wrong()


def test_what_is_noted_is_read_again(ledger):
    found = []
    chain = ledger.read(lambda entry, digest: found.append((entry, digest)))
    assert chain.wrong() == [] and chain.lines == 5
    assert [entry.noted.student for entry, _ in found] == ["ada", "ben", "cas", "dee", "eve"]
    assert found[0][0].noted == verdict() and found[0][0].number == 1
    assert found[-1][1] == ledger.head().digest and found[-1][1] in told_head(ledger)
    assert found[0][0].noted.score == 1.0 and found[0][0].noted.maximum == 4.0


def edit(found: list[bytes]) -> list[bytes]:
    return [found[0], found[1], found[2].replace(b'"auto": 1.0', b'"auto": 0.5'), *found[3:]]


def claims(found: list[bytes], place: int) -> bytes:
    """A new entry that claims to stand there."""
    return json.dumps(json.loads(found[place]) | {"student": "zoe"}).encode() + b"\n"


CHANGES: dict[str, tuple[Callable[[list[bytes]], list[bytes]], str]] = {
    "edited": (edit, "line 3 was edited: line 4 follows another one"),
    "no entry any more": (lambda found: [*found[:2], b"{}\n", *found[3:]], "line 3 was edited: it cannot be read"),
    "deleted": (lambda found: [*found[:2], *found[3:]], "a gap at line 3: 1 entry is missing before it"),
    "two deleted": (lambda found: found[2:], "a gap at line 1: 2 entries are missing before it"),
    "inserted": (lambda found: [*found[:2], claims(found, 2), *found[2:]], "line 4 was put in or moved"),
    "reordered": (lambda found: [found[0], found[2], found[1], *found[3:]], "a gap at line 2"),
    "cut": (lambda found: found[:3], "a gap at the end, after line 3: 2 entries are missing"),
    "all cut": (lambda found: [], "a gap at the end, after line 0: 5 entries are missing"),
    "the last one edited": (lambda found: [*found[:4], claims(found, 4)], "line 5 was edited, or the head was"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_what_was_changed_is_seen_and_stays_to_be_seen_when_entries_are_added(ledger, how, caplog):
    change, told = CHANGES[how]
    ledger.path.write_bytes(b"".join(change(lines(ledger))))
    found = faults(ledger)
    assert found[0].startswith(told), found
    assert Ledger(ledger.path.parents[1]).append(verdict("fay"))  # another command
    assert f"The record of verdicts is not whole: {found[0]}" in caplog.text
    assert ledger.append(verdict("gus"))  # one that had read it before
    still = faults(ledger)
    assert still and (still[0] == found[0] or ("gap" in still[0]) == ("gap" in found[0])), still


def test_a_head_of_another_record_and_none_are_seen_and_stay_so(ledger, tmp_path):
    head = tmp_path / ".grading" / "verdicts.head"
    whole = head.read_bytes()
    head.write_bytes(whole.replace(b'"digest": "', b'"digest": "0'))
    assert faults(ledger) == ["line 5 was edited, or the head was: they do not agree"]
    for damaged in (b"", b"[]", b'{"entries": "x"}'):
        head.write_bytes(damaged)
        assert faults(ledger)[0].startswith("its head is gone or cannot be read")
    head.unlink()
    assert faults(ledger)[0].startswith("its head is gone or cannot be read")
    ledger.append(verdict("fay"))
    assert faults(ledger) == ["a gap at line 6: the head was gone when it was written"]


def test_a_head_that_is_behind_is_that_of_a_killed_command(ledger, tmp_path):
    head = tmp_path / ".grading" / "verdicts.head"
    behind = head.read_bytes()
    ledger.append(verdict("fay"))
    head.write_bytes(behind)
    assert faults(ledger) == []
    ledger.append(verdict("gus"))
    assert faults(ledger) == [] and Ledger(tmp_path).head().entries == 7


def test_one_verdict_is_noted_once_and_another_run_is_another_one(ledger, tmp_path):
    again = verdict("eve", began="2026-02-02T00:00:00+00:00")  # by the command that went on
    assert not ledger.append(again) and not Ledger(tmp_path).append(again)
    assert ledger.append(verdict("eve", ran="second"))
    assert ledger.append(verdict("eve", ran="second", points=0.5))
    assert ledger.append(verdict("eve", ran="second")) and faults(ledger) == []
    assert ledger.last(("unit", "eve", "one")) == verdict("eve", ran="second")
    assert ledger.last(("unit", "zoe", "one")) is None


def test_a_torn_line_is_put_aside_and_nothing_before_it_is_lost(ledger, tmp_path, caplog):
    whole = ledger.path.read_bytes()
    torn = whole[:200].replace(b"ada", b"fay")
    ledger.path.write_bytes(whole + torn)
    seen = Ledger(tmp_path).read()
    assert seen.torn == torn and seen.wrong() == [] and seen.lines == 5
    assert Ledger(tmp_path).append(verdict("fay"))
    (aside,) = (tmp_path / ".grading").glob("verdicts.torn-*")
    assert aside.read_bytes() == torn and str(aside) in caplog.text and f"{len(torn)} bytes" in caplog.text
    assert ledger.path.read_bytes().startswith(whole) and len(lines(ledger)) == 6 and faults(ledger) == []


def other(folder: Path, code: str, **wanted: object) -> subprocess.Popen[str]:
    """Another process, which has the record and `verdict` at hand."""
    start = f"""
        import os, signal, sys
        from pathlib import Path
        sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / "tests")!r}]
        from grader.autograde import ledger as module
        from test_ledger import Ledger, verdict
        ledger = Ledger(Path({str(folder)!r}))
    """
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(start) + textwrap.dedent(code)], text=True, **wanted)


@POSIX
@pytest.mark.parametrize("moment", ["in the line", "before the head"])
def test_a_command_that_is_killed_while_it_adds_costs_that_entry_at_most(ledger, tmp_path, moment):
    kill = "os.kill(os.getpid(), signal.SIGKILL)"
    code = {
        "in the line": f"module._write = lambda file, line: (file.write(line[:99]), {kill})",
        "before the head": f"Ledger._write_head = lambda *_: {kill}",
    }[moment]
    assert other(tmp_path, f"{code}\nledger.append(verdict('fay'))").wait() == -signal.SIGKILL
    assert faults(ledger) == []
    again = Ledger(tmp_path)
    assert again.append(verdict("fay")) == (moment == "in the line")  # else it is there
    assert faults(ledger) == [] and len(lines(ledger)) == 6 and again.append(verdict("gus"))
    assert [json.loads(line)["student"] for line in lines(ledger)][4:] == ["eve", "fay", "gus"]


@POSIX
def test_a_command_that_is_killed_before_its_first_head_leaves_no_doubt(tmp_path):
    code = """
        write = Ledger._write_head
        kill = lambda: os.kill(os.getpid(), signal.SIGKILL)
        Ledger._write_head = lambda self, head: kill() if head.entries else write(self, head)
        ledger.append(verdict())
    """
    assert other(tmp_path, code).wait() == -signal.SIGKILL
    again = Ledger(tmp_path)
    assert again.read().wrong() == [] and again.read().lines == 1
    assert not again.append(verdict()) and again.append(verdict("ben")) and faults(again) == []


@POSIX
def test_two_processes_that_add_at_once_lose_nothing(tmp_path):
    code = """
        print("ready", flush=True)
        input()
        for number in range(40):
            ledger.append(verdict(sys.argv[0] + str(os.getpid()), ran=str(number)))
    """
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    both = [other(tmp_path, code, **pipes) for _ in range(2)]
    assert [each.stdout.readline() for each in both] == ["ready\n"] * 2
    for each in both:
        each.stdin.write("\n")
        each.stdin.flush()
    for each in both:
        each.communicate()
    chain = Ledger(tmp_path).read()
    assert [each.returncode for each in both] == [0, 0] and chain.wrong() == [] and chain.lines == 80


@POSIX
def test_a_full_disk_costs_the_entry_and_nothing_else(ledger, tmp_path):
    size = ledger.path.stat().st_size
    code = f"""
        import resource
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, ({size + 50}, resource.RLIM_INFINITY))
        try:
            ledger.append(verdict("fay"))
        except OSError:
            print("not added")
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        print(ledger.append(verdict("gus")))
    """
    said, _ = other(tmp_path, code, stdout=subprocess.PIPE).communicate()
    assert said == "not added\nTrue\n" and not list((tmp_path / ".grading").glob("verdicts.torn-*"))
    assert faults(ledger) == [] and [json.loads(line)["student"] for line in lines(ledger)][4:] == ["eve", "gus"]


def test_a_folder_that_cannot_be_written_is_an_error_of_the_systems(tmp_path, caplog):
    caplog.set_level(logging.CRITICAL)
    (tmp_path / ".grading").write_text("in the way")
    with pytest.raises(OSError):
        Ledger(tmp_path).append(verdict())
