"""For all tests: TensorFlow keeps quiet; a small course, not yet handed out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from launcher.layout import Layout

# Before anything imports TensorFlow: its start-up notes would stand in every failing test's report.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


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


@pytest.fixture(scope="session")
def throw_away():
    """Delete a large folder without waiting for it: 60,000 files take minutes on some disks."""

    def start(folder: Path) -> None:
        delete = "import shutil, sys; shutil.rmtree(sys.argv[1], ignore_errors=True)"
        subprocess.Popen([sys.executable, "-c", delete, str(folder)], start_new_session=True)

    return start
