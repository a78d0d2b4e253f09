"""What is said of a trained network's layers: against Keras' own layers, and as it is kept on disk."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest

from dropnorm import quiet
from dropnorm.split import Split
from dropnorm.sweep import BatchNorm, Dense, Dropout, Plan, Relu, activations, cache, examined
from dropnorm.sweep.activations import BARS, EDGES, ROWS, Outputs, layer_outputs, variance_shifts
from dropnorm.sweep.background import Background, Wish
from dropnorm.sweep.runs import trained
from tests.test_sweep_cache import Listener

MIXED = Plan(
    (
        Dropout(0.3),
        Dense(24),
        Relu(),
        BatchNorm(),
        Dense(16, use_bias=False),
        BatchNorm(),
        Relu(),
        Dropout(0.5),
        Dense(1),
    ),
    epochs=8,
    batch_size=32,
)


@pytest.fixture(scope="module")
def data() -> Split:
    generator = np.random.default_rng(0)
    X = generator.normal(size=(500, 6)).astype(np.float32)
    y = (X[:, 0] + np.abs(X[:, 1]) + 0.1 * generator.normal(size=500)).astype(np.float32)
    return Split(X[:400], y[:400], X[400:], y[400:])


def test_both_modes_are_those_of_keras_layer_by_layer(data: Split) -> None:
    quiet.start()
    from keras import layers

    plan = replace(MIXED, layers=tuple(layer for layer in MIXED.layers if not isinstance(layer, Dropout)))
    network, _ = trained(plan, data)
    told = layer_outputs(network, plan, data.X_train)
    assert [each.layer for each in told] == [
        *("inputs", "Dense", "relu", "BatchNormalization", "Dense", "BatchNormalization", "relu", "Dense")
    ]
    moments = [layer.moments for layer in network.layers if hasattr(layer, "moments")]
    for training in (True, False):
        arrays, kept = iter(network.arrays), iter(moments)
        values = data.X_train[:ROWS]
        for layer, each in zip((None, *plan.layers), told, strict=True):
            if isinstance(layer, Dense):
                made = layers.Dense(layer.units, use_bias=layer.use_bias)
                made.build(values.shape)
                made.set_weights(list(itertools.islice(arrays, 2 if layer.use_bias else 1)))
                values = made(values).numpy()
            elif isinstance(layer, BatchNorm):
                made, moving = layers.BatchNormalization(), next(kept)
                made.build(values.shape)
                made.set_weights([next(arrays), next(arrays), moving.moving_mean, moving.moving_variance])
                batches = np.split(values, ROWS // plan.batch_size)
                values = np.concatenate([made(batch, training=training).numpy() for batch in batches])
            elif isinstance(layer, Relu):
                values = np.maximum(values, 0)
            got = each.training if training else each.inference
            assert (got.mean, got.deviation) == pytest.approx((values.mean(), values.std()), rel=2e-4, abs=2e-4)
            assert got.zeros == pytest.approx((values == 0).mean(), abs=2e-3)
            moved = np.abs(np.array(got.counts) - np.histogram(values, EDGES)[0]).sum()
            assert moved <= 0.01 * values.size  # a value at a bar's edge may be rounded into the next one


def test_dropout_sets_its_share_to_zero_in_training_mode_only_and_scales_the_rest(data: Split) -> None:
    network, _ = trained(MIXED, data)
    told = layer_outputs(network, MIXED, data.X_train)
    inputs, dropped = told[0], told[1]
    assert (dropped.layer, dropped.inference) == ("Dropout", inputs.inference)
    assert dropped.training.zeros == pytest.approx(0.3, abs=0.04)
    assert dropped.training.deviation == pytest.approx(inputs.training.deviation / np.sqrt(0.7), rel=0.05)
    before, after = told[-3], told[-2]
    assert (before.layer, after.layer) == ("relu", "Dropout")
    assert after.training.mean == pytest.approx(before.training.mean, rel=0.1)
    assert after.training.zeros > before.training.zeros + 0.1


def test_what_lies_beyond_the_bars_and_what_is_no_number(data: Split) -> None:
    summed = Outputs.of(np.array([[-1e9, 0.0], [1e9, 1e-3]], np.float32))
    assert (summed.counts[0], summed.counts[BARS // 2], summed.counts[-1], sum(summed.counts)) == (1, 2, 1, 4)
    assert summed.zeros == 0.25
    broken = Outputs.of(np.array([np.nan, 1.0], np.float32))
    assert sum(broken.counts) == 1 and np.isnan(broken.mean)
    diverged = examined.examine(replace(MIXED, optimizer="sgd", learning_rate=1e9), data)
    assert np.isnan(diverged.layers[-1].inference.mean)


def test_dropout_in_front_makes_batch_normalization_meet_less_variance_at_inference(data: Split) -> None:
    for block, low, high in (
        ((Dense(64), Relu(), Dropout(0.5), BatchNorm()), 0.2, 0.8),
        ((Dense(64), Relu(), BatchNorm(), Dropout(0.5)), 0.9, 1.1),
    ):
        plan = Plan((*block, Dense(1)), epochs=150, batch_size=64)
        (shift,) = variance_shifts(trained(plan, data)[0], data.X_train)
        assert low < shift < high


def test_what_was_found_is_read_back_and_another_question_finds_nothing(tmp_path, data: Split) -> None:
    digest = cache.digest(data)
    assert examined.load(MIXED, digest, tmp_path) is None
    found = examined.computed(MIXED, data, digest, tmp_path)
    kept = examined.load(MIXED, digest, tmp_path)
    assert (kept.layers, kept.shifts) == (found.layers, found.shifts)
    assert kept.curves.val_loss.tobytes() == cache.load(MIXED, digest, tmp_path).val_loss.tobytes()
    assert examined.load(replace(MIXED, seed=1), digest, tmp_path) is None
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 20_000  # statistics, no weights


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"layers": [], "shifts": []}', "bars", "layer"])
def test_a_damaged_entry_counts_as_none_and_is_written_over(tmp_path, data: Split, damage: str) -> None:
    digest = cache.digest(data)
    found = examined.computed(MIXED, data, digest, tmp_path)
    path = tmp_path / examined.name(MIXED, digest)
    content = json.loads(path.read_text())
    if damage == "bars":
        content["layers"][0]["training"]["counts"].pop()
    elif damage == "layer":
        content["layers"][3]["layer"] = "Dense"
    path.write_text(json.dumps(content) if damage in ("bars", "layer") else damage)
    assert examined.load(MIXED, digest, tmp_path) is None
    examined.computed(MIXED, data, digest, tmp_path)
    assert examined.load(MIXED, digest, tmp_path).layers == found.layers


def test_a_change_of_how_layers_are_looked_at_is_another_question(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    before = examined.name(MIXED, "data")
    source = tmp_path / "activations.py"
    source.write_text("another way")
    monkeypatch.setattr(activations, "__file__", str(source))
    examined._source.cache_clear()
    assert examined.name(MIXED, "data") != before
    examined._source.cache_clear()


def test_the_pool_looks_into_networks_if_it_is_asked_to(tmp_path, data: Split) -> None:
    pool, folder = Background(processes=1, folder=tmp_path / "sweeps"), tmp_path / "sweeps"
    listener = Listener(1)
    pool.want("lab", Wish([MIXED], data, listener.came, listener.failed, examined.load, examined.computed))
    listener.wait()
    pool.close()
    assert listener.failures == []
    assert listener.got[MIXED].layers == examined.load(MIXED, cache.digest(data), folder).layers
