"""Whether somebody sits before a page that can show widgets, and how widgets are shown there.

A notebook page (JupyterLab, Notebook 7, VS Code) names the cell in every request to run one. What runs a notebook
unattended (nbclient, nbconvert, nbgrader) does not, and gets the static picture: no widget, no thread, no widget state.

Widgets live as long as their kernel, but their notebook is read longer: on GitHub, converted by nbconvert, or
opened another day. So `show` puts a picture and words beside the widgets' address, and a hint for JupyterLab,
which would show a broken link or "model not found" and not say what to do.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from dropnorm.language import N_, _

if TYPE_CHECKING:
    import ipywidgets

NO_KERNEL = N_(
    "The controls of this cell have lost their kernel. To bring them back, run the cell with the imports, then this."
)
LIVE = "dropnorm-live"  # the outermost box's CSS class; ipywidgets adds `jupyter-widgets-disconnected` when it is dead
# A label is as wide as its words in the page's own font, whatever was reckoned for it: it would end in "…".
LABELS = f".{LIVE} label.widget-label {{ min-width: max-content }}"
# The hint's output follows the widgets' own. It is seen where those are dead: after a moment, for while a page loads
# there are none either. ipywidgets does not notice a kernel that was shut down, JupyterLab's own sign beside the
# kernel's name does. Other pages build outputs in another way and show no hint.
HINT = f"""
.dropnorm-hint {{ display: none }}
@keyframes dropnorm-hint {{ from {{ visibility: hidden; max-height: 0; margin: 0 }} }}
.jp-OutputArea-child .dropnorm-hint {{ display: block; animation: dropnorm-hint 0s 3s backwards }}
.jp-OutputArea-child:has(.{LIVE}:not(.jupyter-widgets-disconnected)) + .jp-OutputArea-child .dropnorm-hint {{
  display: none
}}
.jp-NotebookPanel:has(.jp-Notebook-ExecutionIndicator[data-status="unknown"]) .jp-OutputArea .jp-OutputArea-child
  .jp-OutputArea-output .dropnorm-hint {{ display: block }}
"""


def running_cell() -> tuple[str, str] | None:
    """The ids of the notebook cell that is running and of the request to run it; None where no page asked for it."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return None
    request = kernel.get_parent("shell")
    cell = request.get("metadata", {}).get("cellId")
    return None if cell is None else (cell, request["header"]["msg_id"])


def listens() -> bool:
    """Whether a page that can show widgets asked for the running cell."""
    return running_cell() is not None


def show(box: ipywidgets.Box, html: str, plain: str) -> None:
    """Display widgets, and beside them what stands for them where or when they cannot be shown.

    Args:
        box: the outermost box.
        html: a picture of it.
        plain: the same in words.
    """
    from IPython.display import display

    box.add_class(LIVE)
    _answer_beside_a_cell(box)
    view = box._repr_mimebundle_()
    display({**view, "text/html": html, "text/plain": plain}, raw=True)
    words = _(NO_KERNEL)
    hint = f'<style>{LABELS}{HINT}</style><p class="dropnorm-hint" role="note">{words}</p>'
    display({"text/html": hint, "text/plain": words}, raw=True)


def _answer_beside_a_cell(widget: ipywidgets.Widget) -> None:
    """Let what the page sends to these widgets be handled while a cell runs.

    JupyterLab sends it to a subshell, a thread beside the one that runs cells. ipykernel 7.4 hands it to whichever of
    the two wrote to the widget last: for one that a cell has just made that is the busy one.
    """
    comm = widget.comm
    if hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = lambda data, default: default
    for child in getattr(widget, "children", ()):
        _answer_beside_a_cell(child)
