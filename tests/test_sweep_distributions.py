"""Beyond the epochs that can be compared number by number, the engine's curves and Keras' have one distribution."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from dropnorm.curves import VALIDATION, LearningCurves
from dropnorm.lab.setting import Setting
from dropnorm.split import split
from dropnorm.sweep import run

pytestmark = pytest.mark.full

SEEDS, EPOCHS = 20, 20
# Of a two-sample Kolmogorov–Smirnov test. Three statistics of two settings are looked at, so that engines that are the
# same fail this with a chance of some 0.6 %; runs are seeded, so it fails always or never.
LEAST_P = 0.001
STATISTICS = {
    "last validation loss": lambda curves: curves.last(VALIDATION),
    "best validation loss": lambda curves: curves.best_val_loss,
    "gap": lambda curves: curves.gap,
}


def by_keras(setting: Setting, seed: int) -> LearningCurves:
    """One training of the setting by Keras' own layers, initialisers and dropout."""
    import keras

    from dropnorm.training import train

    norm = [keras.layers.BatchNormalization] if setting.batch_norm == "after" else []
    keras.utils.set_random_seed(seed)
    data = split("red-wine", setting.inputs)
    layers = [keras.Input((data.X_train.shape[1],))]
    for _ in range(3):
        layers += [keras.layers.Dense(setting.width, activation="relu"), keras.layers.Dropout(setting.rate)]
        layers += [kind() for kind in norm]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(setting.optimizer, "mae")
    curves = train(model, data, epochs=EPOCHS, batch_size=256, seed=seed)
    return LearningCurves(curves.loss, curves.val_loss, curves.loss_at_inference, seeds=(seed,))


@pytest.mark.parametrize(
    "setting",
    [
        pytest.param(
            Setting(0.3, batch_norm="after", inputs="raw", width=32), id="recipe, raw", marks=pytest.mark.long
        ),
        pytest.param(Setting(0.5, width=32), id="dropout, standardised"),
    ],
)
def test_the_engine_and_keras_have_one_distribution(setting):
    data = split("red-wine", setting.inputs)
    ours = [run(replace(setting.plan(run=seed), epochs=EPOCHS), data) for seed in range(SEEDS)]
    theirs = [by_keras(setting, 1000 + seed) for seed in range(SEEDS)]
    for name, statistic in STATISTICS.items():
        samples = [np.ravel(statistic(LearningCurves.stack(curves))) for curves in (ours, theirs)]
        assert stats.ks_2samp(*samples).pvalue > LEAST_P, (name, *[sample.round(3) for sample in samples])


def test_the_comparison_would_notice_a_wrong_engine():
    """A dropout rate that is 0.1 off is another distribution by the same test."""
    data = split("red-wine", "standardised")
    samples = []
    for rate in (0.5, 0.4):
        runs = [run(replace(Setting(rate, width=32).plan(run=seed), epochs=EPOCHS), data) for seed in range(SEEDS)]
        samples.append(LearningCurves.stack(runs).last(VALIDATION))
    assert stats.ks_2samp(*samples).pvalue < LEAST_P
