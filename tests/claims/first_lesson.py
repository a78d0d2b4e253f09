"""What ``01_dropout_and_batch_normalization.ipynb`` claims: each expression is true after a run, on either source."""

from __future__ import annotations

# Names that the claims use beside the notebook's own.
PREPARE = """
import time

core_seconds = time.process_time()
at_width = runs.groupby(["width", "rate"])[["best validation loss", "gap"]].median()
narrow, wide = at_width["best validation loss"].loc[8], at_width.loc[256]
epochs_needed = reached.groupby(["width", "rate"])["epochs to 0.55"].median().unstack()
largest = {name: [learning_rates[np.array(r) < 1].max() for r in ratios] for name, ratios in steps.items()}
excesses = [(each.loss_at_inference - each.loss)[0, :20].mean() for each in lagging.values()]
epochs_to, seconds_to = groups["epochs_to_target"].median().unstack(), groups["seconds_to_target"].median().unstack()
won = {(a, b): (seeds[a] < seeds[b]).groupby("inputs").sum() for a, b in claims}
by_seed = speed.set_index(["data", "inputs", "optimizer", "seed", "network"])["epochs_to_target"].unstack()
deeper_last = deeper["last_val_loss"]
gaps_raw = raw[["logged_gap", "gap"]].median()
trainable = [sum(weight.numpy().size for weight in kind.trainable_weights) for kind in kinds]

# Where batch normalization stands in a block, ten seeds each.
placed = pd.read_csv(EXPERIMENTS / f"placement-{datasets.source('concrete')}.csv")
by_place = placed.pivot(index=["data", "inputs", "seed"], columns="network", values="best_val_loss")
after_won = (by_place["after"] < by_place["before"]).groupby(["data", "inputs"]).sum()
shifts = placed.set_index("network")["variance_shift_1"]

# One step of Adam on raw columns, and how far a change of a millionth grows.
stepped, _, gradients = one_gradient(X_train, seed=0)
before_adam = stepped.get_weights()[0]
keras.optimizers.Adam().apply(gradients, stepped.trainable_variables)
adam_moves = np.abs(stepped.get_weights()[0] - before_adam).mean(axis=1)
nearly_equal = []
for factor in [1, 1 + 1e-6]:
    keras.utils.set_random_seed(0)
    each = two_layers(128, 0.0)
    each.set_weights([weight * np.float32(factor) for weight in each.get_weights()])
    nearly_equal.append(train(each, wine_split, epochs=60, batch_size=64, seed=0).val_loss[0])
apart = np.abs(np.subtract(*nearly_equal))


def took(action, clock):
    start = clock()
    action()
    return clock() - start


quick = {"validation_data": (Z_valid, y_valid), "batch_size": 64, "epochs": 30, "verbose": 0}
fit_took = took(lambda: two_layers(128, 0.3).fit(Z_train, y_train, **quick), time.perf_counter)
train_took = took(
    lambda: train(two_layers(128, 0.3), wine_split, epochs=30, batch_size=64, seed=0), time.perf_counter
)
ten_epochs = {"batch_size": 256, "epochs": 10, "verbose": 0, "callbacks": [LossAtInference(X_train, y_train)]}
recipe_core_seconds = 10 * took(
    lambda: recipe().fit(X_train, y_train, validation_data=(X_valid, y_valid), **ten_epochs), time.process_time
)
# What the labs show, from five seeds: kept curves where there are some, as in the lab.
from dropnorm.lab.presets import closes_the_gap, too_high
from dropnorm.lab.setting import EPOCHS, RATES, SEEDS, Setting
from dropnorm.split import split
from dropnorm.sweep import cache as kept_curves
from dropnorm.sweep import run as swept_run


def swept(rate, **setting):
    data, plans = Setting(rate, **setting), []
    parts = split("red-wine", data.inputs)
    name = kept_curves.digest(parts)
    for number in range(SEEDS):
        plan = data.plan(rate, number)
        plans.append(kept_curves.load(plan, name) or swept_run(plan, parts))
        kept_curves.store(plan, name, plans[-1])
    return LearningCurves.stack(plans)


after_lab = {rate: swept(rate, batch_norm="after") for rate in [0.0, 0.2, 0.6, 0.9]}
ends = {rate: np.median(each.last("val_loss")) for rate, each in after_lab.items()}
plain_lab = {rate: swept(rate) for rate in [0.0, 0.7]}
raw_lab = {rate: swept(rate, inputs="raw") for rate in [0.0, 0.5]}
agreeing = [swept(0.5), swept(0.5, inputs="raw", batch_norm="after")]

norm_lab = BatchNormLab()
two_modes = []
for scale, batches in [(1.0, 600), (3.0, 0), (3.0, 600)]:
    norm_lab.scale = scale
    for _ in range(batches):
        norm_lab.next_batch()
    two_modes.append(norm_lab.values()[1:])
view = MaskView(rate=0.5)
view_masks = np.array([view.masks(step) for step in range(1, 101)])

# The exercises' own networks, as they should be and without the layer in question.
from grader.calibration import Trial, curves_of

spotify, no_dropout, strong, no_norm = [
    curves_of(Trial(exercise, model, "once", 0))
    for exercise, without in [("spotify_model", "no dropout"), ("concrete_model", "no batch normalization")]
    for model in ["reference", without]
]
"""

