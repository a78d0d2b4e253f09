"""A plugin of pytest: nbgrader's own tests, graded by this course's pipeline in place of nbgrader's steps.

python -m pytest -p tests.nbgraders_own --pyargs nbgrader.tests.apps.test_nbgrader_autograde
"""

from __future__ import annotations

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, SaveAutoGrades

from grader.autograde import FlagForHumans, JudgeOutside, WarmExecute

STEPS = Autograde.autograde_preprocessors.default()
STEPS[STEPS.index(Execute) : STEPS.index(Execute) + 1] = [WarmExecute, JudgeOutside]
STEPS.insert(STEPS.index(SaveAutoGrades) + 1, FlagForHumans)


def pytest_configure() -> None:
    """Every `Autograde` that is made from now on has the steps of ``nbgrader_config.py``."""
    Autograde.autograde_preprocessors.default_args = (STEPS,)
    assert Autograde().autograde_preprocessors[0] is WarmExecute
