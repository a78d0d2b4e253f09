"""Ten layers' inputs, a small change that grows, and a bias right before batch normalization."""

from __future__ import annotations

import numpy as np
import pytest

from dropnorm.experiments import bias, depth
from dropnorm.experiments.bias import ADAM, ADAM_LARGE, ADAM_SMALL, OPTIMIZERS, SGD, Bias
from dropnorm.experiments.depth import LAYERS, NORMALIZED, PLAIN, Depth
from dropnorm.experiments.tables import SOURCES
from dropnorm.sweep.plan import Dense, Plan, Relu
from tests.again import lies_with_its_seeds, table


def test_what_is_measured_through_the_layers() -> None:
    """On one linear unit the change is that of its weights."""
    X = np.random.default_rng(0).standard_normal((500, 3))
    plan = Plan((Dense(4), Relu(), Dense(4), Relu(), Dense(1)), seed=1)
    found = depth.through_the_layers(plan, X)
    assert {name: len(values) for name, values in found.items()} == {"mean": 2, "spread": 2, "change": 2}
    assert found["mean"][0] < 0.2 * found["spread"][0]  # inputs have mean 0, biases are 0
    assert 0.003 < found["change"][0] < 0.03
    np.testing.assert_array_equal(depth.through_the_layers(plan, X)["change"], found["change"])


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_table_of_depth_is_complete(source: str) -> None:
    frame = table("depth", source)
    assert [*frame[["network", "seed"]].itertuples(index=False, name=None)] == [
        (name, seed) for seed in range(10) for name in (PLAIN, NORMALIZED)
    ]
    columns = {
        f"{what}_{state}_{n}"
        for what in ("mean", "spread", "change")
        for state in ("initial", "trained")
        for n in range(1, LAYERS + 1)
    }
    assert columns <= set(frame.columns) and np.isfinite(frame.drop(columns="network").to_numpy(float)).all()


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_depth_holds_in_every_seed(source: str) -> None:
    frame = table("depth", source).set_index(["network", "seed"]).sort_index()
    plain, normalized = frame.loc[PLAIN], frame.loc[NORMALIZED]
    # Scaled inputs lose it on the way, before training: the spread falls tenfold and more; with the layer it stays.
    assert (plain["spread_initial_10"] < plain["spread_initial_1"] / 10).all()
    for state in ("initial", "trained"):
        spreads = normalized[[f"spread_{state}_{n}" for n in range(1, 10)]]
        assert ((spreads > 0.9) & (spreads < 1.1)).all(axis=None)
    # A change of 1 % of the first weights grows in both, before training more where the layer stands.
    grown = {
        name: frame.loc[name, "change_initial_10"] / frame.loc[name, "change_initial_1"] for name in (PLAIN, NORMALIZED)
    }
    assert grown[PLAIN].min() > 1 and (grown[NORMALIZED] > 1.5 * grown[PLAIN]).all()


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_table_of_biases_is_complete(source: str) -> None:
    frame = table("bias", source)
    wanted = [(job.optimizer, job.use_bias, job.seed) for job in bias.trainings(5)]
    assert [*frame[["optimizer", "use_bias", "seed"]].itertuples(index=False, name=None)] == wanted
    assert len(wanted) == 2 * 5 * len(OPTIMIZERS)
    assert (frame[list(bias.NEEDLESS)].notna().all(axis=1) == frame["use_bias"]).all()


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_the_bias_holds_in_every_seed(source: str) -> None:
    frame = table("bias", source)
    biased = frame[frame["use_bias"]].set_index(["optimizer", "seed"])
    assert biased[["gradient_ratio_first", "gradient_ratio_last"]].max(axis=None) <= 1e-5
    moved = biased["bias"] / biased["kernel_moved"]
    assert moved[SGD].max() < 1e-4 and moved[ADAM_LARGE].max() < 1e-4
    assert moved[ADAM].between(0.005, 0.2).all() and moved[ADAM_SMALL].between(0.3, 1.5).all()
    np.testing.assert_allclose(biased["with_bias"], biased["without_bias"], atol=1e-4)
    # With the bias and without it the validation loss lies within the seeds' spread.
    best = frame.groupby(["optimizer", "use_bias"])["best_val_loss"].agg(["mean", "std"])
    for name in OPTIMIZERS:
        assert abs(best.loc[(name, True), "mean"] - best.loc[(name, False), "mean"]) < 2 * best.loc[name, "std"].max()


def test_rows_are_trained_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    seeds = table("depth", "stand-in").query("network == @network", local_dict={"network": NORMALIZED})
    columns = ["best_val_loss", "spread_initial_10", "change_initial_10", "spread_trained_5", "change_trained_10"]
    lies_with_its_seeds(depth.descend(Depth(NORMALIZED, 2)), seeds, columns)
    seeds = table("bias", "stand-in").query("optimizer == @optimizer and use_bias", local_dict={"optimizer": ADAM})
    lies_with_its_seeds(bias.wander(Bias(ADAM, True, 3)), seeds, ["best_val_loss", "bias", "kernel_moved", "beta"])
