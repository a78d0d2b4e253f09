"""The workers: who ends them is refused and nobody else, a training is done once for all, nothing listens to others."""

from __future__ import annotations

import contextlib
import platform
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from test_grading_killed import PLAIN, WITH_ROOM, scheduler
from test_notebook_run import job, outputs, text
from test_trainings import EXERCISE, SMALL

from dropnorm.places import ROOT
from grader.autograde import cluster
from grader.autograde.cluster import Cluster, ClusterError
from grader.autograde.local_cluster import A_CORE, AT_ONCE, cores
from grader.autograde.sent import REFUSED, Run

pytestmark = pytest.mark.full

MARK = "613.5"  # seconds that a process of the notebook's sleeps, by which it is found
KILLED = f"import subprocess; subprocess.run(['sleep', '{MARK}'])"
ASK = """
import json
from grader.channel import drivers_channel
told, training = drivers_channel().ask({"ask": "fit", "exercise": %r, "spec": %r})
print(told, len(training) > 1000)
"""


@pytest.fixture(scope="module")
def workers() -> Iterator[Cluster]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPNORM_SOURCE", "stand-in")
        own = Cluster(cores=1)
        yield own
        own.close()


def kill_its_worker() -> None:
    """No notebook can do it from its box: so it is done for one, as too little memory would."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if MARK in process.cmdline():
                for worker in process.parents():
                    if "spawn_main" in " ".join(worker.cmdline()):
                        worker.kill()


def test_a_notebook_that_ends_its_worker_twice_is_refused_and_the_others_go_on(workers: Cluster) -> None:
    cells = (["1"], [KILLED], ["import time; time.sleep(1); print(2)"], ["3"])
    runs = [Run(workers, job(*each)) for each in cells]
    results = [run.result(kill_its_worker) for run in runs]
    assert [ran.failure for ran in results] == [None, REFUSED.format(tries=2), None, None]
    assert text(outputs(results[2])[0]) == "2\n"


def test_two_that_want_a_training_at_once_have_it_from_one_task(workers: Cluster) -> None:
    spec = SMALL.to_json().replace("0.01,", f"{random.uniform(0.01, 0.02):.9f},")  # one that nobody has kept
    assert spec != SMALL.to_json()
    runs = [Run(workers, job(ASK % (EXERCISE.name, spec))) for _ in range(AT_ONCE)]
    results = [run.result() for run in runs]
    assert [text(outputs(ran)[0]) for ran in results] == ["{'trained': True} True\n"] * AT_ONCE
    (name,) = {name for ran in results for name in ran.trainings}
    tasks = [str(key) for key in workers.client.who_has() if str(key).startswith("training-")]
    assert tasks == [f"training-{name}-0"]


def test_it_listens_on_loopback_only_and_shows_no_dashboard(workers: Cluster) -> None:
    own = psutil.Process().children(recursive=True)
    listening = [each for one in own for each in one.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
    assert listening and {each.laddr.ip for each in listening} == {"127.0.0.1"}
    dashboard = workers.client.scheduler_info()["services"]["dashboard"]
    assert dashboard not in {each.laddr.port for each in listening}


def test_a_lost_cluster_is_told_and_another_one_is_had(monkeypatch) -> None:
    monkeypatch.setattr(cluster, "_the_cluster", None)
    first = cluster.the_cluster(1)
    assert cluster.the_cluster(1) is first
    first.client  # noqa: B018 (connects)
    first._process.kill()
    first._process.wait()
    with pytest.raises(ClusterError, match="was lost while it graded: type the same command again"):
        first.check()
    assert cluster.the_cluster(1) is not first
    cluster.close()


def test_as_many_cores_are_used_as_memory_is_enough_for(monkeypatch) -> None:
    monkeypatch.setattr("grader.autograde.local_cluster.CPU_COUNT", 8)
    monkeypatch.setattr("grader.autograde.local_cluster.MEMORY_LIMIT", 3.5 * A_CORE)
    assert (cores(0), cores(5)) == (3, 5)
    monkeypatch.setattr("grader.autograde.local_cluster.MEMORY_LIMIT", A_CORE / 2)
    assert cores(0) == 1


@pytest.mark.parametrize(
    "room", [pytest.param(PLAIN, id="plain", marks=pytest.mark.long), pytest.param(WITH_ROOM, id="with room")]
)
def test_a_scheduler_without_workers_is_not_waited_for_for_ever(tmp_path: Path, monkeypatch, room) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    with scheduler(tmp_path, ROOT, "--nthreads", "1", "--no-nanny", *room) as address:
        elsewhere = Cluster(address)
        try:
            assert Run(elsewhere, job("1")).result().failure is None
            waits = Run(elsewhere, job(KILLED))
            monkeypatch.setattr(cluster, "PATIENCE", 1)
            monkeypatch.setattr(cluster, "SELDOM", 0.1)
            with pytest.raises(ClusterError, match="has no worker"):
                waits.result(end_the_workers)
        finally:
            elsewhere.close()


def test_workers_of_another_version_of_the_course_are_refused(tmp_path: Path, monkeypatch) -> None:
    """On another machine, say, on which the course was not pulled anew."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    course = tmp_path / "course"
    for name in ("dropnorm", "grader"):
        shutil.copytree(ROOT / name, course / name, ignore=shutil.ignore_patterns("__pycache__"))
    with (course / "grader" / "report.py").open("a") as file:
        file.write("# edited\n")
    with (
        scheduler(tmp_path, course, "--nthreads", "1", "--no-nanny", course=course) as address,
        pytest.raises(ClusterError, match="has not the same course, with the same packages"),
    ):
        Cluster(address).client  # noqa: B018 (it connects when it is first asked for)


def test_workers_with_other_data_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    other = {"DROPNORM_SOURCE": "official", "DROPNORM_DATA": str(tmp_path / "none")}
    with (
        scheduler(tmp_path, ROOT, "--nthreads", "1", "--no-nanny", **other) as address,
        pytest.raises(ClusterError, match="has not the same data"),
    ):
        Cluster(address).client  # noqa: B018 (it connects when it is first asked for)


OTHER_KERNELS = {"OPENBLAS_CORETYPE": "Nehalem"}


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="THE KERNELS ARE THOSE OF X86")
@pytest.mark.parametrize(
    "both, second, told",
    [
        pytest.param(OTHER_KERNELS, {}, "from this machine's", id="than here", marks=pytest.mark.long),
        pytest.param({}, OTHER_KERNELS, "Let machines of one kind grade", id="among themselves"),
    ],
)
def test_workers_on_other_kinds_of_processors_are_used_and_it_is_said(
    tmp_path: Path, monkeypatch, caplog, both, second, told
) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    with scheduler(tmp_path, ROOT, "--nthreads", "1", "--no-nanny", second=second, **both) as address:
        elsewhere = Cluster(address)
        elsewhere.client.wait_for_workers(2)
        elsewhere.close()
        caplog.clear()
        elsewhere = Cluster(address)
        assert Run(elsewhere, job("1")).result().failure is None
        elsewhere.close()
    said = [text for text in caplog.messages if "kinds of processors" in text or "kind of processor" in text]
    assert len(said) == 1 and told in said[0]


def end_the_workers() -> None:
    for process in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "distributed.cli.dask_worker" in process.cmdline():
                process.kill()
