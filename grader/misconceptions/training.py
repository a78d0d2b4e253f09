"""What goes wrong in a training: its history, its length, its rows, and its curves."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

HISTORY = (
    Misconception(
        "not_trained",
        "`{model}` is not trained yet, so there are no curves to judge.",
        "",
        "Run the cell that calls `fit`, then check again.",
    ),
    Misconception(
        "history_not_kept",
        "`{model}` has been trained, but `{history}` holds nothing.",
        "The curves are judged from the History object that `fit` returns.",
        "Make the model anew and give that name to what its `fit` returns.",
    ),
    Misconception(
        "no_history",
        "`{history}` is a {kind}, not what `fit` returns.",
        "The curves are judged from the History object that Keras makes while it trains.",
        "Give the name to the result of `{model}.fit(...)`.",
    ),
    Misconception(
        "history_empty",
        "`{history}` holds no epoch.",
        "A training of no epochs leaves nothing to judge.",
        "Run the cell that calls `fit`, with its epochs.",
    ),
    Misconception(
        "history_lengths",
        "`{history}` holds series of different lengths ({lengths}).",
        "Curves are compared epoch by epoch, and in one of these epochs are missing.",
        "Make the model anew, train it once and leave the history as it is.",
    ),
    Misconception(
        "history_by_hand",
        "`{history}` is a {kind}, and it cannot be told whether its losses come from training `{model}`.",
        "The History object that `fit` returns knows its model and its steps; what is taken out of it does not.",
        "Give the name to the result of `fit` itself.",
    ),
    Misconception(
        "history_unpacked",
        "`{history}` is a {kind}, not the History object that `fit` returns.",
        "The object also tells how many steps an epoch had, and which model was trained.",
        "Give the name to the result of `fit` itself, without taking anything out of it.",
    ),
    Misconception(
        "history_of_another_model",
        "`{history}` tells of the training of `{whose}`, not of `{model}`.",
        "Another network's curves say nothing about yours.",
        "Train `{model}` and keep what its own `fit` returns.",
    ),
    Misconception(
        "history_stale",
        "`{history}` is older than `{model}`: the model was made anew after that training.",
        "These curves belong to a network that is gone.",
        "Run the cells that compile and fit again, in order.",
    ),
    Misconception(
        "validated_seldom",
        "`{history}` holds {seen} validation losses for {epochs} epochs (`validation_freq`).",
        "The lowest point of that curve may lie in an epoch that was left out, and a position in it is no epoch.",
        "Train again with a validation in every epoch.",
    ),
    Misconception(
        "trained_before",
        "`{model}` was trained before, with {earlier}; then it was compiled anew and trained again.",
        "The second training went on where the first one ended, and `{history}` keeps its curves only: they begin low.",
        "Make the model anew, then run `compile` and `fit` once each.",
    ),
    Misconception(
        "trained_further",
        "`{model}` has taken {steps} training steps, but `{history}` tells of {told}.",
        "`fit` was called more than once: each call goes on where the last one ended, and keeps only its own curves.",
        "Make the model anew, then run `compile` and `fit` once each.",
    ),
)

FIT = (
    Misconception(
        "trained_too_short",
        "the training ran for {epochs}, fewer than the exercise gives.",
        "What sets in late cannot show yet, and curves are compared at the same epoch.",
        "Compare `epochs` with the cell that the exercise gave.",
    ),
    Misconception(
        "stopped_early",
        "the training stopped by itself after {epochs}.",
        "Early stopping is a good habit, but it hides what the end of these curves should show.",
        "Train without that callback here.",
    ),
    Misconception(
        "began_late",
        "the training was told to begin at epoch {first} (`initial_epoch`), so it ran for {epochs}.",
        "The epochs before that are not made up for: the network has taken fewer steps than the exercise gives.",
        "Train from the first epoch on.",
    ),
    Misconception(
        "trained_longer",
        "the training ran for {epochs}, more than the exercise gives.",
        "Curves are compared at the same epoch: more training is a second difference.",
        "Compare `epochs` with the cell that the exercise gave.",
    ),
    Misconception(
        "other_steps",
        "an epoch had {steps}, {compared}.",
        "Rows and batch size set how many steps an epoch takes and how noisy each one is.",
        "Compare what you pass to `fit` with the cell that the exercise gave.",
    ),
)

ROWS = (
    Misconception(
        "validation_missing",
        "`{history}` holds no validation loss.",
        "Without rows that the network does not learn from, nobody can see whether it overfits.",
        "Pass the validation part to `fit`.",
    ),
    Misconception(
        "validation_on_training",
        "the validation loss was taken on the training part.",
        "There a network is asked what it has learned by heart, so overfitting cannot show.",
        "Which rows has the network never seen?",
    ),
    Misconception(
        "validation_split",
        "the validation loss was taken on rows cut off the training part (`validation_split`).",
        "Then the network learns from fewer rows and is not judged on the exercise's validation part.",
        "Pass the part that is there for it, with `validation_data`.",
    ),
    Misconception(
        "validation_other_rows",
        "the validation loss in `{history}` is not that of your model on the validation part.",
        "Other rows or other targets were validated on, or the model was changed after the training.",
        "Pass the notebook's own validation part and train once, from the top.",
    ),
    Misconception(
        "predictions_vary",
        "`{model}` predicts something else each time it is asked, so the validation loss in `{history}` cannot be "
        "found again.",
        "So nobody can tell on which rows it was taken, nor how well the whole network does.",
        "Let values be dropped or drawn in training only.",
    ),
    Misconception(
        "compiled_anew",
        "`{model}` was compiled anew after its training, and the validation loss in `{history}` is not found with it.",
        "With another loss than in its training, a model's loss can no longer be held against its curves.",
        "Compile once, before `fit`, then train from the top.",
    ),
    Misconception(
        "parts_swapped",
        "training part and validation part have changed places in `fit`.",
        "The network learned from the small part and was judged on the large one.",
        "Look at which pair stands first.",
    ),
    Misconception(
        "trained_on_all",
        "an epoch had as many steps as training and validation rows together make.",
        "Rows that the network learns from cannot show whether it has learned them by heart.",
        "Pass the training part alone to learn from.",
    ),
    Misconception(
        "rows_unknown",
        "an epoch had {steps}, too few to reach all rows of the training part in the exercise's batches.",
        "So it cannot be told from which rows the network learned.",
        "Pass the whole training part, in the batches of the cell that the exercise gave.",
    ),
    Misconception(
        "trained_on_validation",
        "an epoch had as many steps as the validation rows make.",
        "So the network may have learned from the very rows that it is judged on.",
        "Which part is there to learn from?",
    ),
)

CURVES = (
    Misconception(
        "not_finite",
        "`{series}` is {value} in epoch {epoch}.",
        "From such a loss no step can be computed, so nothing more is learned.",
        "Look at {where}your network, its `compile` and the data.",
    ),
    Misconception(
        "rate_unusable",
        "the learning rate is {rate}{seen}.",
        "{reason}",
        "Look up the optimizer's default, then make the model anew and train it once.",
    ),
    Misconception(
        "not_falling",
        "the training loss went from {first} to {last}: it did not fall.",
        "A network whose training loss does not fall has learned nothing.",
        "Compare network, `compile` and data with those of the exercise; then train again.",
    ),
    Misconception(
        "falls_little",
        "the training loss fell from {first} to {last} only.",
        "The exercise's network gets much further in its training.",
        "Compare network, `compile` and data with those of the exercise; then train again.",
    ),
    Misconception(
        "gap_open",
        "at the end the validation loss is {validation} and the training loss at inference {training}: a gap of {gap}.",
        "The network still does better on rows that it knows: it overfits.",
        "Is dropout where the exercise asks for it, and strong enough?",
    ),
    Misconception(
        "gap_untold",
        "the gap at the end is {gap}, but the validation loss is {loss}, above where the exercise's network ends.",
        "A network that has learned little does as badly on the rows that it knows as on new ones: its small gap says "
        "nothing.",
        "Let the validation loss come down first; then look at the gap again.",
    ),
    Misconception(
        "not_converged",
        "the validation loss ends at {loss}, above where the exercise's network ends.",
        "The training has stalled, went astray or is not done yet.",
        "Look at the findings above, where there are any; then at the curve: is it still falling?",
    ),
    Misconception(
        "uncentred_end",
        "the BatchNormalization before the output layer is made with center = False.",
        "What it gives has the mean 0 in each batch, so the mean prediction is the output layer's bias alone, which "
        "moves towards the targets' mean in small steps.",
        "Leave that setting as it is by default and train anew.",
    ),
    Misconception(
        "not_reached",
        "the validation loss comes down to {loss} at best, not as far as the exercise's network gets.",
        "These curves jump at their end, so it is the lowest point that is compared.",
        "Look at the findings above, where there are any; then at the curve: is it still falling?",
    ),
    Misconception(
        "too_good",
        "the validation loss gets down to {loss}, lower than the exercise's network ever does.",
        "Usually the network has seen the rows that it is judged on.",
        "Check which rows it learns from and which it is validated on.",
    ),
    Misconception(
        "penalized",
        "Keras adds a penalty on the weights to every loss of `{model}` ({setting}): {penalty} at the end.",
        "The exercise's network has none, so your curves lie higher by it, and a part of each step goes to small "
        "weights; what is judged here is the error alone.",
        "To compare the two networks, leave the setting out and train anew.",
    ),
    Misconception(
        "own_loss_overfits",
        "your network's validation loss is {loss}, above the reference's; its training loss {training} (at inference).",
        "The distance between the two says that it overfits.",
        "Try a little more dropout, or fewer units.",
    ),
    Misconception(
        "own_loss_high",
        "your network's validation loss is {loss}, above the reference's; its training loss {training} (at inference).",
        "{reason}: it has not learned enough.",
        "Try wider layers, less dropout or more epochs.",
    ),
)

ENTRIES = (*HISTORY, *FIT, *ROWS, *CURVES)
