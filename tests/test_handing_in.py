"""Handing in from where `make lab` puts a learner: nbgrader's exchange, its Assignments tab, and what fetch answers."""

from __future__ import annotations

import getpass
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from servers import asked, read_until_ready

from dropnorm.places import ROOT
from grader import build
from launcher import working_copy
from launcher.layout import Layout
from launcher.server import free_port

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(os.name == "nt", reason="nbgrader's exchange does not work on Windows"),
]

ASSIGNMENT = "dropout_and_batchnorm"
NOTEBOOK = f"{ASSIGNMENT}/2_concrete_batchnorm.ipynb"
OPEN_LAB = "import sys; from pathlib import Path; from launcher.layout import Layout; from launcher import server; "
OPEN_LAB += "layout = Layout(Path.cwd()); server.open_lab(layout, layout.my_course, '', sys.argv[1:])"


class Person:
    """Somebody with a clone of the course of their own, and an exchange that they share with others."""

    def __init__(self, folder: Path, exchange: Path) -> None:
        self.layout = Layout(folder / "course")
        shutil.copytree(ROOT / "exercises", self.layout.root / "exercises")
        for name in ("dropnorm", "grader", "launcher"):
            (self.layout.root / name).symlink_to(ROOT / name)
        shutil.copy(ROOT / build.CONFIG, self.layout.root)
        self.layout.venv.symlink_to(sys.prefix)
        working_copy.bring_up_to_date(self.layout, datetime.now())
        settings = {name: str(folder / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        self.env = build.environment() | settings | {"DROPNORM_EXCHANGE": str(exchange)}
        self.env.pop("JUPYTER_CONFIG_PATH", None)

    def nbgrader(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command of nbgrader, typed in the course's folder."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        return subprocess.run(command, cwd=self.layout.root, env=self.env, capture_output=True, text=True)

    @contextmanager
    def lab(self) -> Iterator[str]:
        """JupyterLab, opened as `make lab` opens it; its address."""
        port = free_port()
        options = ["--no-browser", f"--port={port}", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
        with subprocess.Popen(
            [sys.executable, "-c", OPEN_LAB, *options],
            cwd=self.layout.root,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as server:
            try:
                read_until_ready(server, port)
                yield f"http://localhost:{port}"
            finally:
                server.terminate()
                server.communicate()


@pytest.fixture(scope="module")
def teacher(tmp_path_factory: pytest.TempPathFactory) -> Person:
    """An instructor who has released the assignment."""
    folder = tmp_path_factory.mktemp("teacher")
    person = Person(folder, folder / "exchange")
    released = person.nbgrader("release_assignment", ASSIGNMENT)
    assert released.returncode == 0, released.stderr
    return person


@pytest.fixture
def learner(tmp_path: Path, teacher: Person) -> Person:
    """A learner who has started the course and written something."""
    person = Person(tmp_path, Path(teacher.env["DROPNORM_EXCHANGE"]))
    (person.layout.my_course / "exercises" / NOTEBOOK).write_text(f"the work in {tmp_path}")
    return person


def collected(teacher: Person) -> str:
    """What the instructor has of the learner's notebook after collecting."""
    done = teacher.nbgrader("collect", ASSIGNMENT, "--update")
    assert done.returncode == 0, done.stderr
    return (teacher.layout.root / "submitted" / getpass.getuser() / NOTEBOOK).read_text()


def test_what_is_submitted_by_the_command_is_collected(teacher: Person, learner: Person, tmp_path: Path) -> None:
    done = learner.nbgrader("submit", ASSIGNMENT)
    assert done.returncode == 0, done.stderr
    assert collected(teacher) == f"the work in {tmp_path}"


def test_what_is_submitted_in_the_assignments_tab_is_collected(
    teacher: Person, learner: Person, tmp_path: Path
) -> None:
    with learner.lab() as address:
        button = f"{address}/assignments/submit?course_id=dropnorm&assignment_id={ASSIGNMENT}"
        assert b'"success": true' in asked(urllib.request.Request(button, method="POST"))
    assert collected(teacher) == f"the work in {tmp_path}"


def test_fetching_answers_as_readme_says_and_overwrites_nothing(learner: Person, tmp_path: Path) -> None:
    said = learner.nbgrader("fetch_assignment", ASSIGNMENT).stderr
    readme = " ".join((ROOT / "README.md").read_text(encoding="utf-8").split())
    answer = re.search(r"\*fetch\* answers \"(.+?)\"", readme)
    assert answer and answer[1] in said
    assert (learner.layout.my_course / "exercises" / NOTEBOOK).read_text() == f"the work in {tmp_path}"
