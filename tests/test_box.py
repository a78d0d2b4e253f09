"""The box around a grading kernel: its layers, each by itself; systems that lack some; ordinary users."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from grader.autograde import brought_back, scratch_execute, warm_kernels
from grader.autograde.box import outcome
from grader.autograde.box.layers import NAMESPACES, TOLD, Box, Layer, Limits, as_superuser, lacking_here
from grader.autograde.box.trial import TRIALS, Trial, proved
from grader.autograde.box.view import view
from grader.autograde.notebook_run import run_notebook
from tests import ordinary_user
from tests.test_notebook_run import Listening, job, names, outputs, text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="BOXES ARE OF LINUX ONLY")
HERE = lacking_here() if sys.platform == "linux" else {}
WHO = "import os; print(os.getuid(), os.getpid())"
TRAINED = """
import keras, numpy
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
len(model.fit(numpy.ones((4, 2)), numpy.ones(4), verbose=0).history["loss"])
"""
PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[None]:
    yield
    warm_kernels.the_server().close()


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: str(trial.layer))
def test_a_layer_alone_bars_what_gets_through_without_it(trial: Trial) -> None:
    if trial.layer in HERE:
        pytest.skip(f"THIS SYSTEM LACKS {trial.layer.upper()}: {HERE[trial.layer]}")
    assert proved(trial) == (False, True)


def test_every_layer_is_told_and_tried() -> None:
    assert set(TOLD) == {trial.layer for trial in TRIALS} == set(Layer)


def test_a_box_is_read_back_as_it_was_written() -> None:
    box = Box(limits=Limits(memory=5)).without([Layer.WATCH])
    assert Box.from_dict(box.to_dict()) == box and Layer.WATCH not in box.layers


def test_the_course_its_work_and_the_home_are_not_in_the_view() -> None:
    shown = view().shown
    for hidden in ("solutions", "exercises", "gradebook.db", "submitted", ".git", "data/cache/trainings"):
        path = Path(warm_kernels.__file__).parents[2] / hidden
        assert not any(path.is_relative_to(each) for each in shown), hidden
    assert not any(view().home.is_relative_to(each) for each in shown)


def everybodys(path: Path) -> bool:
    """Whether every user may go there."""
    return all(folder.stat().st_mode & stat.S_IXOTH for folder in (path, *path.parents))


@pytest.mark.parametrize("without", [(), tuple(NAMESPACES), (Layer.PATHS, Layer.CALLS)], ids=["all", "two", "three"])
def test_notebooks_run_the_same_whatever_layers_there_are(without: tuple[Layer, ...]) -> None:
    ran = run_notebook(job(WHO, TRAINED, PLOT, "!echo $((6 * 7))"), Listening(), box=Box().without(without))
    if Layer.FILES in without and as_superuser() and not everybodys(Path(sys.base_prefix)):
        assert "could not be closed" in ran.failure  # the superuser becomes nobody, who may not read this Python
        return
    who, trained, plot, shell = outputs(ran)
    assert ran.notes == () and trained[-1]["data"]["text/plain"] == "1" and "image/png" in plot[-1]["data"]
    uid, pid = map(int, text(who).split())
    assert uid != 0 and (pid < 10) == (Layer.PROCESSES not in without)
    if Layer.FILES not in without:  # else there is no terminal of its own
        assert text(shell).strip() == "42"


def test_what_takes_too_much_says_so_and_costs_the_cells_below() -> None:
    limits = Limits(memory=900 * 2**20, processes=10, disk=2**24)
    hungry = "import numpy, time\nheld = [numpy.ones(2**22) for _ in range(40)]\ntime.sleep(60)"
    many = "import subprocess\nfor _ in range(20): subprocess.Popen(['sleep', '60'])\nimport time; time.sleep(60)"
    large = "import time\nfor name in 'ab': open(name, 'wb').write(bytes(12 * 2**20))\ntime.sleep(60)"
    for cell, words in ((hungry, "900 MB of memory"), (many, "10 processes"), (large, "16 MB")):
        ran = run_notebook(job("6 * 7", cell, "1"), Listening(), box=Box(limits=limits))
        first, second, third = outputs(ran)
        assert first[-1]["data"]["text/plain"] == "42"
        assert names(second)[-1] == "KernelDied" and words in second[-1]["evalue"], second
        assert names(third) == ["NotRun"] and not ran.killed and words in ran.notes[0]


def test_the_page_on_threats_tells_the_limits_as_they_are() -> None:
    from grader.autograde.box.walls import FILE_SIZE

    limits, words = Limits(), " ".join((ROOT / "docs" / "threats.md").read_text(encoding="utf-8").split())
    for told in (
        f"more than {limits.descriptors} open files a process, {limits.threads:,} threads, {FILE_SIZE >> 20} MB in one",
        f"more than {limits.memory >> 30} GB of memory, {limits.processes} processes,",
        f"{limits.descriptors_in_all:,} open files in all",
        f"{limits.disk >> 20} MB or {limits.files:,} files written",
        f"Output is cut at {scratch_execute.PRINTED >> 20} MB a cell and {scratch_execute.PRINTED_IN_ALL >> 20} MB",
        f"regular files, {brought_back.KEPT >> 20} MB at most",
    ):
        assert told in words, told


def test_a_box_that_cannot_be_closed_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "ROOT", "elsewhere")  # the forking process knows another one
    ran = run_notebook(job("1"), Listening())
    assert ran.failure is not None and ran.failure.startswith("The box around its kernel could not be closed (")


@pytest.mark.full
@pytest.mark.parametrize("namespaces", [True, False], ids=["given", "not given"])
def test_the_doctor_tells_an_ordinary_user_what_holds_here(namespaces: bool) -> None:
    command = [sys.executable, "-m", "grader", "doctor"]
    told = ordinary_user.run(*command, "--require-sandbox", namespaces=namespaces)
    assert told.stderr == ""
    said = dict(line.split()[1::-1] for line in told.stdout.splitlines() if line[0] != " " and line.split()[1] in TOLD)
    missing = {layer for layer, mark in said.items() if mark == "MISSING"}
    assert missing == set(HERE) | (set() if namespaces else set(NAMESPACES))
    assert ("this Linux has version" in told.stdout) == (Layer.PATHS not in missing)
    assert told.returncode == bool(missing - {Layer.PATHS}) and ("without: " in told.stdout) == bool(told.returncode)


@pytest.mark.full
@pytest.mark.parametrize("namespaces", [True, False], ids=["given", "not given"])
def test_an_ordinary_users_kernels_run_in_what_there_is(namespaces: bool) -> None:
    code = (
        "from tests.test_box import WHO, TRAINED, Listening, job, outputs, run_notebook, text, warm_kernels\n"
        "ran = run_notebook(job(WHO, TRAINED), Listening())\n"
        "print(ran.failure, text(outputs(ran)[0]).split()[0], outputs(ran)[1][-1]['data']['text/plain'])\n"
        "warm_kernels.the_server().close()"
    )
    told = ordinary_user.run(sys.executable, "-c", code, namespaces=namespaces, env=os.environ | {"HOME": "/tmp"})
    assert told.stdout.split() == ["None", str(ordinary_user.UID), "1"], told.stderr


@pytest.mark.full
@pytest.mark.parametrize("namespaces", [True, False], ids=["given", "not given"])
def test_a_sealed_course_grades_nothing_where_a_layer_is_lacking(namespaces: bool) -> None:
    code = (
        "from grader.autograde.cluster import Cluster, ClusterError\n"
        "own = Cluster(cores=1, sealed=True)\n"
        "try:\n    print(own.client.status)\nexcept ClusterError as error:\n    print(error)\nfinally:\n    own.close()"
    )
    told = ordinary_user.run(sys.executable, "-c", code, namespaces=namespaces, env=os.environ | {"HOME": "/tmp"})
    if namespaces and not set(HERE) - {Layer.PATHS}:
        assert told.stdout == "running\n", told.stderr
    else:
        assert told.stdout.startswith("Nothing is graded, as the box around notebooks lacks a layer here: files ("), (
            told
        )
