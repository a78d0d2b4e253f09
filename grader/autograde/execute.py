"""nbgrader's step that runs a notebook: not here and now, but on a cluster, in a warm kernel, and ahead of time."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute
from traitlets import Integer

from grader.autograde.warm_kernels import WarmKernelManager

STOPPED = "Stopped: what has run is not lost; to go on, type the same command again."


class RunFailedError(Exception):
    """A notebook was not run; one sentence says why. nbgrader goes on with the next submission."""


class StopGrading(KeyboardInterrupt, SystemExit):
    """The whole command ends: as an interrupt, so that nbgrader clears up the submission, and without a traceback."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class WarmExecute(Execute):
    """nbgrader's own ``Execute``, its settings and flags included; only where and when notebooks run differs."""

    workers = Integer(
        0, min=0, help="How many cores of this machine grade; 0: as many as its memory is enough for."
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
            self.log.error("%s", STOPPED if interrupted else error)
            ahead.stop(converter)
            cluster.close()
            raise StopGrading(130 if interrupted else 1) from error

    def _from_cluster(
        self, converter: Autograde, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        from grader.autograde.ahead import ahead_of
        from grader.autograde.cluster import the_cluster
        from grader.autograde.judging import JUDGED
        from grader.autograde.pending import Place, beside, job_for, lay

        own, folder = resources["nbgrader"], Path(resources["metadata"]["path"])
        place = Place(own["assignment"], own["student"], own["notebook"], str(folder / f"{own['notebook']}.ipynb"))
        ahead = ahead_of(converter, partial(the_cluster, self.workers), place)
        ran = ahead.ran(converter, self, job_for(self, place.names, nb, beside(folder)))
        for note in ran.notes:
            self.log.warning("%s of %s", note, own["student"])
        if ran.failure is not None:
            raise RunFailedError(f"{own['notebook']} of {own['student']} has no result. {ran.failure}")
        fill_in(nb, nbformat.reads(ran.notebook, as_version=4))
        lay(dict(ran.files), folder)
        if ran.accounts is not None:
            resources[JUDGED] = ran.accounts
        return nb, resources


def fill_in(nb: NotebookNode, executed: NotebookNode) -> None:
    """Give a notebook the outputs of its executed copy."""
    for cell, done in zip(nb.cells, executed.cells, strict=True):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = done.outputs, done.execution_count
            cell.metadata = done.metadata
    nb.metadata.update(executed.metadata)
