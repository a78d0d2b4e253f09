"""What judges: facts about a model, the rubric, named misconceptions, and the questions that learners check.

>>> from grader import question
>>> q = question("spotify_model")

Importing this package loads no TensorFlow; a judgement does, when a model is looked at. In a notebook the import also
begins to watch for errors of the learner's cells.
"""

from grader.attempts import watch_this_notebook
from grader.questions import Question, question

__all__ = ["Question", "question"]

watch_this_notebook()  # now: the first answers' cells come before the first question, and nbgrader runs each cell once
