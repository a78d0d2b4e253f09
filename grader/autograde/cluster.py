"""Where notebooks run and models are trained: a Dask cluster on this machine, or the scheduler that is named.

Both are tasks. A training's key is what decides its numbers, so each is trained once in a class, however many notebooks
wait for it. A task that ends the process it runs in is tried once more, a notebook then alone.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from concurrent.futures import CancelledError
from typing import TYPE_CHECKING, Any

from dropnorm.language import N_, _
from grader.autograde.agreement import disagreement, unlike
from grader.autograde.notebook_run import Job
from grader.autograde.tasks import ROOT, box_lacks, run

if TYPE_CHECKING:
    from distributed import Client, Future

SCHEDULER = "GRADER_SCHEDULER"  # environment variable: the address of a Dask scheduler
SELDOM = 5.0  # seconds between two looks at whether another's scheduler has workers
PATIENCE = 60  # seconds for a scheduler to answer, and without any worker
QUIET = ("-W", "ignore:resource_tracker:UserWarning")  # of what was held when everything had to end at once
NO_WORKER = N_(
    "The Dask scheduler at {address} has no worker: start one, and type the same command again: it goes on where it "
    "stood."
)
log = logging.getLogger(__name__)


class ClusterError(Exception):
    """Nothing can be run any more; one sentence: what was seen, and how to go on."""


class Cluster:
    """A connection to the workers.

    Args:
        address: a scheduler's, ``tcp://…``; where it is empty, a cluster of processes on this machine is started.
        cores: how many cores of this machine are used; 0 for all that its memory is enough for.
        sealed: whether nothing is run where the box around notebooks lacks a layer.

    Raises:
        ClusterError: by all that it does.
    """

    def __init__(self, address: str = "", cores: int = 0, sealed: bool = False) -> None:
        self.asked, self.address, self.cores, self._sealed = (address, cores, sealed), address, cores, sealed
        self._boxes: list[Future] = []
        self._looked = self._seen = 0.0  # when there were workers, by `time.monotonic`
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
                self._boxes = self._asked_for_boxes()
                if self._sealed:
                    self._tell_of_boxes()
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
        from grader.autograde.local_cluster import NOTEBOOK

        client = self.client
        resources = {NOTEBOOK: self._largest if alone else 1} if self.shares else None
        return client.submit(run, job, self.shares, pure=False, resources=resources, key=_name(job))

    def check(self) -> None:
        """Raise ClusterError where the cluster is lost."""
        if not self.usable:
            if self._process is None:
                told = _(
                    "The Dask scheduler at {address} was lost while it graded: type the same command again: it goes on "
                    "where it stood."
                )
            else:
                told = _(
                    "The process that shares work was lost while it graded: type the same command again: it goes on "
                    "where it stood."
                )
            raise ClusterError(told.format(address=self.address))
        if self._process is None and self._client is not None and self._without_workers():
            raise ClusterError(_(NO_WORKER).format(address=self.address))

    def _without_workers(self) -> bool:
        """Whether another's scheduler has had nobody for so long that nobody may come any more."""
        now = time.monotonic()
        if now - self._looked > SELDOM:
            self._looked = now
            with contextlib.suppress(OSError, TimeoutError):  # that the scheduler is lost shows by itself
                workers = self._client.scheduler_info(n_workers=-1)["workers"]
                if workers and not (self.shares and _lacking(workers)):
                    self._seen = now
        return now - self._seen > PATIENCE

    def tell_of_boxes(self) -> None:
        """Say, once, what the boxes around notebooks lack; whoever has the result of a run does not wait for it."""
        if self._boxes and all(future.done() for future in self._boxes):
            self._tell_of_boxes()

    def _asked_for_boxes(self) -> list[Future]:
        from grader.autograde.local_cluster import NOTEBOOK

        if self._process is not None:  # all its workers are on this machine
            return [self._client.submit(box_lacks, pure=False, resources={NOTEBOOK: 1})]
        workers = self._client.scheduler_info(n_workers=-1)["workers"]
        return [self._client.submit(box_lacks, pure=False, workers=[worker]) for worker in workers]

    def _tell_of_boxes(self) -> None:
        lacks: dict[str, str] = {}
        for future in self._boxes:
            try:
                lacks |= future.result(timeout=PATIENCE)
            except (Exception, CancelledError, asyncio.CancelledError) as error:
                lacks[_("all of them")] = _("a worker does not say: {error}").format(error=type(error).__name__)
        self._boxes = []
        each = _("{layer} ({reason})")
        layers = _("; ").join(each.format(layer=layer, reason=_(reason)) for layer, reason in lacks.items())
        if lacks and self._sealed:
            told = _("Nothing is graded, as the box around notebooks lacks a layer here: {layers}.")
            raise ClusterError(told.format(layers=layers))
        if lacks:
            told = _("The box around notebooks lacks a layer here: {layers}. `python -m grader doctor` says more.")
            log.warning("%s", told.format(layers=layers))

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
        from distributed.security import Security

        cores, security = 0, None  # of another's scheduler: as Dask's own settings have it
        if self._process is not None:
            if not (line := self._process.stdout.readline()):
                code = self._process.wait()
                told = _(
                    "The process that shares work did not start (exit code {code}): type the same command again: it "
                    "goes on where it stood."
                )
                raise ClusterError(told.format(code=code))
            told = json.loads(line)
            self.address, cores, security = told["address"], told["cores"], Security(**told["key"])
        for name in ("distributed", "distributed.client"):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what is lost is told in our words
        try:
            client = distributed.Client(self.address, timeout=PATIENCE, set_as_default=False, security=security)
        except (OSError, ValueError, TimeoutError) as error:
            reason = (str(error) or _("no answer")).splitlines()[0]
            told = _(
                "The Dask scheduler at {address} cannot be reached ({reason}): start it, or unset {variable} to grade "
                "on this machine alone, and type the same command again: it goes on where it stood."
            )
            raise ClusterError(told.format(address=self.address, reason=reason, variable=SCHEDULER)) from error
        try:
            self._meet(client, cores)
        except BaseException:
            client.close(timeout=1)
            raise
        return client

    def _meet(self, client: Client, cores: int) -> None:
        from grader.autograde.local_cluster import AT_ONCE, NOTEBOOK

        try:
            client.wait_for_workers(1, timeout=PATIENCE)
        except TimeoutError:
            raise ClusterError(_(NO_WORKER).format(address=self.address)) from None
        self._seen = time.monotonic()
        workers = client.scheduler_info(n_workers=-1)["workers"]
        if self._process is None:
            if told := disagreement(client, self.address):
                raise ClusterError(told)
            if told := unlike(client):
                log.warning("%s", told)
            self._shares = not _lacking(workers)
            self._threads = sum(worker["nthreads"] for worker in workers.values())
            self._largest = max(worker["resources"].get(NOTEBOOK, 1) for worker in workers.values())
        else:
            self._shares, self._threads, self._largest = True, cores, AT_ONCE


_the_cluster: Cluster | None = None


def the_cluster(cores: int = 0, sealed: bool = False) -> Cluster:
    """This process's cluster: the one that the environment names, else this machine's; anew where it was lost."""
    global _the_cluster
    address = os.environ.get(SCHEDULER, "")
    if _the_cluster is not None and not (_the_cluster.usable and _the_cluster.asked == (address, cores, sealed)):
        close()
    if _the_cluster is None:
        _the_cluster = Cluster(address, cores, sealed)
        atexit.register(close)
    return _the_cluster


def close() -> None:
    """End this process's cluster, if it has one."""
    global _the_cluster
    if _the_cluster is not None:
        _the_cluster.close()
        _the_cluster = None


def _lacking(workers: Mapping[str, Any]) -> set[str]:
    """What none of a scheduler's workers says that it is for."""
    from grader.autograde.local_cluster import NOTEBOOK, TRAINING

    return {NOTEBOOK, TRAINING} - {room for worker in workers.values() for room in worker["resources"]}


def _name(job: Job) -> str:
    return f"{job.assignment}-{job.student}-{job.notebook}-{os.urandom(4).hex()}"
