"""Four trainings on red wine with one problem each, for the reader of the second lesson to name from their curves.

They stand here, not in the lesson's cells: a learning rate that is read before the curves are gives the answer away.
"""

from __future__ import annotations

from dropnorm.split import RAW, STANDARDISED
from dropnorm.sweep.plan import Dense, Dropout, Plan, Relu

PLAIN = ((Dense(128), Relu()) * 3) + (Dense(1),)
DROPPED = ((Dense(128), Relu(), Dropout(0.3)) * 3) + (Dense(1),)

# A letter, how the inputs were prepared (of `dropnorm.split.INPUTS`), and what was trained.
RIDDLES = {
    "A": (RAW, Plan(DROPPED, batch_size=64)),
    "B": (STANDARDISED, Plan(PLAIN, batch_size=64)),
    "C": (STANDARDISED, Plan(PLAIN, batch_size=64, learning_rate=1e-5)),
    "D": (STANDARDISED, Plan(PLAIN, "sgd", batch_size=64, learning_rate=1.0)),
}
