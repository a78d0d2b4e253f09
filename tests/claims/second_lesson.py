"""What ``02_placement_and_diagnosis.ipynb`` claims: each expression is true after a run, on either source."""

from __future__ import annotations

# Names that the claims use beside the notebook's own.
PREPARE = """
import time

core_seconds = time.process_time()
ended = {name: np.array(runs)[:, -1] / np.array(runs)[:, 0] for name, runs in spread.items()}
faded = {name: np.array(runs)[:, -1] / np.array(runs)[:, 0] for name, runs in level.items()}
bands = [curves.val_loss for curves in bias_curves.values()]
grown = {name: np.array(runs)[:, -1] / np.array(runs)[:, 0] for name, runs in change.items()}
medians, deviations = losses["median"].unstack("network"), losses["std"].unstack("network")
loss_of = placement.pivot(index=["data", "inputs", "seed"], columns="network", values="best_val_loss")


def within_spread(one, other):
    apart = (medians[one] - medians[other]).abs()
    lows, highs = loss_of.groupby(["data", "inputs"]).min(), loss_of.groupby(["data", "inputs"]).max()
    overlap = (lows[one] < highs[other]) & (lows[other] < highs[one])
    return (apart < 2 * deviations[[one, other]].max(axis=1)).all() and overlap.all()


by_name = {name: logs["val_loss"][-1] for name, logs in wrong.items()}
kinds_table = pd.read_csv(EXPERIMENTS / "vehicles.csv").groupby(["network", "inputs"])["last_val_accuracy"]
accuracy = kinds_table.mean().unstack()
rises = five["last_val_loss"] - five["best_val_loss"]
falls = five["val_accuracy_at_best"] - five["last_val_accuracy"]
gaps = five["accuracy_at_inference"] - five["last_val_accuracy"]
first_block = shifts["variance_shift_1"].unstack("network")
won = (loss_of["batch norm, then dropout"] < loss_of["dropout, then batch norm"]).groupby(["data", "inputs"]).sum()
order_medians = loss_of.groupby(["data", "inputs"]).median()[orders[1:]]
gained = (loss_of["batch norm, then dropout"] < loss_of["before"]).groupby(["data", "inputs"]).sum()
told_apart = separation.drop(columns="seed").filter(like="line_").median()
order_means = batches[["accuracy_at_inference", "accuracy_one_colour_batches"]].mean()
at_inference = order_means["accuracy_at_inference"].unstack("batches")
drift = batches[["shift_of_inputs", "drift_deeper"]].mean()
lowest = best.idxmin(axis=1)
to_third, to_half = best[0.3] - best[0.2], best[0.5] - best[0.2]
hand = pd.DataFrame({name: curves.best_val_loss for name, curves in by_hand.items()})
hand_gap = {name: curves.gap.mean() for name, curves in by_hand.items()}
hand_at_60 = {name: curves.val_loss[:, :60].min(axis=1).mean() for name, curves in by_hand.items()}
problems = {name: str(curves.diagnosis(baseline=baseline).problem) for name, curves in riddles.items()}
values_kept = np.abs(np.random.default_rng(0).normal(size=(10000, 1))).astype("float32")
dropped_values = np.array(layers.Dropout(0.3, seed=0)(values_kept, training=True))
output_table = pd.read_csv(EXPERIMENTS / "output.csv")
one_hot = output_table[output_table["labels"] == "one-hot"]
convolved = convolution.mean(numeric_only=True)
N, B, P = "batch normalization, then noise", "batch normalization", "plain"
SIX, RAW_AND_HIGH = list(compared.index), [("raw", 0.01), ("raw", 0.1)]


def at(column, setting, network):
    return compared.loc[setting, (column, network)]


"""
CLAIMS = {
    "it-runs-in-four-minutes": "core_seconds < 2 * 4 * 60",
    "ten-seeds-of-each-placement": "(placement.groupby(['data', 'inputs', 'network']).size() == 10).all()",
    "twelve-thousand-inputs": "vehicles.PIXELS == P_train.shape[1] == 12288",
    "the-same-cars-twice": "len(blue) == len(red) == 320",
    "dropout-raises-the-variance": (
        "abs(dropped_values.mean() - values_kept.mean()) < 0.05 and dropped_values.var() > 1.1 * values_kept.var()"
    ),
    "half-below-six": "0.42 < (y_train == 0).mean() < 0.5",
    "bias-leaves-nothing": "np.abs(difference).max() < 1e-4",
    "bias-gradient-is-rounding": "max(shares[:3]) < 1e-5 and shares[3] > 0.1",
    "adam-bias-wanders": "(np.array(moved['adam']) > 1e4 * np.array(moved['sgd'])).all()",
    "bias-within-spread": "within_spread('before', 'before, with bias')",
    "before-after-within-spread": "within_spread('before', 'after')",
    "curves-with-and-without-bias-overlap": (
        "((bands[0].min(axis=0) < bands[1].max(axis=0)) & (bands[1].min(axis=0) < bands[0].max(axis=0))).mean() > 0.9 "
        "and all(each.shape == (5, 100) for each in bands)"
    ),
    "mean-dies-with-it": ("faded[False].max() < 0.1 and 0.85 < faded[True].min() < faded[True].max() < 1.1"),
    "spread-dies-without": (
        "0.6 < (ended[False] ** (1 / 9)).mean() < 0.73 and ended[False].max() < 0.06 and ended[True].min() > 0.9"
    ),
    "change-grows-with": (
        "4.5 < grown[True].min() and grown[True].max() < 7 and 0.006 < np.array(change[False]).min() "
        "and np.array(change[False]).max() < 0.02"
    ),
    "output-dropout-breaks-sums": (
        "(np.abs(after.sum(axis=1) - 1) > 0.01).all() and "
        "abs(keras.losses.SparseCategoricalCrossentropy()(np.array([0]), np.array([[0, 0.5, 0.5]])) - 16) < 0.5"
    ),
    "one-hot-loss-is-no-number": (
        "(one_hot[one_hot['rate'] > 0]['epochs_without_loss'] == 20).all() and "
        "(one_hot[one_hot['rate'] == 0]['epochs_without_loss'] == 0).all()"
    ),
    "output-dropout-ruins-loss": "by_name['and 0.5 on the output'] > 4 * by_name['dropout 0.3 and 0.5']",
    "wider-layers-want-more": (
        "lowest.loc[16, len(train_rows), 0.0] < lowest.loc[64, len(train_rows), 0.0] and "
        "to_half.loc[16, len(train_rows), 0.0] > 0.015 and round(to_half.loc[64, len(train_rows), 0.0], 3) == 0.014 "
        "and to_half.loc[256, len(train_rows), 0.0] < 0.005"
    ),
    "fewer-rows-want-more": "to_half.loc[64, 250, 0.0] < 0 < to_half.loc[64, 500, 0.0] < 0.006",
    "noise-hardly-moves-the-rate": (
        "-0.001 < to_third.loc[64, len(train_rows), 0.5] < 0 and to_third.loc[64, 250, 0.0] < -0.008 and "
        "(best.loc[64, len(train_rows), 0.5] > best.loc[64, len(train_rows), 0.0]).all()"
    ),
    "flat-valley": (
        "(best[0.0] - best[0.1]).min() > 0.012 and max(losses_of[losses_of.index[places + 1]] - losses_of.min() for "
        "losses_of, places in ((row, row.to_numpy().argmin()) for _, row in best.iterrows())) < 0.015"
    ),
    "neighbours-tell-a-pixel": "told[0] > 0.9 and told[1] < 0.05",
    "spatial-dropout-drops-maps": (
        "set(np.array(layers.SpatialDropout2D(0.5, seed=1)(maps, training=True))[0].mean(axis=(0, 1))) == {0, 2}"
    ),
    "neighbours-left-tell-more-than-channels-left": (
        "(convolved['pixels_by_neighbours_left'] > 0.8).all() and "
        "convolved['pixels_by_maps_left'].between(0.55, 0.65).all()"
    ),
    "both-dropouts-beat-none-in-convolutions": (
        "convolved['val_accuracy'].drop('no dropout').between(0.015 + convolved.loc['no dropout', 'val_accuracy'], "
        "0.035 + convolved.loc['no dropout', 'val_accuracy']).all() and "
        "abs(np.subtract(*convolved['val_accuracy'].drop('no dropout'))) < 0.01 and "
        "(convolution.size() == 5).all()"
    ),
    "pixels-need-standardising": (
        "all(abs(scaled[name].last('val_loss')[0] - np.log(3)) < 0.01 for name in ('0–255', '0–1')) and "
        "kinds_table.max().loc['dropout', ['0–255', '0–1']].max() < 0.35 and "
        "kinds_table.min().loc['dropout', 'standardised by pixel'] > 0.7 and "
        "scaled['standardised'].last('val_loss')[0] < 0.9"
    ),
    "dropout-needs-each-input-standardised": (
        "kinds_table.max().loc['dropout', 'standardised'] < 0.35 and "
        "accuracy.loc['plain'].idxmax() == 'standardised' and (kinds_table.count() >= 5).all()"
    ),
    "batch-norm-takes-any-preparation": (
        "accuracy.loc['batch normalization'].min() > 0.8 and accuracy.loc['plain', ['0–255', '0–1']].max() < 0.6 and "
        "(kinds_table.min().loc['plain', ['0–255', '0–1']] < 0.34).all()"
    ),
    "dropout-costs-on-vehicles": "(accuracy.loc['plain'] > accuracy.loc['dropout']).all()",
    "softmax-alone-as-good": (
        "accuracy.loc['softmax alone', 'standardised by pixel'] >= accuracy.loc['dropout', 'standardised by pixel']"
    ),
    "loss-rises-accuracy-stays": (
        "plain.best_epoch[0] < 25 and plain.rise_after_best[0] > 0.05 and "
        "plain.last('val_accuracy')[0] > plain.metrics['val_accuracy'][0].max() - 0.06 and "
        "plain.last('accuracy')[0] > plain.last('val_accuracy')[0] + 0.05 and "
        "plain.diagnosis().problem == 'overfits'"
    ),
    "the-five-seeds-of-the-plain-network": (
        "len(five) == 5 and (five['best_epoch'].min(), five['best_epoch'].max()) == (8, 25) and (rises > 0.05).all() "
        "and (rises > five['best_val_loss'] / 4).sum() == 4 and (falls < 0.05).sum() == 4 and "
        "round(falls.max(), 2) == 0.09 and (round(gaps.min(), 2), round(gaps.max(), 2)) == (0.09, 0.15)"
    ),
    "one-affine-map": "apart['(a) mixed batch'] > 0.85 * apart['before'] > 2",
    "one-colour-pulled-together": "apart['(b) one colour a batch'] < 0.01",
    "moving-averages-undo": (
        "apart['(c) at inference'] > 0.85 * apart['before'] and "
        "told_apart['line_moving_from_one_colour'] > 0.85 * told_apart['line_before'] and "
        "told_apart['line_mixed_batches'] > 0.85 * told_apart['line_before'] and "
        "told_apart['line_one_colour_batches'] < 0.01"
    ),
    "make-up-of-batches-costs-batch-norm-more": (
        "abs(at_inference.loc[B, 'shuffled'] - at_inference.loc[P, 'shuffled']) < 0.01 and "
        "(at_inference.loc[B].drop('shuffled') < at_inference.loc[P].drop('shuffled') - 0.02).all() and "
        "order_means.loc[(B, 'one colour, in turns'), 'accuracy_one_colour_batches'] > 0.96"
    ),
    "shuffling-mends-the-input-only": (
        "drift.loc[(P, 'shuffled'), 'shift_of_inputs'] < drift.loc[(P, 'one colour, in turns'), 'shift_of_inputs'] / 7 "
        "and drift.loc[(P, 'shuffled'), 'drift_deeper'] > 0.9 * drift.loc[(P, 'one colour, in turns'), 'drift_deeper']"
    ),
    "batch-norm-fixes-means-deeper": ("(drift.loc[B, 'drift_deeper'] < 0.15 * drift.loc[P, 'drift_deeper']).all()"),
    "plain-breaks-down-on-raw": (
        "all(np.isnan(at(column, key, P)) == (key in RAW_AND_HIGH) for column in ('mean_moves', 'logged_loss') "
        "for key in SIX) and set(RAW_AND_HIGH) < set(SIX)"
    ),
    "batch-norm-moves-least-and-ends-lowest": (
        "len(SIX) == 6 and all(at(column, key, B) < at(column, key, N) and not at(column, key, B) >= at(column, key, P)"
        " for column in ('mean_moves', 'logged_loss') for key in SIX)"
    ),
    "noise-moves-and-trains": (
        "all(at('mean_moves', key, N) > 6 * at('mean_moves', key, P) for key in SIX if key not in RAW_AND_HIGH) and "
        "all(at('logged_loss', key, N) < 0.95 for key in SIX) and "
        "all(abs(at('logged_loss', key, N) / at('logged_loss', key, P) - 1) < 0.05 for key in SIX if key[1] == 0.001) "
        "and at('logged_loss', ('standardised', 0.01), N) < at('logged_loss', ('standardised', 0.01), P) and "
        "at('logged_loss', ('standardised', 0.1), N) > at('logged_loss', ('standardised', 0.1), P)"
    ),
    "gradient-changes-less-on-raw-more-on-standardised": (
        "max(at('gradient_change', ('raw', 0.001), network) for network in (B, N)) < "
        "at('gradient_change', ('raw', 0.001), P) and all(at('gradient_change', ('standardised', rate), B) > "
        "at('gradient_change', ('standardised', rate), P) for rate in (0.001, 0.01, 0.1))"
    ),
    "variance-shift": (
        "0.55 < first_block.loc[('red-wine', 'standardised'), 'dropout, then batch norm'] < 0.75 and "
        "first_block.loc[('red-wine', 'raw'), 'dropout, then batch norm'] < 0.5 and "
        "first_block.loc[('concrete', 'raw'), 'dropout, then batch norm'] < 0.05 and "
        "(first_block['batch norm, then dropout'] - first_block['before']).abs().max() < 0.05"
    ),
    "order-by-setting": (
        "won['concrete', 'raw'] == 10 and won['red-wine', 'raw'] >= 6 and won['red-wine', 'standardised'] <= 5"
    ),
    "dropout-helps-batch-norm-where-it-overfits": (
        "gained['red-wine', 'standardised'] == 10 and max(gained['concrete', 'raw'], gained['red-wine', 'raw']) < 5"
    ),
    "dropout-at-the-end-only": (
        "order_medians.loc[('concrete', 'raw')].idxmin() == 'dropout at the end only' == "
        "order_medians.loc[('red-wine', 'standardised')].idxmax() and "
        "abs(order_medians.loc[('red-wine', 'raw'), 'dropout at the end only'] - "
        "order_medians.loc[('red-wine', 'raw')].drop('dropout at the end only').min()) < 0.01 and "
        "(loss_of['dropout at the end only'] < loss_of['before']).loc[('red-wine', 'standardised')].all()"
    ),
    "both-layers-leave-a-small-gap": (
        "(both_curves.loss > both_curves.loss_at_inference).mean() > 0.9 and 0.05 < both_curves.gap[0] < 0.17 and "
        "both_curves.rise_after_best[0] < 0.05"
    ),
    "diagnoses-of-the-four": (
        "problems == {'A': 'training and inference disagree', 'B': 'overfits', 'C': 'too slow', 'D': 'noisy'}"
    ),
    "c-and-d-by-how-they-move": (
        "riddles['C'].last('val_loss')[0] > 1.5 * baseline and riddles['C'].best_epoch[0] > 95 and "
        "riddles['D'].diagnosis(baseline=baseline).evidence['jump_share'] >= 0.1 and "
        "riddles['D'].rise_after_best[0] > 0.1"
    ),
    "each-mend-does-its-work": (
        "all(2 * mended['A'].last(loss)[0] < riddles['A'].last(loss)[0] for loss in ('val_loss', 'loss_at_inference')) "
        "and 3 * mended['B'].gap[0] < riddles['B'].gap[0] and "
        "abs(mended['B'].best_val_loss[0] - riddles['B'].best_val_loss[0]) < 0.05 and "
        "mended['D'].last('val_loss')[0] < riddles['D'].last('val_loss')[0] and "
        "{name: str(curves.diagnosis(baseline=baseline).problem) for name, curves in mended.items()} == "
        "{'A': 'fine', 'B': 'fine', 'C': 'overfits', 'D': 'fine'}"
    ),
    "by-hand-dropout-closes-the-gap": (
        "hand_gap['batch normalization'] > 0.8 * hand_gap['neither'] and "
        "hand_gap['and dropout 0.2'] < hand_gap['batch normalization'] / 2 and hand.shape == (5, 4) and "
        "(hand.idxmin(axis=1) == 'dropout 0.2 alone').all() and (hand.idxmax(axis=1) == 'batch normalization').all()"
    ),
    "by-hand-sixty-epochs-are-too-few": (
        "hand_at_60['and dropout 0.2'] > hand_at_60['neither'] and "
        "hand['and dropout 0.2'].mean() < hand['neither'].mean() and by_hand['and dropout 0.2'].best_epoch.min() > 100"
    ),
    "winners-curse": (
        "0.01 < searches['optimism'].mean() < 0.03 and 0.005 < searches['curse'].mean() < 0.02 and "
        "(searches['curse'] > 0).sum() >= 7 and np.ptp(searches['optimism_of_all']) > np.ptp(searches['curse']) and "
        "searches['optimism_of_all'].min() < 0 < searches['optimism_of_all'].max() and "
        "3 < searches['place_in_test'].mean() < 6 and len(searches) == 10"
    ),
    "recap-of-the-second-lesson": (
        "within_spread('before', 'before, with bias') and within_spread('before', 'after') and "
        "(accuracy.loc['plain'] > accuracy.loc['dropout']).all()"
    ),
}
