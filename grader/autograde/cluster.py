"""Where notebooks run and models are trained: a Dask cluster on this machine, or the scheduler that is named.

Both are tasks. A training's key is what decides its numbers, so each is trained once in a class, however many notebooks
wait for it. A task that ends the process it runs in is tried once more, a notebook then alone.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from grader.autograde.notebook_run import Job, Ran
from grader.autograde.tasks import ROOT, TRIES, run, sources

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEDULER = "GRADER_SCHEDULER"  # environment variable: the address of a Dask scheduler
PACKAGES = ("python", "dask", "distributed", "cloudpickle")  # whose versions must agree
PULSE = 0.5  # seconds between two looks at whether the cluster is still there
PATIENCE = 60  # seconds for a scheduler to answer, and for its first worker
QUIET = ("-W", "ignore:resource_tracker:UserWarning")  # of what was held when everything had to end at once
AGAIN = "type the same command again: it goes on where it stood"
REFUSED = "It was refused: it ended the process that ran it {tries} times."


class ClusterError(Exception):
    """Nothing can be run any more; one sentence: what was seen, and how to go on."""


class Cluster:
    """A connection to the workers.

    Args:
        address: a scheduler's, ``tcp://…``; where it is empty, a cluster of processes on this machine is started.
        cores: how many cores of this machine are used; 0 for all that its memory is enough for.

    Raises:
        ClusterError: by all that it does.
    """

    def __init__(self, address: str = "", cores: int = 0) -> None:
        self.asked, self.address, self.cores = (address, cores), address, cores
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._process: subprocess.Popen[bytes] | None = None
        if not address:
            self._start()

    @property
    def client(self) -> Client:
        """Dask's client; it is made when it is first asked for."""
        with self._lock:
            if self._client is None:
                self._client = self._connected()
            return self._client

    @property
    def usable(self) -> bool:
        """Whether the cluster is there, as far as is known without asking it."""
        if self._process is not None and self._process.poll() is not None:
            return False
        return self._client is None or self._client.status == "running"

    @property
    def shares(self) -> bool:
        """Whether its workers say what they are for; else each is for all, and what waits makes room."""
        return self._shares

    @property
    def room(self) -> int:
        """How many jobs are worth sending at once."""
        from grader.autograde.local_cluster import AT_ONCE

        self.client  # noqa: B018 (who has room is known when it is connected)
        return self._threads * AT_ONCE * (2 if self.shares else 1)

    def submit(self, job: Job, alone: bool = False) -> Future:
        """Send a job to the workers; nothing else runs beside it in its worker where it is to be alone."""
        from grader.autograde.local_cluster import AT_ONCE, NOTEBOOK

        client = self.client
        resources = {NOTEBOOK: AT_ONCE if alone else 1} if self.shares else None
        return client.submit(run, job, self.shares, pure=False, resources=resources, key=_name(job))

    def check(self) -> None:
        """Raise ClusterError where the cluster is lost."""
        if not self.usable:
            where = f"The Dask scheduler at {self.address}" if self._process is None else "The process that shares work"
            raise ClusterError(f"{where} was lost while it graded: {AGAIN}.")

    def close(self) -> None:
        """End it, at once: what still runs is given up. Another's scheduler and workers go on without us."""
        with contextlib.suppress(Exception):  # it may be lost already
            if self._client is not None:
                self._client.close(timeout=1)
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait()

    def _start(self) -> None:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, *QUIET, "-m", "grader.autograde.local_cluster", str(self.cores)],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths), "DASK_LOGGING__DISTRIBUTED": "critical"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
            cwd=ROOT,  # a course's folder may be gone before the process is
        )

    def _connected(self) -> Client:
        import distributed

        count = "0"
        if self._process is not None:
            self.address, _, count = self._process.stdout.readline().decode().partition(" ")
            if not count:
                code = self._process.wait()
                raise ClusterError(f"The process that shares work did not start (exit code {code}): {AGAIN}.")
        logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what is lost is told in our words
        try:
            client = distributed.Client(self.address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            reason = str(error) or "no answer"
            raise ClusterError(
                f"The Dask scheduler at {self.address} cannot be reached ({reason.splitlines()[0]}): start it, or "
                f"unset {SCHEDULER} to grade on this machine alone, and {AGAIN}."
            ) from error
        try:
            self._meet(client, int(count))
        except BaseException:
            client.close(timeout=1)
            raise
        return client

    def _meet(self, client: Client, cores: int) -> None:
        from grader.autograde.local_cluster import NOTEBOOK, TRAINING

        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ClusterError(f"The Dask scheduler at {self.address} has no worker: start one, and {AGAIN}.") from None
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if self._process is None:
            _check_versions(client, self.address)
            rooms = {room for worker in workers.values() for room in worker["resources"]}
            self._shares = {NOTEBOOK, TRAINING} <= rooms
            self._threads = sum(worker["nthreads"] for worker in workers.values())
        else:
            self._shares, self._threads = True, cores


class Run:
    """A job that was sent to a cluster."""

    def __init__(self, cluster: Cluster, job: Job) -> None:
        self.cluster, self.job, self.tries = cluster, job, 1
        self._future = cluster.submit(job)

    @property
    def done(self) -> bool:
        """Whether its result can be had without waiting."""
        return self._future.done()

    def at_hand(self) -> Ran | None:
        """What the run has brought, where it has; whatever else it came to is for `result` to say."""
        if self._future.status != "finished":
            return None
        with contextlib.suppress(CancelledError, asyncio.CancelledError):  # lost since
            return self._future.result()
        return None

    def result(self, meanwhile: Callable[[], None] = lambda: None) -> Ran:
        """Wait for what the run has brought; ``meanwhile`` is called again and again.

        Raises:
            ClusterError: the cluster was lost. And what the run raised.
        """
        from distributed import KilledWorker

        while True:
            meanwhile()
            try:
                return self._future.result(timeout=PULSE)
            except TimeoutError:
                if self._future.status == "error":  # then it is what the run raised
                    raise
                self.cluster.check()
            except (CancelledError, asyncio.CancelledError):
                self.cluster.check()
                if self.tries == TRIES:
                    raise ClusterError(f"A run was given up by the Dask scheduler: {AGAIN}.") from None
                self.tries += 1
                self._future = self.cluster.submit(self.job)
            except KilledWorker:
                if self.tries == TRIES:
                    return Ran(self.job.content, failure=REFUSED.format(tries=TRIES))
                self.tries += 1
                self._future = self.cluster.submit(self.job, alone=True)

    def forget(self) -> None:
        """Nobody wants it any more."""
        self._future.release()


_the_cluster: Cluster | None = None


def the_cluster(cores: int = 0) -> Cluster:
    """This process's cluster: the one that the environment names, else this machine's; anew where it was lost."""
    global _the_cluster
    address = os.environ.get(SCHEDULER, "")
    if _the_cluster is not None and not (_the_cluster.usable and _the_cluster.asked == (address, cores)):
        close()
    if _the_cluster is None:
        _the_cluster = Cluster(address, cores)
        atexit.register(close)
    return _the_cluster


def close() -> None:
    """End this process's cluster, if it has one."""
    global _the_cluster
    if _the_cluster is not None:
        _the_cluster.close()
        _the_cluster = None


def _check_versions(client: Client, address: str) -> None:
    found = client.get_versions()
    own = found["client"]["packages"]
    others = {f"The Dask scheduler at {address}": found["scheduler"]}
    others |= {f"The worker {name}": worker for name, worker in found["workers"].items()}
    for who, versions in others.items():
        for package in PACKAGES:
            theirs = versions["packages"].get(package)
            if theirs != own[package]:
                raise ClusterError(
                    f"{who} runs {package} {theirs}, and this machine {own[package]}: install the same on both "
                    f"(requirements.lock), and {AGAIN}."
                )
    for worker, digest in client.run(sources, on_error="return").items():
        if digest != sources():
            raise ClusterError(
                f"The worker {worker} has not the same course ({_said(digest)}): install it there, and {AGAIN}."
            )


def _said(found: Any) -> str:
    return str(found).splitlines()[0] if isinstance(found, Exception) else "its files differ"


def _name(job: Job) -> str:
    return f"{job.assignment}-{job.student}-{job.notebook}-{os.urandom(4).hex()}"
