"""`nbgrader autograde`, ended in the middle: nothing runs on, and the same command goes on to right scores."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from asking import Answering
from tiny_course import ONE, RIGHT, TWO, UNIT, TinyCourse

from dropnorm.places import ROOT
from grader import build, trainings
from grader.autograde.cluster import SCHEDULER
from grader.exercises import exercise
from grader.facts import CompileFacts
from grader.operations import RELU, dense
from grader.spec import FitSettings, ModelSpec

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(sys.platform != "linux", reason="PROCESSES ARE FOLLOWED ON LINUX"),
]

PATIENCE = 300  # seconds until a test gives up
WITHIN = 15  # seconds: as long as such a class takes
KILLS = int(os.environ.get("KILLS", "1"))  # `make test-kills` asks for more
KINDS = ("command", "scheduler", "worker", "fork server", "kernel")
# The course's own settings, in a tiny course.
CONFIG = f"""{(ROOT / build.CONFIG).read_text(encoding="utf-8")}
c.CourseDirectory.course_id = "tiny"
c.CourseDirectory.source_directory, c.CourseDirectory.release_directory = "source", "release"
c.WarmExecute.workers = 1
c.Execute.timeout = {PATIENCE}
"""
CONCRETE, WIDTH = exercise("concrete_model"), 256
# A training of a second or more, done outside of the kernel; it is right if its curve is what this process has found.
TRAINED = """
import keras
from grader.exercises import exercise

data = exercise("{exercise}").data()
hidden = [keras.layers.Dense({width}, activation="relu") for _ in range(2)]
model = keras.Sequential([*hidden, keras.layers.Dense(1)])
model.compile(optimizer=keras.optimizers.Adam({rate}), loss="mean_absolute_error")
parts = dict(x=data.X_train, y=data.y_train, validation_data=(data.X_valid, data.y_valid))
history = model.fit(**parts, epochs={epochs}, batch_size={batch}, verbose=0)
answer, share = 42, 2.0 * (history.history["val_loss"] == {found})
"""
LEARNERS = ("ada", "ben", "cas", "dee")
PLAIN, WITH_ROOM = (), ("--resources", "notebook=1 training=1")  # of workers that are started by hand
RIGHT_SCORES = {(name, each): (1, 2) for name in LEARNERS for each in (ONE, TWO)}


@dataclass
class Class:
    """A class whose third learner's notebook waits until it is let go."""

    course: TinyCourse
    env: dict[str, str]
    answering: Answering | None = None

    @property
    def root(self) -> Path:
        return self.course.root

    def line(self) -> list[str]:
        """The command, as an instructor types it."""
        return [sys.executable, "-m", "nbgrader", "autograde", UNIT]

    def start(self) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            self.line(),
            cwd=self.root,
            env=self.env,
            stderr=subprocess.PIPE,
            text=True,
        )

    def until_waiting(self, command: subprocess.Popen[str]) -> list[psutil.Process]:
        """Wait until stock has come to the third learner and the notebook is in its cell; all processes there are."""
        assert any("Autograding" in line and "cas" in line for line in command.stderr)
        assert self.answering.waits.wait(PATIENCE)
        return [psutil.Process(command.pid), *psutil.Process(command.pid).children(recursive=True)]

    def let_go(self) -> None:
        self.answering.go.set()

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
        return self.answering.ran[learner]


@pytest.fixture
def waiting(tmp_path: Path) -> Iterator[Class]:
    course, answering = TinyCourse(tmp_path / "course"), Answering("cas")
    course.make({name: {ONE: answering.cell(name) + RIGHT, TWO: f"{RIGHT}  # {name}"} for name in LEARNERS})
    (course.root / "nbgrader_config.py").write_text(CONFIG)
    env = build.environment() | {"JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")}
    env["PYTHONPATH"] = os.pathsep.join([*filter(None, [env.get("PYTHONPATH")]), str(answering.folder)])
    yield Class(course, env, answering)
    answering.close()


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


def test_an_interrupted_command_says_how_to_go_on_and_leaves_nothing_half_written(waiting: Class, measured) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    began = time.perf_counter()
    command.send_signal(signal.SIGINT)
    said = command.communicate(timeout=PATIENCE)[1]
    measured("from Ctrl-C in `nbgrader autograde` to its end", time.perf_counter() - began)
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


@pytest.mark.long  # the shorter tests lose a scheduler elsewhere, which goes the same way
def test_a_killed_process_that_shares_work_stops_the_command_in_a_sentence(waiting: Class) -> None:
    command = waiting.start()
    processes = waiting.until_waiting(command)
    (sharing,) = of_kind(processes, lambda line: "grader.autograde.local_cluster" in line)
    sharing.kill()
    said = command.communicate(timeout=PATIENCE)[1]
    assert command.returncode == 1 and "was lost while it graded: type the same command again" in said, said
    assert "Traceback" not in said and "Converting" not in said.split("was lost")[1], said
    ended(processes[1:])
    waiting.finish()


@pytest.mark.long  # the shorter tests kill one that is drawn, and tests/test_cluster.py has a notebook that does it
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


def kind_of(process: psutil.Process) -> str:
    """What a process below the command does; empty where it has ended, or only watches others."""
    with contextlib.suppress(psutil.Error):
        line, above = process.cmdline(), process.parent()
        if "grader.autograde.fork_server" in line:
            return "kernel" if above and "grader.autograde.fork_server" in above.cmdline() else "fork server"
        if "grader.autograde.local_cluster" in line:
            return "scheduler"
        return "worker" if "--multiprocessing-fork" in line else ""
    return ""


