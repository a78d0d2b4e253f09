"""`nbgrader autograde`, ended in the middle: nothing runs on, and the same command goes on to right scores."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from tiny_course import ONE, TWO, UNIT, TinyCourse

from dropnorm.places import ROOT
from grader import build
from grader.autograde.cluster import SCHEDULER

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(sys.platform != "linux", reason="PROCESSES ARE FOLLOWED ON LINUX"),
]

PATIENCE = 300  # seconds until a test gives up
CONFIG = f"""
import sys
from pathlib import Path

sys.path[:0] = [{str(ROOT)!r}]
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from grader.autograde import WarmExecute
from grader.autograde.journal import Journal

Journal(Path.cwd()).clear()
c = get_config()
c.CourseDirectory.course_id = "tiny"
c.Autograde.autograde_preprocessors = [
    WarmExecute if step is Execute else step for step in Autograde.autograde_preprocessors.default()
]
c.WarmExecute.workers = 1
c.Execute.timeout = {PATIENCE}
"""
RIGHT = "answer, share = 42, 2.0"
LEARNERS = ("ada", "ben", "cas", "dee")
RIGHT_SCORES = {(name, each): (1, 2) for name in LEARNERS for each in (ONE, TWO)}


@dataclass
class Class:
    """A class whose third learner's notebook waits until it is let go."""

    course: TinyCourse
    env: dict[str, str]

    @property
    def root(self) -> Path:
        return self.course.root

    def start(self) -> subprocess.Popen[str]:
        """The command, as an instructor types it."""
        return subprocess.Popen(
            [sys.executable, "-m", "nbgrader", "autograde", UNIT],
            cwd=self.root,
            env=self.env,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_waiting(self, command: subprocess.Popen[str]) -> list[psutil.Process]:
        """Wait until stock has come to the third learner and the notebook is in its cell; all processes there are."""
        assert any("Autograding" in line and "cas" in line for line in command.stderr)
        (self.root / "waiting").open("w").close()  # returns when the notebook opens the other end
        return [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]

    def let_go(self) -> None:
        (self.root / "go").touch()

    def finish(self) -> str:
        """Type the command again and let it come to its end."""
        self.let_go()
        command = self.start()
        said = command.communicate(timeout=PATIENCE)[1]
        assert command.returncode == 0, said
        assert self.course.scores() == RIGHT_SCORES
        return said

    def ran(self, learner: str) -> int:
        """How often the learner's first notebook has been run."""
        return (self.root / "ran").read_text().split().count(learner)


@pytest.fixture
def waiting(tmp_path: Path) -> Class:
    course = TinyCourse(tmp_path / "course")
    root = course.root
    note = f"with open({str(root / 'ran')!r}, 'a') as file: print('NAME', file=file)\n"
    wait = (
        f"import os\nif not os.path.exists({str(root / 'go')!r}):\n    open({str(root / 'waiting')!r}).read()\n"
        f"    while not os.path.exists({str(root / 'go')!r}): __import__('time').sleep(0.1)\n"
    )
    answers = {name: {ONE: note.replace("NAME", name) + RIGHT, TWO: RIGHT} for name in LEARNERS}
    answers["cas"][ONE] = note.replace("NAME", "cas") + wait + RIGHT
    course.make(answers)
    os.mkfifo(root / "waiting")
    (root / "nbgrader_config.py").write_text(CONFIG)
    env = build.environment() | {"JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
    return Class(course, env)


def ended(processes: list[psutil.Process]) -> None:
    """All of them end by themselves."""
    assert psutil.wait_procs(processes, PATIENCE)[1] == []


def test_a_killed_command_leaves_no_process_and_the_same_command_goes_on(waiting: Class) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    command.kill()
    command.wait()
    ended(processes[1:])
    assert waiting.course.graded("cas").exists()  # half written: stock alone would take it for graded
    waiting.finish()
    assert waiting.ran("ada") == waiting.ran("ben") == 1 and waiting.ran("cas") == 2


def test_an_interrupted_command_says_how_to_go_on_and_leaves_nothing_half_written(waiting: Class) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    command.send_signal(signal.SIGINT)
    said = command.communicate(timeout=PATIENCE)[1]
    assert command.returncode == 130 and "type the same command again" in said and "Traceback" not in said
    ended(processes[1:])
    assert not waiting.course.graded("cas").exists()
    waiting.finish()
    assert waiting.ran("ada") == 1


def of_kind(processes: list[psutil.Process], wanted: Callable[[list[str]], bool]) -> list[psutil.Process]:
    """Those of them that were started so; a kernel may have ended meanwhile."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.Error):
            if wanted(process.cmdline()):
                found.append(process)
    return found


def test_a_killed_process_that_shares_work_stops_the_command_in_a_sentence(waiting: Class) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    (sharing,) = of_kind(processes, lambda line: "grader.autograde.local_cluster" in line)
    sharing.kill()
    said = command.communicate(timeout=PATIENCE)[1]
    assert command.returncode == 1 and "was lost while it graded: type the same command again" in said
    ended(processes[1:])
    waiting.finish()


@pytest.mark.parametrize("kind", ["worker", "fork server", "kernel"])
def test_a_process_that_is_killed_is_replaced_and_its_notebooks_run_again(waiting: Class, kind: str) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    servers = of_kind(processes, lambda line: "grader.autograde.fork_server" in line)
    server = next(process for process in servers if process.parent() not in servers)
    victims = {"worker": server.parent(), "fork server": server, "kernel": max(server.children(), key=lambda p: p.pid)}
    waiting.let_go()
    victims[kind].kill()
    said = command.communicate(timeout=PATIENCE)[1]
    assert command.returncode == 0, said
    assert waiting.course.scores() == RIGHT_SCORES


@contextlib.contextmanager
def scheduler(folder: Path, *worker: str) -> Iterator[str]:
    """A scheduler and two workers, each started by its own command; the scheduler's address."""
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    python = [sys.executable, "-m"]
    where = ["--host", "127.0.0.1", "--no-dashboard"]
    shared = subprocess.Popen(
        [*python, "distributed.cli.dask_scheduler", *where, "--port", "0"], env=env, stderr=subprocess.PIPE, text=True
    )
    address = next(line.split()[-1] for line in shared.stderr if "Scheduler at:" in line)
    command = [*python, "distributed.cli.dask_worker", address, *where, "--local-directory", str(folder), *worker]
    workers = [subprocess.Popen(command, env=env) for _ in range(2)]
    try:
        yield address
    finally:
        for process in (*workers, shared):
            process.terminate()
        for process in (*workers, shared):
            process.wait(PATIENCE)


@pytest.mark.parametrize("worker", [(), ("--resources", "notebook=1 training=1")], ids=["plain", "with room"])
def test_a_scheduler_and_workers_that_were_started_elsewhere_grade_a_class(waiting: Class, tmp_path, worker) -> None:
    with scheduler(tmp_path, "--nthreads", "2", *worker) as address:
        waiting.env[SCHEDULER] = address
        waiting.finish()
        assert waiting.ran("cas") == 1
