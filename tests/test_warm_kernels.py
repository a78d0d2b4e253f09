"""Kernels forked from a warm process: like any other kernel, but for how soon they answer; nothing is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from dropnorm.places import ROOT
from grader.autograde import warm_kernels
from grader.autograde.warm_kernels import ForkServer, ForkServerError, WarmKernelManager

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="KERNELS ARE FORKED ON LINUX ONLY")

PATIENCE = 60  # seconds until a test gives up
WHO = """
import json, os, random, sys, threading
import numpy as np
print(json.dumps({
    "pid": os.getpid(), "parent": os.getppid(), "group": os.getpgid(0), "folder": os.getcwd(),
    "asked": os.environ.get("ASKED"), "imported": "tensorflow" in sys.modules,
    "drawn": [random.random(), float(np.random.rand())],
}))
"""
TRAIN = """
import keras
import numpy as np
keras.utils.set_random_seed(0)
X = np.random.default_rng(0).normal(size=(64, 3))
model = keras.Sequential([keras.layers.Dense(8, activation="relu"), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
model.compile("adam", "mae")
print(model.fit(X, X[:, 0], epochs=3, verbose=0).history["loss"], (X @ X.T).sum())
"""
THREADS = """
import scipy.linalg, sklearn.cluster
from threadpoolctl import threadpool_info
print(sorted((library["prefix"], library["num_threads"]) for library in threadpool_info()))
"""


@pytest.fixture(scope="module", autouse=True)
def server() -> Iterator[ForkServer]:
    """One for all tests of this file."""
    yield warm_kernels.the_server()
    warm_kernels.the_server().close()


def printed(*cells: str, manager: type = WarmKernelManager, folder: Path = ROOT, **env: str) -> list[str]:
    """What each cell prints, in one kernel."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_manager_class=manager, kernel_name="python3", resources=resources)
    client.execute(env=os.environ | env)
    outputs = [[output for output in cell.outputs if output.get("name") == "stdout"] for cell in notebook.cells]
    return ["".join(output.text for output in each) for each in outputs]


def test_a_kernel_is_forked_where_and_as_it_was_asked_for(server: ForkServer, tmp_path: Path) -> None:
    one, two = (json.loads(*printed(WHO, folder=tmp_path, ASKED=asked)) for asked in ("first", "second"))
    for kernel, asked in ((one, "first"), (two, "second")):
        assert kernel["parent"] == server.process.pid and kernel["imported"]
        assert kernel["group"] == kernel["pid"] and kernel["folder"] == str(tmp_path) and kernel["asked"] == asked
    assert one["pid"] != two["pid"]
    assert one["drawn"][0] != two["drawn"][0] and one["drawn"][1] != two["drawn"][1]


def test_it_trains_to_the_same_numbers_as_an_ordinary_one() -> None:
    """Also with as many threads for matrices, without which products are summed in another order."""
    warm = printed(TRAIN, THREADS)
    assert warm == printed(TRAIN, THREADS, manager=AsyncKernelManager) and "openblas" in warm[1]


def test_a_kernel_that_ends_itself_is_known_to_be_dead() -> None:
    with pytest.raises(DeadKernelError):
        printed("import os; os._exit(3)")


def test_the_forking_process_has_nothing_of_the_environment_that_it_does_not_need(monkeypatch) -> None:
    monkeypatch.setenv("A_SECRET", "of the instructor")
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    server = ForkServer()
    try:
        told = Path(f"/proc/{server.process.pid}/environ").read_bytes()
    finally:
        server.close()
    assert b"A_SECRET" not in told and b"DROPNORM_SOURCE=stand-in" in told


def test_a_killed_server_is_replaced(server: ForkServer) -> None:
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert json.loads(*printed(WHO))["parent"] == warm_kernels.the_server().process.pid != server.process.pid


def test_nothing_is_left_of_a_process_that_was_killed() -> None:
    code = """
        import asyncio
        from grader.autograde.warm_kernels import WarmKernelManager, the_server

        async def main():
            manager = WarmKernelManager(kernel_name="python3")
            await manager.start_kernel()
            print(the_server().process.pid, manager.provisioner.pid, flush=True)
            await asyncio.Event().wait()

        asyncio.run(main())
    """
    asking = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    processes = [psutil.Process(int(pid)) for pid in asking.stdout.readline().split()]
    asking.kill()
    asking.wait()
    assert psutil.wait_procs(processes, PATIENCE)[1] == []


def test_where_it_is_not_safe_kernels_start_as_ever_and_it_is_said(tmp_path, monkeypatch, caplog) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys, threading\n"
        "if 'fork_server' in ' '.join(sys.orig_argv):\n"
        "    threading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ForkServerError, match="2 threads"):
        ForkServer()
    monkeypatch.setattr(warm_kernels, "_server", None)
    parent = json.loads(*printed(WHO))["parent"]
    assert parent == os.getpid()
    assert "Kernels are started one by one: the process to fork from has 2 threads" in caplog.text


def test_elsewhere_than_on_linux_kernels_start_as_ever_and_it_is_said(monkeypatch, caplog) -> None:
    monkeypatch.setattr(warm_kernels.sys, "platform", "darwin")
    warm_kernels.said_once.cache_clear()  # another file's tests may have heard it
    assert not warm_kernels.safe_to_fork() and not warm_kernels.safe_to_fork()
    assert caplog.text.count("only on Linux is it safe") == 1