@pytest.fixture
def trained_answer(monkeypatch) -> Iterator[Callable[[], str]]:
    """Gives answers whose models nobody has trained before, and what they must bring; no training of them is kept."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    specs: list[ModelSpec] = []

    def answer() -> str:
        rate, epochs, batch = round(random.uniform(0.001, 0.002), 7), 40, 64
        operations = (dense(WIDTH), RELU, dense(WIDTH), RELU, dense(1))
        settings = CompileFacts("adam", rate, "mean_absolute_error"), FitSettings(epochs, batch)
        specs.append(ModelSpec(CONCRETE.reference.inputs, operations, *settings))
        found = trainings.train(specs[-1], CONCRETE).curves.val_loss[0].tolist()
        return TRAINED.format(exercise=CONCRETE.name, width=WIDTH, rate=rate, epochs=epochs, batch=batch, found=found)

    yield answer
    for spec in specs:
        (trainings.FOLDER / f"{trainings.key(spec, CONCRETE)}.npz").unlink(missing_ok=True)


@pytest.mark.parametrize("number", range(KILLS))
def test_whatever_is_killed_at_whatever_moment_the_same_command_ends_with_every_score_right(
    tmp_path, trained_answer, number
) -> None:
    """The moment is drawn anew in each run of the tests; it is told where one fails."""
    course = TinyCourse(tmp_path / "course")
    # Each with code of its own: what is the same to the letter is run once.
    course.make({name: {ONE: trained_answer(), TWO: f"{RIGHT}  # {name}"} for name in LEARNERS})
    (course.root / "nbgrader_config.py").write_text(CONFIG)
    each = Class(course, build.environment() | {"JUPYTER_CONFIG_DIR": str(tmp_path / "jupyter")})
    moment = random.uniform(0, WITHIN)
    wanted = KINDS[number % len(KINDS)] if len(KINDS) <= KILLS else random.choice(KINDS)
    with (tmp_path / "said").open("w+") as said:
        command = psutil.Popen(each.line(), cwd=course.root, env=each.env, stderr=said)
        victims = [command]
        with contextlib.suppress(psutil.TimeoutExpired):
            command.wait(moment)
            victims = []  # it was done before
        while victims == [command] and wanted != "command":  # there may be none of them yet
            with contextlib.suppress(psutil.TimeoutExpired):
                command.wait(0.05)
                break
            victims = [each for each in command.children(recursive=True) if kind_of(each) == wanted] or victims
        with contextlib.suppress(psutil.NoSuchProcess):
            random.choice(victims or [command]).kill()
        command.wait(PATIENCE)
        for _ in range(2):
            if command.returncode:
                command = psutil.Popen(each.line(), cwd=course.root, env=each.env, stderr=said)
                command.wait(PATIENCE)
        said.seek(0)
        told = f"{wanted} killed after {moment:.2f} s\n{said.read()}"
    assert command.returncode == 0, told
    assert course.scores() == RIGHT_SCORES, told
    assert all(course.graded(name).exists() for name in LEARNERS), told


@contextlib.contextmanager
def scheduler(
    folder: Path,
    shown: Path,
    *worker: str,
    course: Path = ROOT,
    second: Mapping[str, str] | None = None,
    **env_of_workers: str,
) -> Iterator[str]:
    """A scheduler and two workers of a course, each started by its own command; the scheduler's address.

    ``second`` is added to the environment of the second worker.
    """
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(course), str(shown)])}
    python = [sys.executable, "-m"]
    where = ["--host", "127.0.0.1", "--no-dashboard"]
    shared = subprocess.Popen(
        [*python, "distributed.cli.dask_scheduler", *where, "--port", "0"], env=env, stderr=subprocess.PIPE, text=True
    )
    address = next(line.split()[-1] for line in shared.stderr if "Scheduler at:" in line)
    command = [*python, "distributed.cli.dask_worker", address, *where, "--local-directory", str(folder), *worker]
    workers = [subprocess.Popen(command, env=env | env_of_workers | own, cwd=course) for own in ({}, second or {})]
    try:
        yield address
    finally:
        for process in (*workers, shared):
            process.terminate()
        for process in (*workers, shared):
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:  # a signal that comes while it starts may be lost
                process.kill()
                process.wait(PATIENCE)


@pytest.mark.parametrize(
    "worker", [pytest.param(PLAIN, id="plain", marks=pytest.mark.long), pytest.param(WITH_ROOM, id="with room")]
)
def test_a_scheduler_and_workers_that_were_started_elsewhere_grade_a_class(
    waiting: Class, tmp_path, trained_answer, worker
) -> None:
    waiting.env["DROPNORM_SOURCE"] = "stand-in"
    waiting.course.hand_in("dee", TWO, trained_answer())
    with scheduler(tmp_path, waiting.answering.folder, "--nthreads", "2", *worker) as address:
        waiting.env[SCHEDULER] = address
        said = waiting.finish()
        assert waiting.ran("cas") == 1
        assert "of processor" not in said  # they are alike; tests/test_cluster.py has those that are not


def test_a_scheduler_elsewhere_that_is_lost_stops_the_command_in_a_sentence(waiting: Class, tmp_path) -> None:
    with scheduler(tmp_path, waiting.answering.folder, "--nthreads", "2") as address:
        waiting.env[SCHEDULER] = address
        command = waiting.start()
        waiting.until_waiting(command)
        (sharing,) = of_kind(psutil.Process().children(), lambda line: "distributed.cli.dask_scheduler" in line)
        sharing.kill()
        said = command.communicate(timeout=PATIENCE)[1]
    assert command.returncode == 1 and "Traceback" not in said, said
    assert f"The Dask scheduler at {address} was lost while it graded: type the same command again" in said
    del waiting.env[SCHEDULER]
    waiting.finish()
