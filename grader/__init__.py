"""What judges: facts about a model, the rubric, named misconceptions, and the questions that learners check.

Importing this package loads no TensorFlow; a judgement does, when a model is looked at.
"""
