"""nbgrader's step that runs a notebook, in a kernel that is forked from a warm process."""

from __future__ import annotations

from typing import Any

from nbgrader.preprocessors import Execute

from grader.autograde.warm_kernels import WarmKernelManager


class WarmExecute(Execute):
    """nbgrader's own ``Execute``, its settings and flags included; only where its kernels come from differs."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"kernel_manager_class": WarmKernelManager} | kwargs)
