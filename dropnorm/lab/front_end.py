"""Whether somebody sits before a page that can show widgets.

A notebook page (JupyterLab, Notebook 7, VS Code) names the cell in every request to run one. What runs a notebook
unattended (nbclient, nbconvert, nbgrader) does not, and gets the static picture: no widget, no thread, no widget state.
"""

from __future__ import annotations

import sys


def cell_id() -> str | None:
    """The id of the notebook cell that is running, or None where no page asked for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    return kernel.get_parent("shell").get("metadata", {}).get("cellId")


def listens() -> bool:
    """Whether a page that can show widgets asked for the running cell."""
    return cell_id() is not None
