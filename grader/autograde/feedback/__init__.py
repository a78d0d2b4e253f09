"""The pages that learners get: what was judged, why, and what to do next; and nothing that is not theirs to see.

A page is made of what it needs, by name: points and comments from the gradebook, verdicts from the records, answers as
they were handed in. Nothing else of a graded notebook gets there: no output that a learner's code could have put
something into, no metadata, no cell that is not an answer.
"""
