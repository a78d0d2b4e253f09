"""A run that was sent to a cluster, and what Dask makes of the call that waits for it."""

from __future__ import annotations

from concurrent.futures import CancelledError

import pytest

from grader.autograde.cluster import ClusterError
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.sent import Run

JOB, RAN = Job("unit", "ada", "one", "{}"), Ran("{}")


class Future:
    """One that ends as it is told to."""

    status = "pending"

    def __init__(self, end: Ran | BaseException) -> None:
        self.end = end

    def result(self, timeout: float) -> Ran:
        if isinstance(self.end, Ran):
            return self.end
        raise self.end


class Cluster:
    """One whose runs end so, one after the other."""

    def __init__(self, *ends: Ran | BaseException) -> None:
        self.ends = list(ends)

    def submit(self, job: Job, alone: bool = False) -> Future:
        return Future(self.ends.pop(0))

    def check(self) -> None:
        pass

    def tell_of_boxes(self) -> None:
        pass


@pytest.mark.parametrize("given_up", [CancelledError(), UnboundLocalError("result")], ids=lambda each: repr(each))
def test_a_run_that_was_given_up_is_sent_once_more(given_up):
    assert Run(Cluster(given_up, RAN), JOB).result() == RAN
    with pytest.raises(ClusterError, match="type the same command again"):
        Run(Cluster(given_up, given_up), JOB).result()
