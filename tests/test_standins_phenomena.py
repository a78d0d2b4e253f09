"""What the exercises show, on both sources: the course's recipes, by the sweep's engine, whose steps are Keras'."""

import numpy as np
import pandas as pd
import pytest
from test_datasets_sources import official

from dropnorm.curves import LearningCurves
from dropnorm.datasets import standins
from dropnorm.split import Split
from dropnorm.sweep import BatchNorm, Dense, Dropout, Plan, Relu, run

pytestmark = pytest.mark.full
# Whether official data show them, tests/test_rubric_curves.py tells of the exercises' own networks.
SOURCES = ("stand-in", pytest.param("official", marks=pytest.mark.long))


def table(name: str, source: str) -> pd.DataFrame:
    return official(name) if source == "official" else standins.draw(name)


def spotify(songs: pd.DataFrame, rate: float) -> LearningCurves:
    """Curves of the Spotify recipe: the songs of an artist on one side of the split."""
    from sklearn.compose import make_column_transformer
    from sklearn.model_selection import GroupShuffleSplit
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    X = songs.copy()
    y = X.pop("track_popularity").to_numpy() / 100
    artists = X.pop("track_artist")
    train, valid = next(GroupShuffleSplit(train_size=0.75, random_state=0).split(X, y, artists))
    numeric = list(X.columns.drop("playlist_genre"))
    prepare = make_column_transformer((StandardScaler(), numeric), (OneHotEncoder(), ["playlist_genre"]))
    X_train, X_valid = prepare.fit_transform(X.iloc[train]), prepare.transform(X.iloc[valid])
    assert X_train.shape[1] == 18
    dropout = (Dropout(rate),) if rate else ()
    plan = Plan(
        (Dense(128), Relu(), *dropout, Dense(64), Relu(), *dropout, Dense(1)), "adam", epochs=50, batch_size=512
    )
    return run(plan, Split(X_train, y[train], X_valid, y[valid]))


@pytest.mark.parametrize("source", SOURCES)
def test_spotify_overfits_without_dropout_and_not_with_it(source: str) -> None:
    songs = table("spotify", source)
    curves = [spotify(songs, rate) for rate in (0, 0.3)]
    without, with_dropout = (each.val_loss[0] for each in curves)
    gap_without, gap_with = (each.gap[0] for each in curves)
    print(f"\nspotify, {source}: best {min(without):.4f} @{np.argmin(without) + 1}, last {without[-1]:.4f}", end="")
    print(f", gap {gap_without:.3f}; with dropout best {min(with_dropout):.4f} @{np.argmin(with_dropout) + 1}", end="")
    print(f", last {with_dropout[-1]:.4f}, gap {gap_with:.3f}")
    assert np.argmin(without) < 25 and without[-1] > min(without) + 0.003, "it overfits"
    assert np.argmin(with_dropout) >= 25 and with_dropout[-1] < min(with_dropout) + 0.0015, "it does not"
    assert min(with_dropout) < min(without)
    assert gap_without > 0.02 and gap_with < 0.015


def concrete(tests: pd.DataFrame, normalized: bool) -> np.ndarray:
    """Validation losses of the Concrete recipe, with batch normalization or without, by the sweep's engine."""
    train = tests.sample(frac=0.7, random_state=0)
    valid = tests.drop(train.index)
    norm = (BatchNorm(),) if normalized else ()
    plan = Plan((*(*norm, Dense(512), Relu()) * 3, *norm, Dense(1)), "sgd", epochs=100, batch_size=64)
    (X, y), (X_valid, y_valid) = (
        (part.drop(columns="CompressiveStrength").to_numpy(), part["CompressiveStrength"].to_numpy())
        for part in (train, valid)
    )
    return run(plan, Split(X, y, X_valid, y_valid)).val_loss[0]


@pytest.mark.parametrize("source", SOURCES)
def test_concrete_learns_under_sgd_only_with_batch_normalization(source: str) -> None:
    tests = table("concrete", source)
    without, with_bn = concrete(tests, False), concrete(tests, True)
    print(f"\nconcrete, {source}: last {without[-1]:.3g}", end="")
    print(f"; with BN best {min(with_bn):.2f} @{np.argmin(with_bn) + 1}, last {with_bn[-1]:.2f}")
    assert not without[-1] < 10, "it fails, or crawls"
    assert min(with_bn) < 5
