"""The tables of separation and of batches of one colour: complete, what the lesson says of them, rows made again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm import clouds
from dropnorm.experiments import covariate, separation
from dropnorm.experiments.covariate import (
    BATCH,
    BATCHES,
    NETWORKS,
    NORMALIZED,
    ONE_COLOUR,
    PLAIN,
    SHUFFLED,
    SORTED,
    Batches,
)
from dropnorm.experiments.separation import STATES, Separation
from dropnorm.experiments.tables import TABLES
from tests.again import lies_with_its_seeds

SEEDS = 10


def table(name: str) -> pd.DataFrame:
    assert TABLES[name].path("official") == TABLES[name].path("stand-in")
    return pd.read_csv(TABLES[name].path("official"))


def test_cars_are_the_same_cars_painted_anew() -> None:
    blue, red = separation.cars(3, count=8)
    assert blue.shape == red.shape == (8, 12288)
    same = np.isclose(blue, red).mean(axis=1)
    assert (same > 0.5).all() and (same < 0.95).all()


def test_states_of_clouds_far_apart() -> None:
    """Wherever the moments come from, batches of one colour in training mode are the only ones that bring them
    together; a whole mixed part keeps each unit's separation exactly."""
    generator = np.random.default_rng(0)
    blue, red = generator.standard_normal((2, 2 * separation.BATCH, 3))
    blue += 5
    found = {name: clouds.separations(a, b) for name, (a, b) in separation.states(blue, red, seed=1).items()}
    assert tuple(found) == STATES
    before = found.pop(separation.BEFORE)
    assert found.pop(separation.ONE_COLOUR).max() < 1e-6
    np.testing.assert_allclose(found[separation.FROM_MIXED], before)
    np.testing.assert_allclose(found[separation.FROM_ONE_COLOUR], before)
    np.testing.assert_allclose(found[separation.MIXED], before, rtol=0.2)


def test_the_committed_separations_are_complete() -> None:
    frame = table("separation")
    assert frame["seed"].tolist() == list(range(SEEDS)) == [job.seed for job in TABLES["separation"].trainings(5)]
    assert len(frame.columns) == 1 + 4 * len(STATES) and np.isfinite(frame.to_numpy()).all()


def test_what_the_lesson_says_of_the_separation_holds_in_every_seed() -> None:
    frame = table("separation")
    line = {name: frame[f"line_{name}"] / frame["line_before"] for name in STATES}
    unit = {name: frame[f"unit_{name}"] / frame["unit_before"] for name in STATES}
    assert frame["line_before"].min() > 3
    assert line["mixed_batches"].between(0.85, 0.98).all() and unit["mixed_batches"].between(0.93, 1.02).all()
    assert line["one_colour_batches"].max() < 1e-4 and unit["one_colour_batches"].max() < 1e-4
    for inference in ("moving_from_mixed", "moving_from_one_colour"):
        assert line[inference].between(0.88, 1.0).all()
        np.testing.assert_allclose(unit[inference], 1, atol=1e-3)
    # The moving variance of one colour's batches lacks what lies between the colours; on a unit that is little.
    assert (frame["deviation_moving_from_one_colour"] > frame["deviation_moving_from_mixed"]).all()
    assert frame["deviation_moving_from_one_colour"].max() < 1.05


