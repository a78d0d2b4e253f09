"""Runs that stand for several notebooks, in bounded memory."""

from __future__ import annotations

import pickle

from grader.autograde.notebook_run import Ran
from grader.autograde.shared_runs import SharedRuns


def test_a_run_is_found_by_its_code_as_a_copy_and_the_oldest_make_room():
    one = Ran("{}", accounts=[{"rubric": "r"}])
    size = len(pickle.dumps(one))
    shared = SharedRuns(limit=2 * size + size // 2)
    shared.keep("a", one)
    found = shared.find("a")
    found.accounts[0]["rubric"] = "changed by who took it"
    assert shared.find("a") == one and shared.find("b") is None
    shared.keep("b", one)
    shared.keep("a", one)  # once more is no second room
    shared.keep("c", one)
    assert [digest in shared for digest in "abc"] == [True, False, True]
    shared.keep("large", Ran("x" * 4 * size))
    assert "large" not in shared
