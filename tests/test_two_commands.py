"""`make lab` as a newcomer types it: a fresh clone, an empty folder, nothing installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from servers import asked, read_until_ready

from dropnorm.places import ROOT
from launcher.layout import Layout
from launcher.server import free_port

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(shutil.which("make") is None, reason="NO MAKE: `make lab` was not tried"),
    pytest.mark.skipif(os.name == "nt", reason="make and signals: not tried on Windows"),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, throw_away) -> Iterator[Layout]:
    """A fresh clone of what is committed, in a folder whose name has a space."""
    layout = Layout(tmp_path_factory.mktemp("two commands") / "the course")
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(layout.root)], check=True)
    yield layout
    throw_away(layout.venv)  # 2.8 GB


def newcomer() -> dict[str, str]:
    """The variables of a shell in which no environment is active."""
    env = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH", "DROPNORM_DATA")
    }
    inside = str(Path(sys.executable).parent)
    python = str(Path(getattr(sys, "_base_executable", sys.executable)).parent)
    return env | {"PATH": os.pathsep.join([python, *(p for p in env["PATH"].split(os.pathsep) if p != inside)])}


@contextmanager
def lab(layout: Layout) -> Iterator[tuple[str, str, str]]:
    """`make lab` until JupyterLab answers: (address, token, what was printed)."""
    port = free_port()
    with subprocess.Popen(
        ["make", "lab", f"ARGS=--no-browser --port {port}"],
        cwd=layout.root,
        env=newcomer(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            said = read_until_ready(process, port)
            yield f"http://localhost:{port}", re.search(r"\?token=(\w+)", said)[1], said
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.communicate()


def told(address: str, token: str, path: str) -> bytes:
    """What JupyterLab answers to somebody who has its token."""
    return asked(urllib.request.Request(address + path, headers={"Authorization": f"token {token}"}))


def launcher_alone(layout: Layout, folder: Path) -> float:
    """Seconds that `make lab` takes until it hands over to JupyterLab, in whose place an empty module is found."""
    (folder / "jupyterlab.py").touch()
    env = newcomer() | {"PYTHONPATH": str(folder)}
    start = time.monotonic()
    subprocess.run(["make", "lab"], cwd=layout.root, env=env, check=True, capture_output=True)
    return time.monotonic() - start


def test_the_first_start_installs_and_opens_the_first_lesson(clone, measured):
    start = time.monotonic()
    with lab(clone) as (address, token, said):
        measured("first start, until JupyterLab names its address", time.monotonic() - start)
        assert "Making the course's environment" in said
        assert f"/lab/tree/{clone.first_lesson}?token=" in said
        lesson = json.loads(told(address, token, f"/api/contents/{clone.first_lesson}"))
        assert lesson["type"] == "notebook"
        kernels = json.loads(told(address, token, "/api/kernelspecs"))["kernelspecs"]
        assert kernels["python3"]["resources"]["logo-svg"]
        assert b"/nbgrader" in told(address, token, "/lab")  # its buttons are there


def test_later_starts_only_start(clone, measured, tmp_path):
    """And the clone is clean for git after what learners and graders do."""
    (clone.my_course / clone.first_lesson).write_text("changed")
    (clone.my_course / "Untitled.ipynb").write_text("{}")
    for name in (
        "gradebook.db",
        "exchange/dropnorm/inbound/x",
        "submitted/a/b.ipynb",
        "autograded/a/b.ipynb",
        "feedback/x",
    ):
        (clone.root / name).parent.mkdir(parents=True, exist_ok=True)
        (clone.root / name).touch()
    start = time.monotonic()
    with lab(clone) as (_, _, said):
        measured("second start, until JupyterLab names its address", time.monotonic() - start)
        assert not re.search("Making|fetching|installing|Looking for", said), said
    assert (clone.my_course / clone.first_lesson).read_text() == "changed"
    measured("of which the course's own, before JupyterLab", launcher_alone(clone, tmp_path))
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone.root, capture_output=True, text=True, check=True
    )
    assert status.stdout == ""


def test_the_commands_of_the_environment_find_each_other(clone):
    """nbgrader starts alembic by its bare name to make a gradebook."""
    listed = "import subprocess, sys; sys.exit(subprocess.call(['alembic', '--version']))"
    done = subprocess.run(
        ["python3", "course.py", "run", "-c", listed], cwd=clone.root, env=newcomer(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
