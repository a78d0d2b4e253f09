"""A plugin of pytest: nbgrader's own tests, graded by this course's pipeline in place of nbgrader's steps.

python -m pytest -p tests.nbgraders_own --pyargs nbgrader.tests.apps.test_nbgrader_autograde
"""

from __future__ import annotations

from nbgrader.apps import autogradeapp
from nbgrader.converters import Autograde, GenerateFeedback

from grader.autograde.converter import CarefulAutograde, careful_from_now_on
from grader.autograde.execute import WarmExecute
from grader.autograde.feedback.step import FeedbackPage, WriteFeedback
from grader.autograde.siblings import AutogradeHomework, HomeworkFeedback, one_homework_from_now_on
from grader.autograde.steps import grading_steps


def pytest_configure() -> None:
    """Every converter that is made from now on has the steps of ``nbgrader_config.py``."""
    Autograde.autograde_preprocessors.default_args = (grading_steps(),)
    GenerateFeedback.preprocessors.default_args = ([WriteFeedback],)
    for converter in (GenerateFeedback, HomeworkFeedback):  # a class that exists already does not inherit a new default
        converter._exporter_class_default = lambda self: FeedbackPage
        assert (converter().preprocessors, converter().exporter_class) == ([WriteFeedback], FeedbackPage)
    careful_from_now_on()
    one_homework_from_now_on()
    assert autogradeapp.Autograde is AutogradeHomework and issubclass(AutogradeHomework, CarefulAutograde)
    assert CarefulAutograde().autograde_preprocessors[0] is WarmExecute
