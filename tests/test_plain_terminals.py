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

from dropnorm.language import use, using
from dropnorm.language.choice import VARIABLE
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