CLAIMS = {
    # Before section 1
    "three-minutes": "core_seconds / 2 < 240",
    "five-colours-five-styles": "len(CYCLE) == 5 == len(set(CYCLE.by_key()['linestyle']))",
    "eleven-measurements": "wine.shape[1] == 12 and wine.columns[-1] == 'quality'",
    "seventy-percent-train": "round(len(train_rows) / len(wine), 2) == 0.7 and X_train.dtype == 'float32'",
    "one-scale": "np.allclose(Z_train.mean(axis=0), 0, atol=1e-4) and np.allclose(Z_train.std(axis=0), 1, atol=1e-4)",
    # 1. Layers without neurons
    "weights-of-each-layer": "[k.count_params() for k in kinds] == [132, 0, 44] and trainable == [132, 0, 22]",
    "only-dense-mixes": (
        "reach(kinds[0]).all() and all((reach(kind) == np.eye(11, dtype=bool)).all() for kind in kinds[1:])"
    ),
    "training-loss-falls": "np.diff(curves['no dropout'].loss[0].reshape(5, 30).mean(axis=1)).max() < 0",
    "plain-network-overfits": ("curves['no dropout'].gap[0] > 0.1 and curves['no dropout'].rise_after_best[0] > 0.01"),
    # 2. Two kinds of training loss
    "three-in-ten-dropped": "[each.rate for each in dropped.layers if isinstance(each, layers.Dropout)] == [0.3, 0.3]",
    "gap-of-dropout": (
        "curves['dropout 0.3'].logged_gap[0] < 0 < curves['dropout 0.3'].gap[0] < curves['no dropout'].gap[0] / 2"
    ),
    "last-tenth": (
        "all(np.isclose(c.gap[0], (c.val_loss - c.loss_at_inference)[0, -c.epochs // 10 :].mean()) "
        "for c in curves.values())"
    ),
    # 3. Dropout
    "no-unit-indispensable": "rises_plain.max() > 5 * rises_dropped.max()",
    "many-units-needed": "(rises_plain > 0.01).sum() > 30 and (rises_dropped > 0.01).sum() <= 2",
    "plain-starts-lower": (
        "curves['no dropout'].last('loss_at_inference')[0] < curves['dropout 0.3'].last('loss_at_inference')[0]"
    ),
    "masks-differ-by-row-and-call": (
        "len(np.unique(np.concatenate([first, second]), axis=0)) == 16 and (inference == 1).all()"
    ),
    "mask-for-each-row-and-step": (
        "len(np.unique(masks, axis=0)) == len(masks) == 24 and [len(each) for each in recorder.masks] == [4] * 6"
    ),
    "half-dropped": "abs(masks.mean() - 0.5) < 0.1",
    "number-dropped-varies": "1 < masks.sum(axis=1).std() < 3 and abs(masks.sum(axis=1).mean() - 8) < 1",
    "inference-drops-nothing": "(inference == ones).all() and np.isclose(outputs[3].max(), 1 / (1 - rates[3]))",
    "dropout-keeps-the-mean": (
        "all(abs(o.mean() - 1) < 0.05 and abs((o == 0).mean() - r) < 0.02 for r, o in zip(rates, outputs))"
    ),
    "masks-by-hand": (
        "len(np.unique(view_masks[0], axis=0)) > 1 and (view_masks[0] != view_masks[1]).any() "
        "and view.panel(0, 1, training=False).factor == 1 and view.factor == 2 "
        "and abs(view_masks.mean() * view.factor - 1) < 0.05"
    ),
    "rate-is-dropped": "abs((outputs[3] == 0).mean() - 0.3) < 0.01 and np.isclose(outputs[3].max(), 1 / 0.7)",
    "trees-saw-other-rows": "forest.bootstrap and len({tree.random_state for tree in forest.estimators_}) == 100",
    "committee-beats-members": ("mae(committee) < mae(members).min() and mae(trees.mean(axis=0)) < mae(trees).min()"),
    "full-network-as-good": "abs(mae(full) - mae(committee)) < 0.015",
    "costs-nothing-at-inference": ("(inference == ones).all() and dropped.count_params() == plain.count_params()"),
    "forest-wins": "mae(trees.mean(axis=0)) < min(mae(committee), mae(full))",
    "masks-err-alike": "error_correlation(members) > error_correlation(trees)",
    "averaging-helps-the-unlike": "mae(trees.mean(axis=0)) / mae(trees).mean() < mae(committee) / mae(members).mean()",
    "wines-lack-different-columns": "len(np.unique(seen != 0, axis=0)) == 7 and (seen == 0).sum() == 30",
    "output-dropout-too-low": "abs(ratio - 0.7) < 0.06",
    "output-dropout-every-seed": "(abs(pairs['mean_over_truth_after_output'] - 0.7) < 0.06).all() and len(pairs) == 5",
    "train-faster-than-fit": "train_took < 0.8 * fit_took",
    "five-claims-five-seeds": "len(pairs) == 5 and pd.DataFrame(holds).sum().tolist() == [5] * 5",
    "narrow-dropout-ruins": "narrow.loc[0.5] > 1.2 * narrow.loc[0.0]",
    "wide-dropout-closes-gap": (
        "wide['gap'].loc[0.5] < wide['gap'].loc[0.0] / 2 and "
        "wide['best validation loss'].loc[0.5] < 1.05 * wide['best validation loss'].loc[0.0]"
    ),
    "dropout-takes-epochs": "(epochs_needed[0.5] > epochs_needed[0.0])[np.isfinite(epochs_needed[0.0])].all()",
    "lab-as-described": "len(RATES) == 19 and EPOCHS == 100 and Setting().width == 128",
    "lab-overfits-at-0": "after_lab[0.0].gap.min() > 0.1",
    "lab-gap-closes-at-02": "closes_the_gap(after_lab[0.2], after_lab[0.0])",
    "lab-higher-rates-cost": "ends[0.2] < ends[0.6] < ends[0.9] and abs(after_lab[0.9].gap).max() < 0.05",
    "lab-rate-too-high": "too_high(plain_lab[0.7], plain_lab[0.0])",
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
    "lower-momentum-lags-less": "excesses[0] > 5 * abs(excesses[1])",
    "first-does-what-the-scaler-does": (
        "abs(np.median(rows['raw, first']) - np.median(rows['StandardScaler, none'])) < 1"
    ),
    "other-places-get-going": "max(rows['raw, after each layer'] + rows['raw, between']) < 0.85 * constant",
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
    # 6. Both together
    "half-a-minute": "15 < recipe_core_seconds / 2 < 60",
    "recipe-wild-at-first": (
        "wine_curves['raw'].val_loss[0, :10].max() > 3 and np.diff(wine_curves['raw'].val_loss[0, :10]).max() > 0"
    ),
    "style-renamed": (
        "'seaborn-whitegrid' not in plt.style.available and 'seaborn-v0_8-whitegrid' in plt.style.available"
    ),
    # 7. An honest comparison
    "75-trainings": (
        "(results.groupby(['inputs', 'network']).size() >= 5).all() and len(results) >= 75 "
        "and (results['network'].nunique(), results['inputs'].nunique()) == (5, 3)"
    ),
    "plain-below-recipe": "won['neither', 'both']['raw'] >= 4",
    "plain-below-recipe-without-twins": "won['neither', 'both']['raw, twins removed'] >= 4",
    "norm-rescues-dropout": "won['both', 'dropout']['raw'] == 5",
    "norm-rescues-dropout-without-twins": "won['both', 'dropout']['raw, twins removed'] == 5",
    "adam-rescales": "adam_moves.min() > 0.9 * adam_moves.max() and moves['raw'].min() < 1 / 200",
    "standardised-close-together": (
        "won['dropout', 'neither']['standardised'] >= 3 and np.ptp(median['standardised']) < 0.06"
    ),
    "disagreement-is-no-overfitting": (
        "gaps_raw.loc['dropout', 'logged_gap'] > 0.3 and gaps_raw.loc['dropout', 'gap'] < 0.15"
    ),
    "lab-raw-disagrees": (
        "all((raw_lab[0.5].last(name) > 2 * raw_lab[0.5].last('loss')).all() "
        "for name in ['loss_at_inference', 'val_loss'])"
    ),
    "lab-raw-agrees-at-0": (
        "all((abs(raw_lab[0.0].last(name) - raw_lab[0.0].last('loss')) < 0.1).all() "
        "for name in ['loss_at_inference', 'val_loss'])"
    ),
    "lab-scaled-agrees": "all((each.last('loss_at_inference') < 1.2 * each.last('loss')).all() for each in agreeing)",
    "dropout-shifts-the-variance": (
        "abs(with_dropout.mean() - activations.mean()) < 0.02 and with_dropout.var() > 1.3 * activations.var()"
    ),
    "order-matters": (
        "shifts['dropout, then batch norm'].max() < 0.75 "
        "and shifts['batch norm, then dropout'].between(0.9, 1.15).all()"
    ),
    "wines-repeat": "wine.duplicated().any()",
    "a-fifth-are-twins": "0.15 < twin.mean() < 0.25",
    "twins-by-heart": (
        "errors['no dropout'][twin].mean() < 0.8 * errors['dropout 0.3'][twin].mean() and "
        "errors['no dropout'][~twin].mean() > errors['dropout 0.3'][~twin].mean()"
    ),
    "twins-by-heart-in-every-seed": (
        "(pairs['loss_on_twins_without'] < 0.9 * pairs['loss_on_twins_with']).all() and "
        "(pairs['loss_on_others_without'] > pairs['loss_on_others_with']).all()"
    ),
    "losses-rise-without-twins": ("(change.loc[networks] > 0).sum() >= 4 and len(wine.drop_duplicates()) < len(wine)"),
    "order-less-clear-without-twins": (
        "won['both, batch normalization first', 'both']['raw, twins removed'] "
        "< won['both, batch normalization first', 'both']['raw']"
    ),
    "row-comes-close": "abs(again['best_val_loss'] - stored['best_val_loss']) < 0.03",
    "small-differences-grow": "apart[-10:].mean() > 10 * apart[0]",
    # Recap, and what comes next
    "little-gap-dropout-worse": (
        "max(at_width['gap'].loc[8, 0.0], gaps_raw.loc['neither', 'gap']) < 0.08 and "
        "median.loc['dropout', 'raw'] > 1.1 * median.loc['neither', 'raw']"
    ),
    "spotify-overfits-without": (
        "no_dropout.gap[0] > 0.02 > 0.015 > spotify.gap[0] and no_dropout.rise_after_best[0] > 0.003"
    ),
    "concrete-fails-without": "not no_norm.last('val_loss')[0] < 10 and strong.last('val_loss')[0] < 10",
}
