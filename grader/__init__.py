"""What judges: facts about a model, the rubric, named misconceptions, and the questions that learners check.

>>> from grader import question
>>> q = question("spotify_model")

Importing this package loads no TensorFlow; a judgement does, when a model is looked at. In a notebook the import also
begins to watch for errors of the learner's cells.
"""

import os

from grader.attempts import watch_this_notebook
from grader.channel import VARIABLE
from grader.questions import Question, question

__all__ = ["Question", "question"]

if VARIABLE in os.environ:  # a kernel that grades
    from dropnorm import quiet

    quiet.start()
    from grader.answered_fits import begin

    begin()
watch_this_notebook()  # now: the first answers' cells come before the first question, and nbgrader runs each cell once
