"""Run a command in a box: for kernels that are not forked.

python -P -m grader.autograde.box '{"box": …, "scratch": "…", "folder": "…"}' COMMAND…
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from grader.autograde.box.keeper import run_boxed
from grader.autograde.box.layers import Box, lacking
from grader.channel import VARIABLE


def main(told: str, *command: str) -> NoReturn:
    """Close the box around this process, and be the command."""
    boxed = json.loads(told)
    number = os.environ.get(VARIABLE, "")
    kept = [int(number)] if number.isdigit() else []
    os.chdir(boxed["folder"])
    box = Box.from_dict(boxed["box"]).without(lacking())
    run_boxed(box, Path(boxed["scratch"]), kept, partial(become, command))


def become(command: Sequence[str]) -> NoReturn:
    """Be the command. A kernel ends when its parent is another than it was told, which is known here only."""
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    os.execv(command[0], list(command))


if __name__ == "__main__":
    main(*sys.argv[1:])
