"""What is added to nbgrader's own grading; nothing else in the project knows nbgrader's Python interface."""

from grader.autograde.execute import WarmExecute
from grader.autograde.flags import FlagForHumans

__all__ = ["FlagForHumans", "WarmExecute"]
