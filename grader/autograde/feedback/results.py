"""What a page says of a test cell without a rubric, and of cells that raised an error: what stands in their outputs.

Outputs are a learner's doing: a function of theirs is what a test calls. They are shown as the learner's, never as the
course's; where tests are hidden, nothing of them is shown but at which line, of those handed out, a test cell stopped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from nbformat.notebooknode import NotebookNode

from dropnorm.language import N_, _
from grader.autograde.feedback.hidden import Marks
from grader.autograde.feedback.nouns import Reasons, Remark
from grader.autograde.feedback.words import COLOURS, sentence, visible, without_paths
from grader.autograde.scratch_execute import KERNEL_GONE, TIME_GONE

PASSED = N_("All of its tests passed.")
PARTLY = N_("It ran to its end, and gave this share of its points.")
STOPPED = N_("It stopped with an error; the tests after that were not reached.")
STOPPED_HIDDEN = N_(
    "It stopped at a test that is not shown. Which inputs are allowed that your code was not tried with?"
)
# How a run tells, by an error's name, that it ended a cell; said anew, for a learner's code may raise by such a name.
NOT_RUN = N_("This cell was not run: a cell above it ended the kernel, or took all the time that a notebook has.")
ENDED = {
    "KernelDied": N_("The kernel ended in this cell, by itself or at a limit of time, memory, processes or output."),
    "CellTimeoutError": N_(
        "This cell took more time than a cell has, and was stopped: look for a loop that never ends, or train for "
        "fewer epochs."
    ),
    KERNEL_GONE: NOT_RUN,
    TIME_GONE: NOT_RUN,
}
AN_ERROR = N_("This cell raised an error.")
# The last frame of IPython's traceback that lies in the cell: "----> 3 assert …", or "line 3" of a SyntaxError.
ARROW = re.compile(r"^-+> (\d+) ", re.MULTILINE)
FRAME = re.compile(r"^(?:Cell|Input) In ?\[\d+\], line (\d+)", re.MULTILINE)
LONGEST, LONGEST_PRINTED = 400, 20_000  # characters


def of_tests(cell: NotebookNode, full: bool, marks: Marks) -> Reasons | None:
    """What is known of an ordinary test cell; ``full`` is whether it has all of its points."""
    failed = next((each for each in cell.get("outputs", ()) if each.output_type == "error"), None)
    if failed is None:
        return Reasons(remarks=(Remark(_(PASSED if full else PARTLY)),)) if cell.get("execution_count") else None
    if failed.ename in ENDED:
        return Reasons(remarks=(Remark(_(ENDED[failed.ename])),))
    line = _line(failed)
    lines = marks.released(cell.source)
    if line is None or not 0 < line <= len(lines):
        return Reasons(remarks=(Remark(_(STOPPED)),))
    at = lines[line - 1]
    if at is None:
        return Reasons(remarks=(Remark(_(STOPPED_HIDDEN)),))
    return Reasons(remarks=(Remark(_(STOPPED)),), stopped_at=visible(at))


def printed(cell: NotebookNode) -> str:
    """What a cell printed to standard output, and what it raised."""
    outputs = cell.get("outputs", ())
    said = [str(each.text) for each in outputs if each.output_type == "stream" and each.name == "stdout"]
    return without_paths("".join(said)[:LONGEST_PRINTED]) + "\n".join(errors(cell, quiet=False))


def errors(cell: NotebookNode, quiet: bool) -> Iterator[str]:
    """The errors that a cell raised, each in a sentence: where tests are hidden, in one of ours."""
    for each in cell.get("outputs", ()):
        if each.output_type == "error" and each.ename not in (KERNEL_GONE, TIME_GONE):
            yield _(ENDED.get(each.ename, AN_ERROR)) if quiet else sentence(f"{each.ename}: {each.evalue}", LONGEST)


def _line(failed: NotebookNode) -> int | None:
    """The number of the cell's line at which it stopped."""
    told = COLOURS.sub("", "\n".join(map(str, failed.traceback[:50])))[:20_000]
    first = FRAME.search(told)
    arrow = ARROW.search(told, first.end()) if first else None
    found = arrow or first
    return int(found[1]) if found else None
