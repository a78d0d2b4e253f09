"""The runs of one `autograde` command: those that stock asks for, and ahead of it those that it will ask for."""

from __future__ import annotations

import logging
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute

from grader.autograde.cluster import Cluster
from grader.autograde.journal import Journal, Lock
from grader.autograde.ledger import Ledger, ledger_of, told_head
from grader.autograde.notebook_run import Job, Ran
from grader.autograde.pending import Place, foreseen, places, written_to
from grader.autograde.progress import Progress
from grader.autograde.sent import Run
from grader.autograde.shared_runs import SharedRuns

Names = tuple[str, str, str]  # of an assignment, a student and a notebook
AT_MOST = 500  # runs that are under way, or wait on disk for stock


class Ahead:
    """What is sent ahead of one converter's notebooks.

    Args:
        converter: stock's; it goes through the notebooks.
        cluster: gives the cluster that runs them, which is asked for only where something is to be run.
        now: the notebook that stock asks for first.
    """

    def __init__(self, converter: Autograde, cluster: Callable[[], Cluster], now: Place) -> None:
        self._asked_for = cluster
        self._used: Cluster | None = None
        self._journal = Journal(Path(converter.coursedir.root))
        lock = self._journal.lock(converter.log)
        self._places = deque(places(converter, now))  # all at once: a generator would keep the converter for ever
        self._under_way: dict[Names, Run | Job] = {}  # a job: its run waits on disk
        self._waiting: dict[Names, Job] = {}  # for the run of a classmate's notebook with the same code
        self._shared = SharedRuns()
        self._unshared: set[str] = set()  # digests of code whose run came to nothing that could be shared
        self._submissions = {Path(place.path).parent: place.submission for place in self._places}
        self._again = converter.force
        self._unwritten: list[Job] = []
        self._outdated: list[Job] = []  # of a forced command: what is kept of them goes when it ends
        self._unfinished = {place.submission: written_to(converter, place) for place in (*self._places, now)}
        self._since = self._unfinished[now.submission].stat().st_mtime  # stock has begun with this one
        self._progress = Progress(len(self._unfinished), converter.log)
        self._note_unfinished()
        ledger = ledger_of(Path(converter.coursedir.root).resolve())
        self.end = weakref.finalize(self, _end, self._journal, self._progress, lock, ledger, converter.log)
        converter.post_convert_hook = _Afterwards(weakref.ref(self), converter.post_convert_hook)

    def ran(self, converter: Autograde, execute: Execute, wanted: Job) -> Ran:
        """What running a notebook has brought; meanwhile others are sent."""
        began = time.monotonic()
        ran, shared = self._brought(converter, execute, wanted)
        self._unwritten.append(wanted)
        self._progress.trained(ran.trainings)
        self._journal.note(
            assignment=wanted.assignment,
            student=wanted.student,
            notebook=wanted.notebook,
            waited=round(time.monotonic() - began, 3),
            shared=shared,
            seconds={} if shared else {part: round(each, 3) for part, each in ran.seconds.items()},
            trainings=len(ran.trainings),
        )
        return ran

    def written(self, notebooks: Iterable[str] = ()) -> None:
        """Stock has written a submission; maybe one of which no notebook was run, because all were refused."""
        for path in notebooks:
            self._unfinished.pop(self._submissions.get(Path(path).parent), None)
        for job in self._unwritten:
            if self._again:  # who is killed and grades all again goes on where it stood: they are dropped at the end
                self._outdated.append(job)
            else:
                self._journal.drop(job)
        self._progress.submission()
        self._ended(self._unwritten)

    def given_up(self, job: Job) -> None:
        """Stock has given up a submission. Its runs stay, should what was in the way be mended."""
        jobs = [*self._unwritten, job]
        if self._again:  # then all is run anew, also the next time
            self._outdated += jobs
        self._ended(jobs)

    def finished(self) -> None:
        """Stock has come to its end: what is still unfinished it gave up before it asked for a notebook of it."""
        if not self.end.alive:
            return
        if self._again:
            self._outdated += [job for job in self._under_way.values() if isinstance(job, Job)]
        self._unfinished.clear()
        self._ended(())

    def _ended(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            self._unfinished.pop(_submission(job), None)
        self._unwritten.clear()
        self._note_unfinished()
        if not self._unfinished:
            for job in self._outdated:
                self._journal.drop(job)
            self.end()

    def _brought(self, converter: Autograde, execute: Execute, wanted: Job) -> tuple[Ran, bool]:
        """What a notebook's run has brought, and whether it was a classmate's."""
        if self._unwritten and _submission(self._unwritten[-1]) != _submission(wanted):
            self.given_up(self._unwritten[-1])
        names = wanted.assignment, wanted.student, wanted.notebook
        self._waiting.pop(names, None)
        run = self._under_way.pop(names, None)
        if isinstance(run, Run) and run.job.digest != wanted.digest:
            run.forget()
            run = None
        if not isinstance(run, Run):
            if self._used is not None:  # much may be shared, one after the other: the workers go on meanwhile
                self._send(converter, execute)
            if kept := self._journal.load(wanted):
                self._shared.keep(wanted.code_digest, kept)
                return kept, False
            if shared := self._shared.find(wanted.code_digest):
                self._journal.keep(wanted, shared)
                return shared, True
            run = Run(self._cluster(), wanted)
        ran = run.result(lambda: self._send(converter, execute, wanted.code_digest))
        self._keep(wanted, ran)
        return ran, False

    def _keep(self, job: Job, ran: Ran) -> None:
        if sound(ran):
            self._journal.keep(job, ran)
            self._shared.keep(job.code_digest, ran)
        else:
            self._unshared.add(job.code_digest)

    def _send(self, converter: Autograde, execute: Execute, waited_for: str = "") -> None:
        """Put away what has ended, and send as much as there is room for.

        Args:
            converter, execute: stock's.
            waited_for: the digest of the code whose run stock waits for, beside those that were sent ahead.
        """
        running: list[str] = []  # digests of the code of what was sent ahead and has not ended
        for names, run in self._under_way.items():
            if isinstance(run, Run):
                ran = run.at_hand()
                if ran is not None and sound(ran):
                    self._keep(run.job, ran)
                    self._under_way[names] = run.job
                elif run.done:
                    self._unshared.add(run.job.code_digest)
                else:
                    running.append(run.job.code_digest)
        cluster = self._cluster()

        def send(names: Names, job: Job) -> None:
            self._under_way[names] = Run(cluster, job)
            running.append(job.code_digest)

        def waits(job: Job) -> bool:
            code = job.code_digest
            return code not in self._unshared and (code in self._shared or code in (waited_for, *running))

        for names, job in list(self._waiting.items()):
            if not waits(job) and len(running) < cluster.room:
                send(names, self._waiting.pop(names))
        while self._places and len(running) < cluster.room and len(self._under_way) + len(self._waiting) < AT_MOST:
            place = self._places.popleft()
            if job := foreseen(converter, execute, place):
                if self._journal.holds(job):
                    self._under_way[place.names] = job
                elif waits(job):
                    self._waiting[place.names] = job
                else:
                    send(place.names, job)

    def _cluster(self) -> Cluster:
        """The cluster that runs them: one and the same, as a new one would know nothing of what is under way."""
        if self._used is None:
            self._used = self._asked_for()
        self._used.check()
        return self._used

    def _note_unfinished(self) -> None:
        self._journal.unfinished(self._unfinished.values(), self._since)


def _submission(job: Job) -> tuple[str, str]:
    return job.assignment, job.student


def sound(ran: Ran) -> bool:
    """Whether a run is worth keeping: none that ended otherwise than by itself, which may be no doing of its own."""
    return ran.failure is None and not ran.notes


@dataclass(frozen=True)
class _Afterwards:
    """nbgrader's hook after each submission: the course's own, and ours."""

    ahead: weakref.ref[Ahead]
    own: Callable[..., None] | None

    def __call__(self, **told: Any) -> None:
        if self.own is not None:
            self.own(**told)
        if (ahead := self.ahead()) is not None:
            ahead.written(told.get("notebooks", ()))


def _end(journal: Journal, progress: Progress, lock: Lock, ledger: Ledger, log: logging.Logger) -> None:
    """The command ends, as it may: what stock has not written it has removed, and has said so."""
    progress.end()
    if told := told_head(ledger):
        log.info("%s", told)
    journal.unfinished([])
    lock.release()


_ahead: WeakKeyDictionary[Autograde, Ahead] = WeakKeyDictionary()


def ahead_of(converter: Autograde, cluster: Callable[[], Cluster], now: Place) -> Ahead:
    """What is sent ahead of a converter; it begins with the first notebook that is asked for."""
    found = _ahead.get(converter)
    if found is None or not found.end.alive:
        found = _ahead[converter] = Ahead(converter, cluster, now)
    return found


def given_up(converter: Autograde, job: Job) -> None:
    """Stock will give up the submission of this notebook."""
    if converter in _ahead:
        _ahead[converter].given_up(job)


def finished(converter: Autograde) -> None:
    """The command has come to its end by itself."""
    if converter in _ahead:
        _ahead[converter].finished()


def stop(converter: Autograde) -> None:
    """The command ends before its time: let other commands in."""
    if converter in _ahead:
        _ahead[converter].end()
