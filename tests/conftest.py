"""For all tests: TensorFlow keeps quiet; a small course, not yet handed out; times are told at the end."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from launcher.layout import Layout

# Before anything imports TensorFlow: its start-up notes would stand in every failing test's report. And files of tests
# run side by side, so that threads of its own would only wait for each other: one each saves a tenth of the time.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")
os.environ.setdefault("TF_NUM_INTEROP_THREADS", "1")
os.environ["DROPNORM_LANG"] = "en"  # whatever the machine's locale is; other languages are chosen by their tests


def pytest_runtest_setup() -> None:
    """TensorFlow's log closes the stream that it began with, pytest's own, where nbgrader configures logging anew."""
    if (absl := sys.modules.get("absl.logging")) is not None:
        absl.get_absl_handler().python_handler.stream = sys.__stderr__


@pytest.fixture
def course(tmp_path: Path) -> Layout:
    """A course of one lesson and two exercises, not yet handed out."""
    layout = Layout(tmp_path / "course")
    for name in ("notebooks/01_lesson.ipynb", "exercises/unit/1_spotify.ipynb", "exercises/unit/2_concrete.ipynb"):
        (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / name).write_text(f"first {name}")
    (layout.root / "notebooks" / ".ipynb_checkpoints").mkdir()
    (layout.root / "notebooks" / ".ipynb_checkpoints" / "01_lesson-checkpoint.ipynb").write_text("left by JupyterLab")
    return layout


@pytest.fixture(autouse=True)
def judged_as_handed_over(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test judges of a notebook is judged once more as grading does it, by what the kernel hands over."""
    from grader import rubric

    if getattr(request.module, "judge", None) is rubric.judge:
        from tests.handed_over import judged_both_ways

        monkeypatch.setattr(request.module, "judge", judged_both_ways)


@pytest.fixture
def instant(monkeypatch):
    """Labs find their curves at once: a pool that makes them up, `tests.instant_pool`."""
    from dropnorm.sweep import background
    from tests.instant_pool import InstantPool

    pool = InstantPool()
    monkeypatch.setattr(background, "shared", pool)
    return pool


@pytest.fixture(scope="session")
def throw_away():
    """Delete a large folder without waiting for it: 60,000 files take minutes on some disks."""

    def start(folder: Path) -> None:
        delete = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
        subprocess.Popen([sys.executable, "-c", delete, str(folder)], start_new_session=True)

    return start


SECONDS = "seconds"


@pytest.fixture
def measured(record_property: Callable[[str, object], None]) -> Callable[[str, float], None]:
    """Keep a time, by what took it and its seconds: nothing depends on it, the terminal tells it at the end."""

    def keep(what: str, seconds: float) -> None:
        record_property(SECONDS, f"{seconds:8.1f} s  {what}")

    return keep


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell the times that passed tests have measured."""
    reports = terminalreporter.stats.get("passed", [])
    if times := [text for report in reports for name, text in report.user_properties if name == SECONDS]:
        terminalreporter.section("times")
        terminalreporter.write_line("\n".join(times))
