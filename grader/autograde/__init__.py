"""What is added to nbgrader's own grading; nothing else in the project knows nbgrader's Python interface."""

from grader.autograde.execute import WarmExecute
from grader.autograde.flags import FlagForHumans
from grader.autograde.judging import JudgeOutside

__all__ = ["FlagForHumans", "JudgeOutside", "WarmExecute"]
