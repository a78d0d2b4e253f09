"""What judges: facts about a model, the rubric, named misconceptions, and the questions that learners check.

>>> from grader import question
>>> q = question("spotify_model")

Importing this package loads no TensorFlow; a judgement does, when a model is looked at.
"""

from grader.questions import Question, question

__all__ = ["Question", "question"]
