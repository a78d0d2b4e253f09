"""nbgrader's step that runs a notebook: not here and now, but on a cluster, in a warm kernel, and ahead of time."""

from __future__ import annotations

import logging
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from traitlets import Bool, Integer

from dropnorm.language import N_, _, sentences
from grader.autograde.warm_kernels import WarmKernelManager

LANGUAGE = "language_info"  # what running a notebook writes into its metadata
STOPPED = N_("Stopped: what has run is not lost; to go on, type the same command again.")


class RunFailedError(Exception):
    """A notebook was not run; one sentence says why. nbgrader goes on with the next submission."""


class StopGrading(KeyboardInterrupt, SystemExit):
    """The whole command ends: as an interrupt, so that nbgrader clears up the submission, and without a traceback."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def interrupts_are_told() -> None:
    """From now on an interrupt ends the whole command in a sentence, wherever in it that is."""

    def stop(*__: object) -> None:
        logging.getLogger("tornado.application").setLevel(logging.CRITICAL)  # Dask may cancel what it has not begun
        print(_(STOPPED), file=sys.stderr)
        raise StopGrading(130)

    signal.signal(signal.SIGINT, stop)


class WarmExecute(Execute):
    """nbgrader's own ``Execute``, its settings and flags included; only where and when notebooks run differs."""

    workers = Integer(
        0, min=0, help="How many cores of this machine grade; 0: as many as its memory is enough for."
    ).tag(config=True)

    require_sandbox = Bool(
        False, help="Whether nothing is graded where the box around a notebook's kernel lacks a layer."
    ).tag(config=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"kernel_manager_class": WarmKernelManager} | kwargs)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, km: Any = None
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Fill in a notebook's outputs. Outside of ``autograde``, or with a kernel that is given, as stock does."""
        from grader.autograde.pending import converter_of

        converter = converter_of(self)
        if converter is None or km is not None or self.kernel_manager_class is not WarmKernelManager:
            return super().preprocess(nb, resources, km)
        from grader.autograde import ahead, cluster

        try:
            return self._from_cluster(converter, nb, resources)
        except (cluster.ClusterError, KeyboardInterrupt) as error:
            interrupted = isinstance(error, KeyboardInterrupt)
            if not isinstance(error, StopGrading):
                self.log.error("%s", _(STOPPED) if interrupted else error)
            ahead.stop(converter)
            cluster.close()
            raise StopGrading(130 if interrupted else 1) from error

    def _from_cluster(
        self, converter: Autograde, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        from grader.autograde.ahead import ahead_of
        from grader.autograde.cluster import the_cluster
        from grader.autograde.judging import JUDGED
        from grader.autograde.noting import RAN
        from grader.autograde.pending import Place, beside, job_for, lay
        from grader.autograde.scratch_execute import STOPPED

        own, folder = resources["nbgrader"], Path(resources["metadata"]["path"])
        place = Place(own["assignment"], own["student"], own["notebook"], str(folder / f"{own['notebook']}.ipynb"))
        ahead = ahead_of(converter, partial(the_cluster, self.workers, self.require_sandbox), place)
        job = job_for(self, place.names, nb, beside(folder))
        ran = ahead.ran(converter, self, job)
        for note in ran.notes:
            self.log.warning("%s: %s", own["student"], note)
        if ran.failure is not None:
            ahead.given_up(job)
            told = _("{notebook} of {student} has no result.")
            told = told.format(notebook=own["notebook"], student=own["student"])
            raise RunFailedError(sentences(told, ran.failure))
        fill_in(nb, nbformat.reads(ran.notebook, as_version=4))
        nb.metadata.pop(STOPPED, None)
        if ran.notes:
            nb.metadata[STOPPED] = list(ran.notes)
        lay(dict(ran.files), folder)
        resources[RAN] = ran.name
        if ran.accounts is not None:
            resources[JUDGED] = ran.accounts
        return nb, resources


def fill_in(nb: NotebookNode, executed: NotebookNode) -> None:
    """Give a notebook the outputs of its executed copy, or of an executed notebook with the same code."""
    from grader.autograde.notebook_run import TIMES

    own, done = ([cell for cell in each.cells if cell.cell_type == "code"] for each in (nb, executed))
    for cell, its in zip(own, done, strict=True):
        cell.outputs, cell.execution_count = its.outputs, its.execution_count
        cell.metadata.pop(TIMES, None)
        if TIMES in its.metadata:
            cell.metadata[TIMES] = its.metadata[TIMES]
    if LANGUAGE in executed.metadata:
        nb.metadata[LANGUAGE] = executed.metadata[LANGUAGE]
