"""nbgrader's settings for this course; the stock commands read them when they run in the clone's folder.

Sources are in ``solutions/``, what learners get is in ``exercises/``. The exchange, through which assignments,
submissions and feedback go, is the git-ignored folder ``exchange/`` unless ``DROPNORM_EXCHANGE`` names another one
(or ``--Exchange.root=DIR`` on the command line): where learners have accounts on one machine, a folder that all may
write to.
"""

import contextlib
import os
from pathlib import Path

from nbgrader.converters import Autograde
from nbgrader.preprocessors import Execute, SaveAutoGrades

from grader.autograde import FlagForHumans, JudgeOutside, WarmExecute
from grader.autograde.journal import Journal

ROOT = Path(__file__).resolve().parent
EXCHANGE = Path(os.environ.get("DROPNORM_EXCHANGE") or ROOT / "exchange")

with contextlib.suppress(OSError):  # nbgrader says itself where it may not write
    EXCHANGE.mkdir(parents=True, exist_ok=True)

c = get_config()  # noqa: F821 (nbgrader's loader defines it)

c.CourseDirectory.root = str(ROOT)
c.CourseDirectory.course_id = "dropnorm"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", ".DS_Store", "Thumbs.db"]

c.Exchange.root = str(EXCHANGE)
c.Exchange.assignment_dir = str(ROOT / "my-course" / "exercises")  # where learners work: the clone stays clean

# `exercises/` is in the repository, newer than its sources or not; the gradebook learns of it only when it is made.
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "# YOUR CODE HERE"}  # raises nothing: an untouched notebook runs to its end

# nbgrader's own steps, but that notebooks run several at once in warm kernels, that what a rubric says is reached
# outside of them, and that what it leaves to a human is flagged for one.
steps = Autograde.autograde_preprocessors.default()
steps[steps.index(Execute) : steps.index(Execute) + 1] = [WarmExecute, JudgeOutside]
steps.insert(steps.index(SaveAutoGrades) + 1, FlagForHumans)
c.Autograde.autograde_preprocessors = steps

Journal(ROOT).clear()  # of a command that was killed: stock would take what it left half written for graded

c.Execute.timeout = 600  # seconds a cell; a training takes some ten, a busy machine needs several times that
