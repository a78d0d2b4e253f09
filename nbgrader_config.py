"""nbgrader's settings for this course; the stock commands read them when they run in the clone's folder.

Sources are in ``solutions/``, what learners get is in ``exercises/``. The exchange, through which assignments,
submissions and feedback go, is the git-ignored folder ``exchange/`` unless ``DROPNORM_EXCHANGE`` names another one
(or ``--Exchange.root=DIR`` on the command line): where learners have accounts on one machine, a folder that all may
write to.
"""

import contextlib
import logging
import os
import sys
from pathlib import Path

from grader.autograde.converter import careful_from_now_on
from grader.autograde.courses import speak_in_commands
from grader.autograde.exchanged import CollectHomework, ReleaseHomework, ReleaseHomeworkFeedback
from grader.autograde.execute import interrupts_are_told
from grader.autograde.export import ExportHomework
from grader.autograde.feedback.step import FeedbackPage, WriteFeedback
from grader.autograde.gradebooks import know_gradebooks, wait_for_the_gradebook
from grader.autograde.journal import Journal
from grader.autograde.siblings import one_homework_from_now_on
from grader.autograde.steps import grading_steps
from grader.autograde.stubs import generating_steps

ROOT = Path(__file__).resolve().parent
EXCHANGE = Path(os.environ.get("DROPNORM_EXCHANGE") or ROOT / "exchange")

with contextlib.suppress(OSError):  # nbgrader says itself where it may not write
    EXCHANGE.mkdir(parents=True, exist_ok=True)

speak_in_commands()

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
c.GenerateAssignment.preprocessors = generating_steps()

careful_from_now_on()
c.Autograde.autograde_preprocessors = grading_steps()
know_gradebooks()
wait_for_the_gradebook()  # while another program writes it: formgrader beside a command, a backup

journal = Journal(ROOT)
if "autograde" in sys.argv[1:2]:  # the command, and not formgrader's server, which locks for as long as it grades
    interrupts_are_told()
    journal.alone(logging.getLogger("grader"))
else:
    journal.clear()  # of a command that was killed: stock would take what it left half written for graded
c.Autograde.pre_convert_hook, c.Autograde.post_convert_hook = journal.begins, journal.ends

c.GenerateFeedback.preprocessors, c.GenerateFeedback.exporter_class = [WriteFeedback], FeedbackPage

# A homework in two languages, `X` and `X_zh`, is one: each command on `X` is on both, and the better submission counts.
one_homework_from_now_on()
c.ExchangeFactory.release_assignment, c.ExchangeFactory.collect = ReleaseHomework, CollectHomework
c.ExchangeFactory.release_feedback = ReleaseHomeworkFeedback
c.ExportApp.plugin_class = ExportHomework

c.HTMLExporter.sanitize_html = True  # in formgrader, scripts of a submission would run as you
# So figures are shown there by their words and tables as plain text: of their HTML the page would print the tags.
c.WidgetsDataTypeFilter.display_data_priority = ["image/png", "image/jpeg", "text/plain"]

c.Execute.timeout = 300  # seconds a cell, and three times that a notebook; a training in a kernel takes some ten
