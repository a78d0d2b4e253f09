"""What is added to nbgrader's own grading; nothing else in the project knows nbgrader's Python interface.

Nothing is imported here: the processes that train, and those that kernels are forked from, do without nbgrader.
"""
