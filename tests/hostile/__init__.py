"""Attacks on grading: what a learner with a week of time would try, and what stops each of them.

`case` says what an attack is; a module for each family holds the attacks; `grounds` is what they are after: canaries
and listeners of its own, in a folder that is gone afterwards; `defences` takes away what stops them; `attacking` runs
them and sees, from the trusted side, who has won. Every attack is run twice: it must fail, and it must succeed where
its defence is removed. ``python -m tests.hostile`` writes the table in ``docs/attacks.md``.
"""
