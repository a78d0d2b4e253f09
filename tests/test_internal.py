"""Internal covariate shift: the noise, the gradients, the tables and what the lesson says of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm.experiments import internal, noise
from dropnorm.experiments.internal import INPUTS, LEARNING_RATES, NETWORKS, NOISY, NORMALIZED, PLAIN, Shift
from dropnorm.experiments.tables import SOURCES, TABLES
from dropnorm.split import RAW, STANDARDISED
from tests.again import lies_with_its_seeds

SEEDS = 5


def table(source: str) -> pd.DataFrame:
    return pd.read_csv(TABLES["internal"].path(source))


def batch(rows: int = 32) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(0)
    return generator.standard_normal((rows, 4)).astype(np.float32), generator.standard_normal((rows, 1)).astype("f")


def test_noise_undoes_what_has_been_pinned_and_is_drawn_again_for_a_step() -> None:
    x = np.random.default_rng(1).standard_normal((4000, 50)).astype(np.float32)
    layer = noise.Noise(seed=0)
    first, second = layer.forward(x.copy(), training=True), layer.forward(x.copy(), training=True)
    for made in (first, second):
        assert (
            0.4 < np.abs(made.mean(axis=0)).max() < 0.6 and 0.95 < made.std(axis=0).min() < made.std(axis=0).max() < 1.4
        )
    assert np.abs(first.mean(axis=0) - second.mean(axis=0)).mean() > 0.2
    layer.step = 0
    np.testing.assert_array_equal(layer.forward(x.copy(), training=True), first)
    np.testing.assert_array_equal(layer.forward(x.copy(), training=False), x)


@pytest.mark.parametrize("name", NETWORKS)
def test_the_gradient_is_that_of_the_loss(name: str) -> None:
    """By finite differences, along a random direction, with the noise held."""
    X, y = (values.astype(float) for values in batch())
    network = internal.network(Shift(STANDARDISED, name, 0.1, 0), 4, dtype=np.float64)

    def again() -> tuple[float, np.ndarray]:
        for layer in network.layers:
            if isinstance(layer, noise.Noise):
                layer.step = 0
        return internal.gradient(network, X, y)

    slope = again()[1]
    direction = np.random.default_rng(2).standard_normal(len(slope))
    direction /= np.linalg.norm(direction)
    start, losses = network.weights.copy(), []
    for step in (-1e-6, 1e-6):
        network.weights[:] = start + step * direction
        losses.append(again()[0])
    assert (losses[1] - losses[0]) / 2e-6 == pytest.approx(slope @ direction, rel=1e-3)


def test_networks_hold_what_their_names_say() -> None:
    def kinds(name: str) -> list[str]:
        return [type(layer).__name__ for layer in internal.network(Shift(RAW, name, 0.1, 0), 11).layers]

    assert kinds(PLAIN) == ["Dense", "ReluDropout"] * 3 + ["Dense"]
    assert kinds(NORMALIZED) == ["Dense", "BatchNorm", "ReluDropout"] * 3 + ["Dense"]
    assert kinds(NOISY) == ["Dense", "BatchNorm", "Noise", "ReluDropout"] * 3 + ["Dense"]


def test_a_step_that_changes_nothing_is_measured_as_such() -> None:
    X, y = batch()
    job = Shift(STANDARDISED, NORMALIZED, 0.1, 0)
    watcher = internal.Watcher(job, X, y)
    weights = internal.network(job, 4).weights
    watcher.measure(weights, weights.copy(), range(8), step=0)
    found = watcher.means()
    assert [
        found[name] for name in ("mean_moves", "spread_moves", "gradient_change", "shift_change", "kept_promise")
    ] == [0] * 5
    assert found["gradient_cosine"] == pytest.approx(found["shift_cosine"]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_table_is_complete(source: str) -> None:
    frame, keys = table(source), list(TABLES["internal"].keys)
    wanted = {(i, n, r, s) for i in INPUTS for n in NETWORKS for r in LEARNING_RATES for s in range(SEEDS)}
    assert set(frame[keys].itertuples(index=False, name=None)) == wanted
    assert len(frame) == len(wanted) == len(internal.trainings(SEEDS))
    broken = ~np.isfinite(frame["loss_at_inference"])
    # Only the plain network on raw inputs breaks down, at the two larger learning rates, and there in every seed.
    expected = (frame["network"] == PLAIN) & (frame["inputs"] == RAW) & (frame["learning_rate"] > 0.001)
    assert (broken == expected).all()
    assert np.isfinite(frame[~broken].drop(columns=["inputs", "network"]).to_numpy()).all()


@pytest.mark.parametrize("source", SOURCES)
def test_each_side_has_a_measurement_that_speaks_for_it(source: str) -> None:
    """Every comparison is of two trainings from one seed."""
    frame = table(source).set_index(["inputs", "learning_rate", "network", "seed"]).sort_index()

    def of(column: str, inputs: str, rate: float, network: str) -> pd.Series:
        return frame.loc[(inputs, rate, network), column]

    for rate in LEARNING_RATES:  # Ioffe & Szegedy: what an activation is given moves less, eightfold at least
        for column in ("mean_moves", "mean_moves_early"):
            still, moving = (of(column, STANDARDISED, rate, name) for name in (NORMALIZED, PLAIN))
            assert (still < moving / 8).all()
            assert (of(column, STANDARDISED, rate, NOISY) > 3 * moving).all()
    # Santurkar et al.: the noise moves it far more than in the plain network; on standardised inputs that costs little
    # against the plain network, on raw ones the network still trains better, and where the plain one breaks down.
    for rate in (0.01, 0.1):
        ratio = of("best_val_loss", STANDARDISED, rate, NOISY) / of("best_val_loss", STANDARDISED, rate, PLAIN)
        assert 0.95 < ratio.mean() < 1.12
        assert (of("loss_at_inference", RAW, rate, NOISY) < 0.95).all()
    assert (of("mean_moves", RAW, 0.001, NOISY) > 10 * of("mean_moves", RAW, 0.001, PLAIN)).all()
    for column in ("loss_at_inference", "best_val_loss"):
        assert (of(column, RAW, 0.001, NOISY) < of(column, RAW, 0.001, PLAIN)).all()
        assert of(column, RAW, 0.001, NORMALIZED).mean() < of(column, RAW, 0.001, NOISY).mean()
    # On raw inputs the gradient foresees more with batch normalization, at first; on standardised ones less.
    early = "kept_promise_early"
    assert (of(early, RAW, 0.001, NORMALIZED) > of(early, RAW, 0.001, PLAIN)).all()
    for rate in (0.001, 0.01):
        assert (of(early, STANDARDISED, rate, NORMALIZED) < of(early, STANDARDISED, rate, PLAIN)).all()
        assert (
            of("shift_change", STANDARDISED, rate, NORMALIZED) > of("shift_change", STANDARDISED, rate, PLAIN)
        ).all()


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_all_six_settings_holds(source: str) -> None:
    """In means over the seeds; the plain network has none on raw inputs at the two higher rates."""
    means = table(source).groupby(["network", "inputs", "learning_rate"]).mean()
    plain, normalized, noisy = (means.loc[name] for name in (PLAIN, NORMALIZED, NOISY))
    assert len(normalized) == len(INPUTS) * len(LEARNING_RATES) == 6
    trains = plain["logged_loss"].dropna().index
    assert len(trains) == 4
    for column in ("mean_moves", "logged_loss"):
        assert (normalized[column] < noisy[column]).all()
        assert (normalized[column] < plain[column])[trains].all()
    assert (noisy["mean_moves"] > 6 * plain["mean_moves"])[trains].all() and (noisy["logged_loss"] < 0.95).all()
    ratio = noisy["logged_loss"] / plain["logged_loss"]
    assert ratio.xs(0.001, level="learning_rate").between(0.95, 1.05).all()
    assert ratio[STANDARDISED, 0.01] < 0.97 and ratio[STANDARDISED, 0.1] > 1.1  # the noise has its price at 0.1
    changes = [each["gradient_change"] for each in (plain, normalized, noisy)]
    assert changes[0][RAW, 0.001] > max(each[RAW, 0.001] for each in changes[1:])
    assert (changes[1] > changes[0])[STANDARDISED].all()


def test_a_row_is_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    row = internal.follow(Shift(STANDARDISED, NORMALIZED, 0.01, 1))
    seeds = table("stand-in").query(
        "inputs == @inputs and network == @network and learning_rate == 0.01",
        local_dict={"inputs": STANDARDISED, "network": NORMALIZED},
    )
    lies_with_its_seeds(
        row, seeds, [name for name in row if name not in ("inputs", "network", "learning_rate", "seed")]
    )
