"""Who is in the class: what each learner writes into which cell, and what that is worth.

Points by rubric: a model's structure is worth 10 and its curve 5, a network of one's own 5, each pair of questions 2,
each of four diagnoses 2 and its mending 4 and 4. So the notebooks have 26, 19, 34 and 40 points by machine, and but for
one each has a question in words, 3 points by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import nbformat

from dropnorm import places
from grader.questions import SOLUTION

SPOTIFY, CONCRETE = "1_spotify_dropout", "2_concrete_batchnorm"
PLACEMENT, DIAGNOSIS = "1_placement", "2_diagnosis"
FIRST, SECOND = "dropout_and_batchnorm", "placement_and_diagnosis"
UNITS = {FIRST: (SPOTIFY, CONCRETE), SECOND: (PLACEMENT, DIAGNOSIS)}
IN_WORDS = "The logged loss is taken with dropout on."

# What the solutions write into each answer cell, and how many points each notebook's test cells have.
SOLVED: dict[str, str] = {}
MAXIMA: dict[str, dict[str, float]] = {}
for unit, notebooks in UNITS.items():
    for notebook in notebooks:
        cells = nbformat.read(places.SOLUTIONS / unit / f"{notebook}.ipynb", as_version=4).cells
        roles = [(cell, cell.metadata["nbgrader"]) for cell in cells if "nbgrader" in cell.metadata]
        code = [(cell, role) for cell, role in roles if cell.cell_type == "code"]
        SOLVED |= {cell.id: "\n".join(SOLUTION.findall(cell.source)) for cell, role in code if role["solution"]}
        MAXIMA[notebook] = {cell.id: float(role["points"]) for cell, role in code if role["grade"]}


@dataclass
class Learner:
    """One learner of the class: what is written into which cell of which notebooks, and what that is worth.

    ``points`` names the test cells that give any.
    """

    name: str
    cells: dict[str, str] = field(default_factory=dict)
    points: dict[str, float] = field(default_factory=dict)
    notebooks: tuple[str, ...] = (SPOTIFY, CONCRETE, PLACEMENT, DIAGNOSIS)
    on_time: bool = True

    def hands_in(self, unit: str) -> bool:
        """Whether there is a submission at all."""
        return bool(set(self.notebooks) & set(UNITS[unit]))

    def points_in(self, unit: str) -> dict[str, float]:
        """The points of every test cell of a unit, those of a missing notebook as well."""
        tests = [test for notebook in UNITS[unit] for test in MAXIMA[notebook]]
        return {test: self.points.get(test, 0.0) for test in tests}


def full(*notebooks: str) -> dict[str, float]:
    """Every point of these notebooks."""
    return {test: points for notebook in notebooks for test, points in MAXIMA[notebook].items()}


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
    "placement_model": """
class Block(layers.Layer):
    def __init__(self, units):
        super().__init__()
        self.dense, self.norm = layers.Dense(units, use_bias=False), layers.BatchNormalization()

    def call(self, x, training=None):
        return keras.ops.relu(self.norm(self.dense(x), training=training))

model = keras.Sequential([keras.Input((8,)), Block(512), Block(512), Block(512), layers.Dense(1)])
""",
    "vehicles_model": """
x = inputs = keras.Input((PIXELS,))
for rate, units in ((0.3, 16), (0.5, 32), (1 / 2, 64)):
    x = layers.ReLU()(layers.Dense(units)(layers.Dropout(rate)(x)))
vehicles_model = keras.Model(inputs, keras.ops.softmax(layers.Dense(3)(layers.Dropout(0.5)(x))))
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
BOTH_LAYERS = """
model = keras.Sequential([keras.Input((18,))])
for units in (128, 64):
    model.add(layers.Dense(units))
    model.add(layers.BatchNormalization())
    model.add(layers.Activation("relu"))
    model.add(layers.Dropout(0.3))
model.add(layers.Dense(1))
model.compile(optimizer="adam", loss="mae")
fit_settings = {"epochs": 40, "batch_size": 128}
"""

CLASS = [
    Learner("ada", SOLVED, full(SPOTIFY, CONCRETE, PLACEMENT, DIAGNOSIS)),
    Learner("ben", SOLVED | UNUSUAL, full(SPOTIFY, CONCRETE, PLACEMENT), notebooks=(SPOTIFY, CONCRETE, PLACEMENT)),
    Learner(
        "cleo",  # partly right
        {
            "spotify_baseline_answers": ZERO_BASED,
            "spotify_model": SOLVED["spotify_model"].replace("Dropout(0.3)", "Dropout(0.7)", 1),
            "spotify_answers": LOGGED_GAP,
            "concrete_model": SOLVED["concrete_model"],
            "concrete_answers": LOGGED_GAP,
            "diagnosis_1": SOLVED["diagnosis_1"],
            "mended_1": BOTH_LAYERS,
            "diagnosis_2": SOLVED["diagnosis_1"],
        },
        {
            "spotify_baseline_questions": 1.5,  # the epoch is counted from 0: named, and half of its point
            "spotify_structure": 9,  # one of two rates: half of the 2 points for rates
            "spotify_curve": 2,  # the loss stays high, so neither its 1.5 nor those for a gap that says nothing
            "spotify_questions": 1,  # a gap from the logged loss
            "concrete_structure": 10,
            "concrete_curve": 5,
            "concrete_questions": 1,  # the same again
            "diagnosis_1_questions": 2,
            "mended_1_structure": 2.5,  # two changes where one is enough
            "mended_1_curve": 4,
            "diagnosis_2_questions": 0,  # another training's problem
        },
        notebooks=(SPOTIFY, CONCRETE, DIAGNOSIS),
    ),
    Learner(
        "dan",  # late and wrong: the baseline again, a test cell that gives itself full points, notebooks missing
        {"spotify_model": "model = keras.models.clone_model(baseline)", "spotify_structure": "10.0"},
        {
            "spotify_structure": 4,  # layers, units, activations, output, compiled; nothing of the 6 for dropout
            "spotify_curve": 2,  # not the 1.5 for the closed gap, not the 1.5 for the validation loss
        },
        notebooks=(SPOTIFY,),
        on_time=False,
    ),
    Learner("eve"),  # untouched
    Learner(
        "fay",  # a human must look at a layer of her own, which was never trained; and Python raises at a broken cell
        {
            "spotify_model": HOME_MADE,
            "spotify-fit": "",
            "concrete_baseline_answers": SOLVED["concrete_baseline_answers"],
            "concrete_model": SOLVED["concrete_model"].rstrip().removesuffix(")"),
        },
        {"spotify_structure": 4, "concrete_baseline_questions": 2},
        notebooks=(SPOTIFY, CONCRETE),
    ),
]
