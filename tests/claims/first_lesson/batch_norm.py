"""Sections 4 and 5: scales, batch normalization."""

from __future__ import annotations

PREPARE = """
largest = {name: [learning_rates[np.array(r) < 1].max() for r in ratios] for name, ratios in steps.items()}
jumps = [np.abs(np.diff(each.loss_at_inference[0, :20])).mean() for each in lagging.values()]
epochs_to, seconds_to = groups["epochs_to_target"].median().unstack(), groups["seconds_to_target"].median().unstack()
by_seed = speed.set_index(["data", "inputs", "optimizer", "seed", "network"])["epochs_to_target"].unstack()
deeper_last = deeper["last_val_loss"]

# Where batch normalization stands in a block, ten seeds each.
placed = pd.read_csv(EXPERIMENTS / f"placement-{datasets.source('concrete')}.csv")
by_place = placed.pivot(index=["data", "inputs", "seed"], columns="network", values="best_val_loss")
after_won = (by_place["after"] < by_place["before"]).groupby(["data", "inputs"]).sum()

norm_lab = BatchNormLab()
two_modes = []
for scale, batches in [(1.0, 600), (3.0, 0), (3.0, 600)]:
    norm_lab.scale = scale
    for _ in range(batches):
        norm_lab.next_batch()
    two_modes.append(norm_lab.values()[1:])
"""

CLAIMS = {
    # 4. Scales
    "columns-differ": "1e3 < X_train.std(axis=0).max() / X_train.std(axis=0).min()",
    "standardised-stands-larger-steps": "min(largest['standardised']) >= 50 * max(largest['raw'])",
    "default-rate-of-sgd": (
        "abs(float(keras.optimizers.SGD().learning_rate) - 0.01) < 1e-6 "
        "and min(largest['standardised']) > 0.01 > np.median(largest['raw'])"
    ),
    "large-columns-dictate": "moves['raw'].idxmax() == names[np.abs(X_train).mean(axis=0).argmax()]",
    "small-columns-hardly-move": "moves['raw'].min() < 1 / 200 and moves['standardised'].min() > 1 / 10",
    "scalers-scale": (
        "np.allclose(honest.transform(X_train).min(axis=0), 0, atol=1e-5) "
        "and np.allclose(honest.transform(X_train).max(axis=0), 1, atol=1e-5)"
    ),
    "outside-the-range": "outside(honest) > 0 and outside(leaky) == 0",
    # 5. Batch normalization
    "scaling-helps": "np.median(rows['StandardScaler, none']) < 0.6 * np.median(rows['raw, none'])",
    "numpy-equals-keras": (
        "np.allclose(batch_norm(batch, gamma, beta, mean, variance, training=False)[0], keras_inference, 1e-3, 1e-3)"
    ),
    "modes-differ": (
        "np.abs(keras_training - keras_inference).mean() > 1 and abs(keras_training.mean(axis=0)).max() < 0.01"
    ),
    "one-percent-of-the-way": (
        "np.allclose(mean, 0.01 * batch.mean(axis=0), 1e-3) "
        "and np.allclose(variance, 1 + 0.01 * (batch.var(axis=0) - 1), 1e-3)"
    ),
    "epsilon-loses-one-column": "after.min() < 0.2 and after.drop(after.idxmin()).min() > 0.7",
    "epsilon-is-a-thousandth": (
        "layers.BatchNormalization().epsilon == 0.001 > batch.var(axis=0)[after.argmin()] "
        "and np.allclose(Z_train.std(axis=0), 1, atol=1e-4)"
    ),
    "training-mode-ignores-scale": "abs(two_modes[0][0].std() - two_modes[1][0].std()) < 0.01",
    "inference-follows-then-catches-up": (
        "two_modes[1][1].std() > 2 * two_modes[0][1].std() and abs(two_modes[2][1].std() - 1) < 0.2"
    ),
    "moving-averages-by-one-percent": (
        "layers.BatchNormalization().momentum == 0.99 and np.ceil(len(X_train) / 256) == 5"
    ),
    "a-third-after-22-epochs": (
        "np.argmax(0.99 ** (5 * epochs) < 1 / 3) == 22 and np.argmax(0.9 ** (5 * epochs) < 1 / 3) == 3"
    ),
    "momentum-changes-no-training": "differences.max() < 0.001",
    "lower-momentum-lags-less": "jumps[0] > 1.3 * jumps[1]",
    "first-does-what-the-scaler-does": (
        "abs(np.median(rows['raw, first']) - np.median(rows['StandardScaler, none'])) < 1"
    ),
    "other-places-get-going": (  # on some processors one of the three seeds does not
        "max(np.median(rows[name]) for name in ('raw, after each layer', 'raw, between')) < 0.85 * constant"
    ),
    "no-place-always-better": "after_won.between(1, 9).all() and after_won.min() < 5 < after_won.max()",
    "raw-is-stuck": (
        "min(rows['raw, none']) > 0.95 * constant and strength['raw, none', 0].last('val_loss')[0] < 1.2 * constant"
    ),
    "some-stuck": "(abs(deeper_last / constant - 1) < 0.1).any()",
    "some-crawl": (
        "(deeper_last > 1.5 * constant).any() and (deeper['best_epoch'][deeper_last > 1.5 * constant] == 100).all()"
    ),
    "some-not-a-number": (
        "deeper_last.isna().any() and ((abs(deeper_last / constant - 1) < 0.1) | (deeper_last > 1.5 * constant) "
        "| deeper_last.isna()).all() and len(deeper) == 5"
    ),
    "raw-sgd-only-with": (
        "np.isinf(epochs_to['without'].loc['concrete', 'raw', 'sgd']) and "
        "np.isfinite(epochs_to['with'].loc['concrete', 'raw', 'sgd'])"
    ),
    "raw-sgd-only-with-in-every-seed": (
        "np.isinf(by_seed['without'].loc['concrete', 'raw', 'sgd']).all() and "
        "np.isfinite(by_seed['with'].loc['concrete', 'raw', 'sgd']).all()"
    ),
    "saves-epochs-on-concrete": "(epochs_to['with'] < epochs_to['without']).loc['concrete'].all()",
    "fewer-epochs-not-fewer-seconds": (
        "((epochs_to['with'] < epochs_to['without']) & (seconds_to['with'] > seconds_to['without'])).any()"
    ),
    "an-epoch-costs-more": "(cost['with'] > 1.2 * cost['without']).all()",
    "more-epochs-on-wine-under-adam": (
        "(by_seed['with'] > by_seed['without']).loc['red-wine', 'standardised', 'adam'].all()"
    ),
}
