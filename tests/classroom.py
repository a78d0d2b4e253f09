"""Who is in the class: what each learner writes into which cell, and what that is worth.

Points by rubric: a Spotify model is worth 10 for its structure and 5 for its curve, a network of one's own 5, a
Concrete model 10 and 5, each pair of questions 2. So Spotify's notebook has 26 points by machine, Concrete's 19, and
each has a question in words, 3 points by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import nbformat

from dropnorm import places
from grader.questions import SOLUTION

ASSIGNMENT = "dropout_and_batchnorm"
SPOTIFY, CONCRETE = "1_spotify_dropout", "2_concrete_batchnorm"
SOLVED = {
    cell.id: "\n".join(SOLUTION.findall(cell.source))
    for name in (SPOTIFY, CONCRETE)
    for cell in nbformat.read(places.SOLUTIONS / ASSIGNMENT / f"{name}.ipynb", as_version=4).cells
    if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code"
}
IN_WORDS = "The logged loss is taken with dropout on."


@dataclass
class Learner:
    """One learner of the class: what is written into which cell, and what that is worth."""

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    on_time: bool = True


SPOTIFY_FULL = {
    "spotify_baseline_questions": 2,
    "spotify_structure": 10,
    "spotify_curve": 5,
    "spotify_questions": 2,
    "spotify_own_model_loss": 5,
    "spotify_own_questions": 2,
}
CONCRETE_FULL = {
    "concrete_baseline_questions": 2,
    "concrete_structure": 10,
    "concrete_curve": 5,
    "concrete_questions": 2,
}
FULL = SPOTIFY_FULL | CONCRETE_FULL
NOTHING = dict.fromkeys(FULL, 0)

UNUSUAL = {
    "spotify_model": """
import sys
import warnings

from tensorflow import keras as tfk

class Net(tfk.Model):
    def __init__(self, rate):
        super().__init__()
        self.hidden = [(tfk.layers.Dense(n), tfk.layers.Dropout(rate)) for n in (128, 64)]
        self.out = tfk.layers.Dense(1)

    def call(self, x, training=None):
        for dense, dropout in self.hidden:
            x = dropout(tfk.activations.relu(dense(x)), training=training)
        return self.out(x)

warnings.warn("this goes to standard error")
print("so does this", file=sys.stderr)
model = Net(rate=3 / 10)
""",
    "spotify_own_model": """
own_model = keras.Sequential()
own_model.add(keras.Input((18,)))
for units, rate in ((160, 0.3), (96, 0.3)):
    own_model.add(layers.Dense(units, activation=keras.activations.relu))
    own_model.add(layers.Dropout(rate))
own_model.add(layers.Dense(1))
""",
    "concrete_model": """
inputs = x = keras.Input((8,))
for _ in range(3):
    x = layers.BatchNormalization()(x)
    x = layers.Dense(512)(x)
    x = layers.Activation("relu")(x)
model = keras.Model(inputs, layers.Dense(1)(layers.BatchNormalization()(x)))
""",
}
HOME_MADE = """
class Mine(layers.Layer):
    def call(self, x, training=False):
        kept = keras.ops.cast(keras.random.uniform(keras.ops.shape(x)) > 0.3, "float32")
        return x * kept if training else x

model = keras.Sequential(
    [
        keras.Input((18,)),
        layers.Dense(128, activation="relu"),
        Mine(),
        layers.Dense(64, activation="relu"),
        Mine(),
        layers.Dense(1),
    ]
)
"""
ZERO_BASED = "baseline_best_epoch = int(np.argmin(baseline_history.history['val_loss']))\nbaseline_overfits = True"
LOGGED_GAP = (
    "best_epoch = int(np.argmin(history.history['val_loss'])) + 1\n"
    "gap = history.history['val_loss'][-1] - history.history['loss'][-1]"
)

CLASS = [
    Learner("ada", SOLVED, FULL),
    Learner("ben", SOLVED | UNUSUAL, FULL),
    Learner(
        "cleo",  # partly right
        {
            "spotify_baseline_answers": ZERO_BASED,
            "spotify_model": SOLVED["spotify_model"].replace("Dropout(0.3)", "Dropout(0.7)", 1),
            "spotify_answers": LOGGED_GAP,
            "concrete_model": SOLVED["concrete_model"],
            "concrete_answers": LOGGED_GAP,
        },
        NOTHING
        | {
            "spotify_baseline_questions": 1.5,  # the epoch is counted from 0: named, and half of its point
            "spotify_structure": 9,  # one of two rates: half of the 2 points for rates
            "spotify_curve": 2,  # the loss stays high, so neither its 1.5 nor those for a gap that says nothing
            "spotify_questions": 1,  # a gap from the logged loss
            "concrete_structure": 10,
            "concrete_curve": 5,
            "concrete_questions": 1,  # the same again
        },
    ),
    Learner(
        "dan",  # late and wrong: the baseline again, a test cell that gives itself full points, a notebook missing
        {"spotify_model": "model = keras.models.clone_model(baseline)", "spotify_structure": "10.0"},
        NOTHING
        | {
            "spotify_structure": 4,  # layers, units, activations, output, compiled; nothing of the 6 for dropout
            "spotify_curve": 2,  # not the 1.5 for the closed gap, not the 1.5 for the validation loss
        },
        without=(CONCRETE,),
        on_time=False,
    ),
    Learner("eve", {}, NOTHING),  # untouched
    Learner(
        "fay",  # a human must look at a layer of her own, which was never trained; and Python raises at a broken cell
        {
            "spotify_model": HOME_MADE,
            "spotify-fit": "",
            "concrete_baseline_answers": SOLVED["concrete_baseline_answers"],
            "concrete_model": SOLVED["concrete_model"].rstrip().removesuffix(")"),
        },
        NOTHING | {"spotify_structure": 4, "concrete_baseline_questions": 2},
    ),
]
