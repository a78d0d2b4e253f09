"""Sections 6 and 7, and what comes after them: both layers together, an honest comparison, the exercises."""

from __future__ import annotations

PREPARE = """
won = {(a, b): (seeds[a] < seeds[b]).groupby("inputs").sum() for a, b in claims}
gaps_raw = raw[["logged_gap", "gap"]].median()
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

ten_epochs = {"batch_size": 256, "epochs": 10, "verbose": 0, "callbacks": [LossAtInference(X_train, y_train)]}
recipe_core_seconds = 10 * took(
    lambda: recipe().fit(X_train, y_train, validation_data=(X_valid, y_valid), **ten_epochs), time.process_time
)

raw_lab = {rate: swept(rate, inputs="raw") for rate in [0.0, 0.5]}
agreeing = [swept(0.5), swept(0.5, inputs="raw", batch_norm="after")]

# The exercises' own networks, as they should be and without the layer in question.
from grader.calibration import Trial, curves_of

spotify, no_dropout, strong, no_norm = [
    curves_of(Trial(exercise, model, "once", 0))
    for exercise, without in [("spotify_model", "no dropout"), ("concrete_model", "no batch normalization")]
    for model in ["reference", without]
]
"""

CLAIMS = {
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
        "max(at_width['gap at the end'].loc[8, 0.0], gaps_raw.loc['neither', 'gap']) < 0.08 and "
        "median.loc['dropout', 'raw'] > 1.1 * median.loc['neither', 'raw']"
    ),
    "spotify-overfits-without": (
        "no_dropout.gap[0] > 0.02 > 0.015 > spotify.gap[0] and no_dropout.rise_after_best[0] > 0.003"
    ),
    "concrete-fails-without": "not no_norm.last('val_loss')[0] < 10 and strong.last('val_loss')[0] < 10",
}
