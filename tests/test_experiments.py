"""The honest comparison: its preparation, its networks, and its committed tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from dropnorm import datasets, jobs
from dropnorm.experiments import __main__ as command
from dropnorm.experiments import comparison, dropout, speed, tables
from dropnorm.experiments.comparison import BOTH, BOTH_REVERSED, DROPOUT, NEITHER, NETWORKS, NORMALIZATION, Comparison
from dropnorm.experiments.dropout import Pair
from dropnorm.experiments.speed import Speed
from dropnorm.experiments.tables import SOURCES, TABLES, Table
from dropnorm.split import INPUTS, RAW, STANDARDISED, WITHOUT_TWINS, split

SEEDS = 5


def table(name: str, source: str) -> pd.DataFrame:
    return pd.read_csv(TABLES[name].path(source))


@pytest.fixture
def red_wine() -> pd.DataFrame:
    return pd.read_csv(datasets.dataset("red-wine").path)


def rows(X: np.ndarray, y: np.ndarray) -> set[bytes]:
    return {row.tobytes() for row in np.column_stack([X, y]).astype(np.float32)}


def test_the_split_is_the_lesson_s(red_wine: pd.DataFrame) -> None:
    training = red_wine.sample(frac=0.7, random_state=0)
    parts = split("red-wine", RAW)
    np.testing.assert_array_equal(parts.X_train, training.drop(columns="quality").to_numpy(np.float32))
    np.testing.assert_array_equal(parts.y_train, training["quality"].to_numpy(np.float32))
    assert len(parts.X_valid) == len(parts.y_valid) == len(red_wine) - len(training)


def test_twins_are_removed_before_the_split(red_wine: pd.DataFrame) -> None:
    raw, alone = split("red-wine", RAW), split("red-wine", WITHOUT_TWINS)
    assert rows(raw.X_train, raw.y_train) & rows(raw.X_valid, raw.y_valid)
    assert not rows(alone.X_train, alone.y_train) & rows(alone.X_valid, alone.y_valid)
    assert len(alone.X_train) + len(alone.X_valid) == len(red_wine.drop_duplicates())


def test_inputs_are_standardised_by_the_training_part_alone() -> None:
    parts, raw = split("red-wine", STANDARDISED), split("red-wine", RAW)
    np.testing.assert_allclose(parts.X_train.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(parts.X_train.std(axis=0), 1, atol=1e-4)
    assert np.abs(parts.X_valid.mean(axis=0)).max() > 1e-3
    back = parts.X_valid * raw.X_train.std(axis=0) + raw.X_train.mean(axis=0)
    np.testing.assert_allclose(back, raw.X_valid, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(
    ("name", "block"),
    [
        (NEITHER, ["Dense"]),
        (DROPOUT, ["Dense", "Dropout"]),
        (NORMALIZATION, ["Dense", "BatchNormalization"]),
        (BOTH, ["Dense", "Dropout", "BatchNormalization"]),
        (BOTH_REVERSED, ["Dense", "BatchNormalization", "Dropout"]),
    ],
)
def test_networks_hold_what_their_names_say(name: str, block: list[str]) -> None:
    layers = comparison.wine_network(name, 11, width=16).layers
    assert [type(layer).__name__ for layer in layers] == block * 3 + ["Dense"]
    assert [layer.units for layer in layers if type(layer).__name__ == "Dense"] == [16, 16, 16, 1]
    assert {layer.rate for layer in layers if type(layer).__name__ == "Dropout"} <= {0.3}


def test_the_network_of_the_race_normalizes_before_each_dense_layer() -> None:
    def kinds(normalized: bool) -> list[str]:
        return [type(layer).__name__ for layer in speed.speed_network(normalized, 8).layers]

    assert kinds(True) == ["BatchNormalization", "Dense"] * 4
    assert kinds(False) == ["Dense"] * 4


def test_a_row_tells_of_its_training() -> None:
    row = comparison.compare(Comparison(STANDARDISED, DROPOUT, 3), epochs=2, width=8)
    assert (row["inputs"], row["network"], row["seed"]) == (STANDARDISED, DROPOUT, 3)
    assert row["gap"] == pytest.approx(row["last_val_loss"] - row["loss_at_inference"])
    assert row["logged_gap"] == pytest.approx(row["last_val_loss"] - row["logged_loss"])
    assert row["best_epoch"] in (1, 2) and row["best_val_loss"] <= row["last_val_loss"]
    race = speed.race(Speed("concrete", RAW, "sgd", True, 0), epochs=2)
    assert race["epochs_to_target"] == 0 and np.isnan(race["seconds_to_target"]) and race["seconds"] > 0


def test_a_row_of_the_dropout_table_tells_of_a_pair_and_its_committees() -> None:
    row = dropout.tell_apart(Pair(1), epochs=2, width=16)
    assert row["seed"] == 1
    assert {name.removesuffix("without") for name in row if name.endswith("_without")} == {
        name.removesuffix("with") for name in row if name.endswith("_with")
    }
    assert row["forest"] < row["best_tree"]
    assert np.isfinite(list(row.values())).all()


def test_a_unit_that_falls_silent_raises_the_loss_as_if_its_weights_were_gone() -> None:
    parts = split("red-wine", STANDARDISED)
    model = dropout.network(0, 11, width=4)
    model.compile(loss="mae")
    rises = dropout.rises(model, parts)
    before = model.evaluate(parts.X_train, parts.y_train, verbose=0)
    kernel, bias = model.layers[0].get_weights()
    kernel[:, 2], bias[2] = 0, 0
    model.layers[0].set_weights([kernel, bias])
    assert rises[2] == pytest.approx(model.evaluate(parts.X_train, parts.y_train, verbose=0) - before, abs=1e-5)
    assert np.abs(rises).max() > 1e-3


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_comparison_is_complete(source: str) -> None:
    frame = table("comparison", source)
    wanted = [(job.inputs, job.network, job.seed) for job in TABLES["comparison"].trainings(SEEDS)]
    assert [*frame[["inputs", "network", "seed"]].itertuples(index=False, name=None)] == wanted
    assert len(wanted) == len(INPUTS) * len(NETWORKS) * SEEDS
    numbers = frame.drop(columns=["inputs", "network"]).to_numpy(float)
    assert np.isfinite(numbers).all()
    np.testing.assert_allclose(frame["gap"], frame["last_val_loss"] - frame["loss_at_inference"], atol=1e-4)
    assert (frame["best_val_loss"] <= frame["last_val_loss"]).all() and frame["best_epoch"].between(1, 100).all()


@pytest.mark.parametrize("source", SOURCES)
def test_the_committed_race_is_complete(source: str) -> None:
    frame = table("speed", source)
    wanted = [(j.data, j.inputs, j.optimizer, j.batch_normalization, j.seed) for j in TABLES["speed"].trainings(SEEDS)]
    keys = list(TABLES["speed"].keys)
    assert [*frame[keys].itertuples(index=False, name=None)] == wanted
    reached = frame["epochs_to_target"] > 0
    assert (frame["seconds_to_target"].notna() == reached).all()
    assert (frame.loc[reached, "best_val_loss"] <= frame.loc[reached, "target"]).all()


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_the_comparison_holds(source: str) -> None:
    """Means over the seeds. Each of these is a sentence of the lesson."""
    best = table("comparison", source).groupby(["inputs", "network"])["best_val_loss"].mean()
    gap = table("comparison", source).groupby(["inputs", "network"])["gap"].mean()
    for inputs in (RAW, WITHOUT_TWINS):
        assert best[inputs, NEITHER] < best[inputs, BOTH]  # the recipe does not reach the plain network's loss …
        assert best[inputs, BOTH] < best[inputs, DROPOUT]  # … but rescues dropout on raw inputs
    assert gap[STANDARDISED, NEITHER] > gap[RAW, NEITHER]  # the plain network overfits where the inputs are scaled
    assert gap[STANDARDISED, BOTH] < gap[STANDARDISED, NEITHER]  # and there dropout has a gap to close


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_dropout_holds_in_every_seed(source: str) -> None:
    frame = table("dropout", source)
    assert frame["seed"].tolist() == list(range(SEEDS))
    holds = {
        "the plain network overfits": (frame["gap_without"] > 0.1) & (frame["rise_after_best_without"] > 0.01),
        "with dropout the logged gap is negative": frame["logged_gap_with"] < 0,
        "the gap at inference is positive, and half or less": frame["gap_with"].between(0, frame["gap_without"] / 2),
        "the plain network starts lower": frame["loss_at_inference_without"] < frame["loss_at_inference_with"],
        "no unit is indispensable": frame["largest_rise_without"] > 3 * frame["largest_rise_with"],
        "the average beats every member": frame["committee"] < frame["best_member"],
        "the forest beats every tree": frame["forest"] < frame["best_tree"],
        "the full network comes close": (frame["full_network"] - frame["committee"]).abs() < 0.015,
        "without dropout, twins are known by heart": (
            frame["loss_on_twins_without"] < 0.9 * frame["loss_on_twins_with"]
        ),
        "and other wines known less": frame["loss_on_others_without"] > frame["loss_on_others_with"],
        "masks err more alike": frame["correlation_of_members"] > frame["correlation_of_trees"],
        "the forest wins": frame["forest"] < frame[["committee", "full_network"]].min(axis=1),
        "after the output": (frame["mean_over_truth_after_output"] - 0.7).abs() < 0.06,
    }
    assert {claim: sum(seeds) for claim, seeds in holds.items()} == dict.fromkeys(holds, SEEDS)


@pytest.mark.parametrize("source", SOURCES)
def test_what_the_lesson_says_of_the_race_holds(source: str) -> None:
    """Concrete, SGD: on raw inputs it arrives with batch normalization alone; on standardised ones sooner with it."""
    frame = table("speed", source)
    concrete = frame[(frame["data"] == "concrete") & (frame["optimizer"] == "sgd")]
    reached = concrete.groupby(["inputs", "batch_normalization"])["epochs_to_target"]
    assert reached.max()[RAW, False] == 0 and reached.min()[RAW, True] > 0
    assert reached.median()[STANDARDISED, True] < reached.median()[STANDARDISED, False]


def test_an_interrupted_table_goes_on_and_is_replaced_when_complete(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(tables, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(tables, "EXPERIMENTS", tmp_path / "experiments")
    trained: list[int] = []

    def interrupted(function, wanted, processes=None):
        for job in reversed(wanted):  # as they finish, in any order
            if job.seed == 2 and not trained.count(9):
                trained.append(9)
                raise KeyboardInterrupt
            trained.append(job.seed)
            yield job, function(job)

    def row(job: Comparison) -> dict:
        return {"inputs": job.inputs, "network": job.network, "seed": job.seed, "best_val_loss": job.seed / 3}

    monkeypatch.setattr(jobs, "finished", interrupted)
    small = Table(
        "", lambda seeds: [Comparison(RAW, BOTH, s) for s in range(seeds)], row, ("inputs", "network", "seed")
    )
    complete = small.path("official")
    complete.parent.mkdir()
    complete.write_text("the table before\n")
    with pytest.raises(KeyboardInterrupt):
        tables.make(small, "official", 4)
    assert complete.read_text() == "the table before\n"
    assert tables.make(small, "official", 4) == complete
    assert trained == [3, 9, 2, 1, 0]
    assert pd.read_csv(complete)["seed"].tolist() == [0, 1, 2, 3]
    assert not list((tmp_path / "cache").rglob("*.csv")) and not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize(("name", "times"), [("speed", 2), ("vehicles", 1)])
def test_a_table_that_does_not_depend_on_the_source_is_made_once(
    name: str, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")  # the command sets it; it is put back
    made: list[str] = []
    monkeypatch.setattr(command, "make", lambda table, source, seeds, processes: made.append(source))
    assert command.main(["--table", name]) == 0
    assert len(made) == times
