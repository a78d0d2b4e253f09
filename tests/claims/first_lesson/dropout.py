"""Sections 1 to 3, and what comes before them: the layers, two kinds of training loss, dropout."""

from __future__ import annotations

PREPARE = """
import time

core_seconds = time.process_time()
at_width = runs.groupby(["width", "rate"])[["best validation loss", "gap at the end"]].median()
narrow, wide = at_width["best validation loss"].loc[8], at_width.loc[256]
epochs_needed = reached.groupby(["width", "rate"])["epochs to 0.55"].median().unstack()
trainable = [sum(weight.numpy().size for weight in kind.trainable_weights) for kind in kinds]


def took(action, clock):
    start = clock()
    action()
    return clock() - start


quick = {"validation_data": (Z_valid, y_valid), "batch_size": 64, "epochs": 30, "verbose": 0}
fit_took = took(lambda: two_layers(128, 0.3).fit(Z_train, y_train, **quick), time.perf_counter)
train_took = took(
    lambda: train(two_layers(128, 0.3), wine_split, epochs=30, batch_size=64, seed=0), time.perf_counter
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
view = MaskView(rate=0.5)
view_masks = np.array([view.masks(step) for step in range(1, 101)])
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
        "wide['gap at the end'].loc[0.5] < wide['gap at the end'].loc[0.0] / 2 and "
        "wide['best validation loss'].loc[0.5] < 1.05 * wide['best validation loss'].loc[0.0]"
    ),
    "dropout-takes-epochs": "(epochs_needed[0.5] > epochs_needed[0.0])[np.isfinite(epochs_needed[0.0])].all()",
    "lab-as-described": "len(RATES) == 19 and EPOCHS == 100 and Setting().width == 128",
    "lab-overfits-at-0": "after_lab[0.0].gap.min() > 0.1",
    "lab-gap-closes-at-02": "closes_the_gap(after_lab[0.2], after_lab[0.0])",
    "lab-higher-rates-cost": "ends[0.2] < ends[0.6] < ends[0.9] and abs(after_lab[0.9].gap).max() < 0.05",
    "lab-rate-too-high": "too_high(plain_lab[0.7], plain_lab[0.0])",
}
