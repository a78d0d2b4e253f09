"""What stock nbgrader makes of attacks by which a notebook gives itself points: its own step, and how it reads a score.

These run in a kernel of nbgrader's own, without a box; each changes nothing but its own process and folder.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from nbclient.exceptions import CellTimeoutError
from nbgrader.preprocessors import Execute

from .attacking import TIME, cells_of, empty_notebook, files_of, points, settings_that_name_no_folder
from .case import REPRODUCED, Case, Family
from .cases import CASES
from .grounds import Grounds

pytestmark = pytest.mark.full
FAILS = "fails: "
CLAIMED = [
    case
    for case in CASES
    if (case.family is Family.FORGE or case.stock.startswith(FAILS)) and case.stock.endswith("(reproduced)")
]


@pytest.mark.parametrize("case", CLAIMED, ids=[case.name for case in CLAIMED])
def test_it_is_as_the_table_says(tmp_path: Path, case: Case) -> None:
    grounds, notebook = Grounds(tmp_path, "0" * 32), empty_notebook()
    notebook.cells = cells_of(case, grounds)
    for name, content in files_of(case, grounds).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    step = Execute(**TIME | dict(case.settings))
    surroundings = settings_that_name_no_folder("") if case.cold else contextlib.nullcontext()
    with surroundings, contextlib.suppress(CellTimeoutError):
        step.preprocess(notebook, {"metadata": {"path": str(tmp_path)}})
    if case.tests:
        assert (points(notebook.cells) != 0) == (case.stock == REPRODUCED), notebook.cells
    else:
        assert "went on" not in str(notebook.cells[-1].outputs)
