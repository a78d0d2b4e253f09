"""Four trainings gone wrong: each is diagnosed from its curves, then mended by the smallest change.

The curves to be diagnosed are committed and the same for everybody; what was mended is trained anew from three seeds,
on the data in use.
"""

from __future__ import annotations

from dropnorm.symptoms import Problem
from grader import changes
from grader.criteria import diagnosis, left, mended
from grader.criteria.begun import answers_begun
from grader.exercises.gone_wrong import TRAININGS
from grader.exercises.noun import Exercise, rubrics
from grader.fit_settings import SETTINGS
from grader.rubric import Rubric

PROBLEMS = {1: Problem.OVERFITS, 2: Problem.DISAGREE, 3: Problem.TOO_SLOW, 4: Problem.UNSTABLE}
CURVES = "curves"  # what the notebook calls the committed curves of the training in question
# Limits that the notebook names, and what they tell apart: data/diagnosis/mends-….csv, tests/test_mends.py.
GAP, TRACKS = 0.05, 0.215  # popularity / 100
APART, WINE = 0.15, 0.7  # of the logged training loss; marks of quality
SLOW_END, SOON, SCALED = 26.0, 16, 6.5  # MPa, where the slow training ends; epochs; MPa
RAW = 10.0  # MPa: a network has learned something, as in the exercise on concrete

# What is left of the problem, by a function of the curves, and how low the validation loss shall get: at its lowest, or
# (True) as the mean over the last tenth of the epochs.
OUTCOMES = {
    1: (left.no_gap(GAP), TRACKS, True),
    2: (left.agrees(APART), WINE, False),
    3: (left.quick(SLOW_END, SOON), SCALED, False),
    4: (left.steady, RAW, False),
}

Hints = tuple[str, str, str]


def _diagnosis(number: int, hints: Hints) -> Exercise:
    training, right = TRAININGS[number], PROBLEMS[number]
    answers = ("problem", "evidence")
    sheet = Rubric(
        f"diagnosis_{number}_questions",
        (diagnosis.problem(number, right), diagnosis.evidence(number, right)),
        answers_begun(CURVES, *answers),
        answers,
        CURVES,
    )
    return Exercise(
        name=f"diagnosis_{number}",
        data_set=training.data_set,
        prepare=training.prepare,
        model_name="problem",  # no model is asked for: these are the names that the answers have
        history_name="evidence",
        other_models=("model",),
        reference=training.spec,
        rubrics=rubrics(sheet),
        check=(sheet.name,),
        hints=hints,
    )


def _mended(number: int, acting: tuple[str, ...], hints: Hints) -> Exercise:
    training, answers = TRAININGS[number], ("model", SETTINGS)
    change = (mended.compiled(0.5), mended.settings(0.5), mended.change(3, *acting))
    told, limit, at_end = OUTCOMES[number]
    outcome = (mended.gone(2, told), mended.reached(2, limit, told, at_end=at_end))
    sheets = (
        Rubric(f"mended_{number}_structure", change, mended.begun, answers),
        Rubric(f"mended_{number}_curve", outcome, mended.trainable, answers),
    )
    return Exercise(
        name=f"mended_{number}",
        data_set=training.data_set,
        prepare=training.prepare,
        model_name="model",
        history_name="history",
        other_models=(),
        reference=training.spec,
        rubrics=rubrics(*sheets),
        check=tuple(sheet.name for sheet in sheets),
        hints=hints,
    )


DECLARED = (
    _diagnosis(
        1,
        hints=(
            "Begin at the end of the curves: which of the three lie together, and which lies apart?",
            "The two training losses agree. The third is taken on other rows, in the same way. Has it been lower?",
            "Look for the line of the table that is about rows which the network has seen and rows which it has not. "
            "Its number is taken from two curves in their last epoch.",
        ),
    ),
    _mended(
        1,
        (changes.DROPPED, changes.EPOCHS, changes.WIDTHS, changes.PENALTY),
        hints=(
            "The network does better and better on tracks that it has seen, and no better on others. It could be held "
            "back, or be stopped in time.",
            "There are several single changes that do: one adds layers that work in training only, one takes something "
            "away from the network, one changes a number in `fit_settings`.",
            "The first notebook of this course mended a network like this one. What stood after each hidden layer?",
        ),
    ),
    _diagnosis(
        2,
        hints=(
            "The validation loss lies far above the logged training loss. Before you name it, look at the third curve.",
            "Two of the three curves lie together although they are taken on different rows; two lie apart although "
            "they are taken on the same rows.",
            "What differs between these two is whether dropout is on. Look for the line of the table that compares "
            "them, and take the one from the other in the last epoch.",
        ),
    ),
    _mended(
        2,
        (changes.NORMALIZED, changes.DROPPED),
        hints=(
            "With dropout on, the network predicts something else on average than with dropout off. That comes of the "
            "inputs: some columns are a hundred times others.",
            "Either the inputs come in on one scale, or nothing is done to the values in training that is not done "
            "later. Both are one change.",
            "For the first way, one layer in front of all others is enough; the lesson on batch normalization has it. "
            "For the second, look for what to leave out.",
        ),
    ),
    _diagnosis(
        3,
        hints=(
            "All three curves run together, so nothing is wrong between them. What do they do at the end?",
            "Draw a line on from the end of the curves. Where would it be after as many epochs again?",
            "Look for the line of the table that is about the end of a training. Its number is taken from one curve: "
            "where it was some epochs before the end, and where it ends.",
        ),
    ),
    _mended(
        3,
        (changes.RATE,),
        hints=(
            "The inputs are scaled and the network can learn; it only goes in very small steps.",
            "More epochs would be more of the same steps. Which number says how far one of them goes?",
            "It is an argument of the optimizer, and the one in use is far below what Keras takes where nobody says. "
            "`help(keras.optimizers.Adam)` shows that value.",
        ),
    ),
    _diagnosis(
        4,
        hints=(
            "The picture hides most of it: look at the rows of `curves` as numbers, from the first one on.",
            "What happens in the second half of this training comes from what happened in its beginning.",
            "Compare the largest logged loss with any of the later ones. Which line of the table is about such values?",
        ),
    ),
    _mended(
        4,
        (changes.NORMALIZED, changes.OPTIMIZER, changes.RATE),
        hints=(
            "The gradient of a weight grows with the input that it multiplies, and these inputs run into the hundreds.",
            "Either the inputs come in on one scale, or the steps do not grow with the gradients. Both are one change.",
            "For the first way, one layer in front of all others is enough. For the second, look at what the trainings "
            "before this one had in `compile`.",
        ),
    ),
)