def test_a_row_of_the_separations_is_made_again() -> None:
    row, kept = separation.separate(Separation(4)), table("separation").set_index("seed").loc[4]
    for name, value in kept.items():
        assert row[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


@pytest.mark.parametrize("batches", BATCHES)
def test_batches_are_made_up_as_their_names_say(batches: str) -> None:
    rows = covariate.order(batches, 4 * BATCH, seed=0).reshape(-1, BATCH)
    assert sorted(rows.ravel()) == list(range(8 * BATCH))
    red = (rows >= 4 * BATCH).mean(axis=1).tolist()
    if batches == SHUFFLED:
        assert all(0.3 < share < 0.7 for share in red)
    else:
        assert red == ([0, 1] * 4 if batches == ONE_COLOUR else [0] * 4 + [1] * 4)


def test_both_colours_are_of_all_kinds_and_no_vehicle_has_both() -> None:
    parts = covariate.vehicles()
    half = len(parts.X_train) // 2
    assert covariate.redness(parts.X_train[:half]).mean() < 0 < covariate.redness(parts.X_train[half:]).mean()
    assert all(np.bincount(part).min() > 0.3 * len(part) for part in (parts.y_train[:half], parts.y_train[half:]))
    assert not np.isclose(parts.X_train[:half], parts.X_train[half:]).mean(axis=1).max() > 0.1


def test_the_committed_trainings_on_colours_are_complete() -> None:
    frame, keys = table("covariate"), list(TABLES["covariate"].keys)
    wanted = {(batches, network, seed) for batches in BATCHES for network in NETWORKS for seed in range(SEEDS)}
    assert set(frame[keys].itertuples(index=False, name=None)) == wanted
    assert len(frame) == len(wanted) == len(covariate.trainings(5))
    assert np.isfinite(frame.drop(columns=["batches", "network"]).to_numpy()).all()


def test_what_the_lesson_says_of_batches_of_one_colour_holds_in_every_seed() -> None:
    frame = table("covariate").set_index(["batches", "network", "seed"]).sort_index()
    accuracy, alone = frame["accuracy_at_inference"], frame["accuracy_one_colour_batches"]
    in_turns, sorted_, shuffled = ((made, NORMALIZED) for made in (ONE_COLOUR, SORTED, SHUFFLED))
    # With batch normalization batches of one colour cost accuracy at inference …
    assert (accuracy[in_turns] < accuracy[shuffled] - 0.02).all()
    assert (accuracy[sorted_] < accuracy[shuffled] - 0.04).all()
    # … where training mode, on such batches again, shows none of it: it is the moving averages that do not fit.
    assert (alone[in_turns] > accuracy[in_turns] + 0.02).all() and alone[in_turns].min() > 0.95
    assert (alone[sorted_] > accuracy[sorted_] + 0.05).all()
    # The logged loss is as low as with shuffled batches: nothing in it gives a warning.
    logged, val = frame["logged_loss"], frame["last_val_loss"]
    assert max(logged[made].max() for made in (in_turns, sorted_, shuffled)) < 0.02
    assert (val[in_turns] > 1.5 * val[shuffled]).all() and (val[sorted_] > 1.9 * val[shuffled]).all()
    # Without batch normalization, batches of one colour in turns lose a little, on the average.
    plain = accuracy.xs(PLAIN, level="network")
    assert 0 < plain[SHUFFLED].mean() - plain[ONE_COLOUR].mean() < 0.04


def test_shuffling_mends_the_inputs_and_nothing_deeper() -> None:
    """In every seed the batches' means lie six times nearer to that of all rows; what moves deeper moves as before."""
    frame = table("covariate").set_index(["batches", "network", "seed"]).sort_index()
    shift, drift = frame["shift_of_inputs"], frame["drift_deeper"]
    for network in NETWORKS:
        assert (shift[ONE_COLOUR, network] > 6 * shift[SHUFFLED, network]).all()
        assert 0.7 < drift[SHUFFLED, network].mean() / drift[ONE_COLOUR, network].mean() < 1.4
    assert (drift[SHUFFLED, NORMALIZED] < drift[SHUFFLED, PLAIN] / 3).all()


def test_a_training_on_colours_is_made_again() -> None:
    row = covariate.learn(Batches(ONE_COLOUR, NORMALIZED, 2))
    seeds = table("covariate").query(
        "batches == @batches and network == @network", local_dict={"batches": ONE_COLOUR, "network": NORMALIZED}
    )
    columns = ["accuracy_at_inference", "accuracy_one_colour_batches", "last_val_loss", "drift_deeper"]
    lies_with_its_seeds(row, seeds, columns)
    assert row["shift_of_inputs"] == pytest.approx(seeds["shift_of_inputs"].iloc[0], rel=1e-3)
