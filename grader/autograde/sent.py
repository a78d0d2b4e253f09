"""A notebook's run that was sent to a cluster: waited for, sent again where its worker ended, refused after that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import CancelledError

from dropnorm.language import N_, _
from grader.autograde.cluster import Cluster, ClusterError
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.tasks import TRIES

PULSE = 0.5  # seconds between two looks at whether the cluster is still there
# The last one is what Dask's `sync` raises where the very call that it waits for was cancelled.
CANCELLED = (CancelledError, asyncio.CancelledError, UnboundLocalError)
REFUSED = N_("It was refused: it ended the process that ran it {tries} times.")


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
        with contextlib.suppress(Exception, CancelledError, asyncio.CancelledError):  # lost since, or cannot be read
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
                ran = self._future.result(timeout=PULSE)
                self.cluster.tell_of_boxes()
                return ran
            except TimeoutError:
                if self._future.status == "error":  # then it is what the run raised
                    raise
                self.cluster.check()
            except CANCELLED:
                self.cluster.check()
                if self.tries == TRIES:
                    told = _(
                        "A run was given up by the Dask scheduler: type the same command again: it goes on where it "
                        "stood."
                    )
                    raise ClusterError(told) from None
                self.tries += 1
                self._future = self.cluster.submit(self.job)
            except KilledWorker:
                if self.tries == TRIES:
                    return Ran(self.job.content, failure=_(REFUSED).format(tries=TRIES))
                self.tries += 1
                self._future = self.cluster.submit(self.job, alone=True)

    def forget(self) -> None:
        """Nobody wants it any more."""
        self._future.release()
