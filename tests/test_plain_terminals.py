"""In a terminal that cannot print Chinese, instructors' commands speak English, and no Chinese verdict ends them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_launcher_languages import WHERE
from test_rejudge import CELL, NOTEBOOK, handed_in

from dropnorm.language import available, use, using
from dropnorm.language.choice import VARIABLE
from dropnorm.language.terminal import can_print
from dropnorm.places import ROOT
from grader import __main__ as commands
from grader.autograde.records import record_of
from grader.criteria import answers

UNIT = "unit_zh"
SPEAKS = """
import os
from dropnorm.language import current
print("spoken:", current().code, "by its workers:", os.environ["DROPNORM_LANG"])
"""


@pytest.mark.parametrize(
    ("variables", "spoken"),
    [({"LC_ALL": "C"}, "en"), ({"PYTHONIOENCODING": "ascii"}, "en"), ({"LC_ALL": "C.UTF-8"}, "zh")],
)
def test_nbgraders_commands_speak_what_the_terminal_can_print(
    tmp_path: Path, variables: dict[str, str], spoken: str
) -> None:
    settings = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    (tmp_path / "nbgrader_config.py").write_text(settings + SPEAKS, encoding="utf-8")
    environment = {name: value for name, value in os.environ.items() if name not in WHERE}
    environment |= {"PYTHONPATH": str(ROOT), VARIABLE: "zh"} | variables
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", "nothing"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True)
    assert f"spoken: {spoken} by its workers: {spoken}\n".encode() in done.stdout
    assert b"\\u" not in done.stderr


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder in which the verdict on a Chinese notebook is kept; commands run there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    with using("zh"):
        done = handed_in(7)
    names = {"assignment": UNIT, "student": "bai", "notebook": NOTEBOOK}
    record_of(names, [json.loads(json.dumps(done.to_dict()))]).write()


def told(*command: str) -> str:
    """What a command prints to a stream of ASCII, as Python makes it where LC_ALL is C."""
    printed = io.BytesIO()
    stream = io.TextIOWrapper(printed, "ascii", errors="surrogateescape")
    with contextlib.redirect_stdout(stream):
        assert commands.main(list(command)) == 0
    return printed.getvalue().decode("ascii")


@pytest.mark.usefixtures("kept")
def test_a_chinese_verdict_is_told_in_english_where_chinese_cannot_be_printed() -> None:
    said = told("why", "bai", UNIT)
    assert f"{CELL}: 1 of 2 points" in said and "\\u" not in said


@pytest.mark.usefixtures("kept")
def test_a_verdict_that_would_come_out_otherwise_today_is_told_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)  # the rubric, as its author has changed it
    said = told("why", "bai", UNIT)
    assert f"{CELL}: 1 of 2 points" in said and "\\u" in said


@pytest.mark.usefixtures("kept")
def test_the_changes_of_a_rejudging_are_told_where_chinese_cannot_be_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    use("zh")
    monkeypatch.setenv(VARIABLE, "zh")
    try:
        assert "1 verdict changes in 1 notebooks" in told("rejudge", UNIT)
    finally:
        use("en")


# Streams, and programs of any kind


@pytest.mark.parametrize(
    ("encoding", "environment", "chinese"),
    [
        ("utf-8", {}, True),
        ("utf-8", {"LANG": "C"}, False),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # which Python sets itself
        ("utf-8", {"LANG": "C", "LC_CTYPE": "zh_CN.UTF-8"}, True),
        ("utf-8", {"LC_CTYPE": "C.UTF-8"}, True),
        ("utf-8", {"LANG": "C", "PYTHONUTF8": "1"}, True),
        ("utf-8", {"LANG": "C", "PYTHONIOENCODING": ":replace"}, False),
        ("utf-8", {"LANG": "zh_CN"}, True),
        ("utf-8", {"LANG": "de_DE.ISO-8859-15@euro"}, False),
        ("utf-8", {"LANG": "de_DE.no-such-thing"}, True),
        ("gbk", {"LANG": "zh_CN.GBK"}, True),
        ("latin-1", {}, False),
        ("ascii", {"LANG": "zh_CN.UTF-8"}, False),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such variables")
def test_what_a_stream_can_print(encoding, environment, chinese):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert can_print(available()["zh"], stream, environment) == chinese
    assert can_print(available()["en"], stream, environment)


def test_a_stream_that_is_no_terminal_can_print_all():
    for stream in (None, io.StringIO()):
        assert can_print(available()["zh"], stream, {})


@pytest.mark.parametrize("module", ["grader", "dropnorm.datasets"])
@pytest.mark.parametrize("variables", [{"LANG": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_other_programs_speak_what_the_terminal_can_print(module, variables):
    environment = {name: value for name, value in os.environ.items() if name not in WHERE}
    environment |= {"PYTHONPATH": str(ROOT), "DROPNORM_LANG": "zh"}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, env=environment | variables, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


def test_letters_that_a_terminal_lacks_are_escaped():
    program = "from dropnorm.language import terminal; terminal.speak_on_terminal(); print('课程')"
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\\u8bfe\\u7a0b\n", "")
