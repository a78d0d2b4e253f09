"""Spotify: dropout closes the gap of a network that overfits; then a network of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grader.criteria import answers, compiled, curves, dropout, structure, training
from grader.criteria.begun import model_begun
from grader.exercises.noun import Exercise, questions, rubrics
from grader.facts import CompileFacts
from grader.operations import dense, hidden
from grader.prepared import Data
from grader.rubric import Rubric
from grader.spec import FitSettings, ModelSpec

if TYPE_CHECKING:
    import pandas as pd

NUMERIC = [
    "danceability",
    "energy",
    "key",
    "loudness",
    "mode",
    "speechiness",
    "acousticness",
    "instrumentalness",
    "liveness",
    "valence",
    "tempo",
    "duration_ms",
]


def prepare(tracks: pd.DataFrame) -> Data:
    """The split by artist, numeric columns standardised by the training part, the genre one-hot: 18 inputs."""
    from sklearn.compose import make_column_transformer
    from sklearn.model_selection import GroupShuffleSplit
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    groups = GroupShuffleSplit(n_splits=1, train_size=0.75, random_state=0)
    train_rows, valid_rows = next(groups.split(tracks, groups=tracks["track_artist"]))
    train, valid = tracks.iloc[train_rows], tracks.iloc[valid_rows]
    columns = make_column_transformer(
        (StandardScaler(), NUMERIC), (OneHotEncoder(sparse_output=False), ["playlist_genre"])
    )
    X_train, X_valid = columns.fit_transform(train).astype("float32"), columns.transform(valid).astype("float32")
    y_train, y_valid = ((part["track_popularity"] / 100).to_numpy("float32") for part in (train, valid))
    names = tuple(name.partition("__")[2] for name in columns.get_feature_names_out())
    return Data(X_train, y_train, X_valid, y_valid, names, grouped_by="track_artist", standardised=True)


REFERENCE = ModelSpec(
    inputs=18,
    operations=(*hidden(128, 0.3), *hidden(64, 0.3), dense(1)),
    compile=CompileFacts("adam", 0.001, "mean_absolute_error"),
    fit=FitSettings(epochs=50, batch_size=512),
)

MODEL = Exercise(
    name="spotify_model",
    data_set="spotify",
    prepare=prepare,
    model_name="model",
    history_name="history",
    other_models=("baseline", "own_model"),
    reference=REFERENCE,
    rubrics=rubrics(
        questions(
            "spotify_baseline_questions",
            "baseline_history",
            answers.best_epoch("baseline_best_epoch", "baseline_history"),
            answers.overfits("baseline_overfits", "baseline_history"),
        ),
        Rubric(
            "spotify_structure",
            (
                structure.layers(1),
                structure.units(1),
                structure.activations(1),
                dropout.places(3),
                dropout.rates(2),
                dropout.modes(1),
                structure.output(0.5),
                compiled.compiled(0.5),
            ),
            model_begun,
            answers=("model",),
        ),
        Rubric(
            "spotify_curve",
            (
                training.history(0.5),
                training.fit(0.5),
                training.rows(1),
                curves.gap_closed(1.5),
                curves.converged(1.5),
            ),
            training.history_usable,
            answers=("model", "history"),
        ),
        questions(
            "spotify_questions", "history", answers.best_epoch("best_epoch", "history"), answers.gap("gap", "history")
        ),
    ),
    check=("spotify_structure", "spotify_curve"),
    hints=(
        "Begin with the baseline's list of layers. Where in it does a hidden layer's work end, activation included?",
        "A Dropout layer stands between two layers: it drops outputs of the one before it, which are the inputs of the "
        "one after it. Each hidden layer's outputs shall be dropped; the output layer's are the prediction itself.",
        "Your list has the baseline's three Dense layers, unchanged, and two more layers of another kind: one between "
        "the first and the second Dense, one between the second and the third. Their only setting is the share that "
        "is dropped, as a decimal number; look up `keras.layers.Dropout`.",
    ),
)

OWN_MODEL = Exercise(
    name="spotify_own_model",
    data_set="spotify",
    prepare=prepare,
    model_name="own_model",
    history_name="own_history",
    other_models=("baseline", "model"),
    reference=REFERENCE,
    rubrics=rubrics(
        Rubric(
            "spotify_own_model_loss",
            (training.history(0.5), training.rows(1, batch_given=False), curves.own_loss(3.5)),
            training.history_usable,
            answers=("own_model", "own_history"),
        ),
        questions(
            "spotify_own_questions",
            "own_history",
            answers.gap("own_gap", "own_history"),
            answers.overfits("own_overfits", "own_history"),
        ),
    ),
    check=("spotify_own_model_loss",),
    hints=(
        "Begin with the network of the exercise before. Change one thing at a time, and look at both curves.",
        "If the two curves part, the network has room to learn by heart: hold it back more. If both stay high, it is "
        "held back too much, or it is too narrow for the units that are left after dropping.",
        "A layer whose units are dropped has fewer of them at work in each step, so try some more units together with "
        "a somewhat higher rate in the first hidden layer, and a lower rate in the second.",
    ),
)

DECLARED = (MODEL, OWN_MODEL)
