"""What goes wrong when a training gone wrong is mended: the settings for `fit`, the change, and what comes of it."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

SETTINGS = (
    Misconception(
        "settings_missing",
        "`fit_settings` holds nothing yet.",
        "Grading trains your network anew and asks this dictionary for how long and in which batches.",
        "Give the name to a dictionary with epochs and batch size, changed or not.",
    ),
    Misconception(
        "settings_no_dict",
        "`fit_settings` is {kind}, not a dictionary.",
        "`fit` takes its settings by their names, and a dictionary says which value belongs to which name.",
        "Put names and values in curly brackets, or write `dict(...)`.",
    ),
    Misconception(
        "setting_unknown",
        "`fit_settings` has the key {setting}, which `fit` does not know{hint}.",
        "An unknown name is an error, and what it was meant to change stays as it was.",
        "Look up the names of its arguments: `help(keras.Model.fit)`.",
    ),
    Misconception(
        "setting_not_repeated",
        "`fit_settings` gives `{setting}`, with which grading cannot train your network.",
        "It trains anew on all rows of the training part, from the first epoch on, and judges by the validation part.",
        "Leave this key out.",
    ),
    Misconception(
        "setting_no_count",
        "`fit_settings` has {given} for `{setting}`.",
        "Epochs and rows of a batch are counted: whole numbers from 1 on.",
        "Write such a number.",
    ),
    Misconception(
        "epochs_missing",
        "`fit_settings` says nothing of `epochs`.",
        "`fit` trains a single epoch then.",
        "Say how many there shall be, also where you leave their number as it was.",
    ),
    Misconception(
        "callback_not_repeated",
        "`fit_settings` holds the callback {kind}, which grading cannot repeat.",
        "It rebuilds your network from its layers and knows `EarlyStopping` alone of what changes a training.",
        "Leave it out; a learning rate that changes on the way is given in `compile`, as a schedule.",
    ),
    Misconception(
        "stops_by_another_series",
        "your `EarlyStopping` watches {watched}, which no series of this training is, or not in this direction.",
        "It would never stop, or at once.",
        "Let it watch a loss, in its usual direction.",
    ),
)

CHANGE = (
    Misconception(
        "mended_not_compiled",
        "`{model}` is not compiled yet.",
        "How a network is compiled belongs to its training: `fit` needs an optimizer and a loss.",
        "Call `compile` below the network, in the same cell, as the training above does.",
    ),
    Misconception(
        "mended_loss",
        "`{model}` is compiled with {loss} as its loss.",
        "The training to be mended has the mean absolute error; in another loss nobody could see what got better.",
        "Compile with the loss that was given, and change something else.",
    ),
    Misconception(
        "unchanged",
        "your network and its settings do what those of the training gone wrong do.",
        "So it would go wrong again.",
        "Change the one thing that acts on what the curves showed.",
    ),
    Misconception(
        "scaled_outside",
        "your network and its settings are those of the training gone wrong, and `X_train` holds scaled values.",
        "Grading trains on the rows as the exercise prepares them, so what scales them has to be part of the network.",
        "Run the cell with the data again. Which layer can bring its inputs to one scale?",
    ),
    Misconception(
        "change_untold",
        "your network is that of the training gone wrong, and your settings cannot be read.",
        "So it cannot be told what you changed.",
        "Mend what is said of `fit_settings` first.",
    ),
    Misconception(
        "several_changes",
        "you changed {count}: {what}.",
        "With several changes at once nobody can say which of them helped, and the others stay for nothing.",
        "Take them back one after the other: which one acts on what the curves showed?",
    ),
    Misconception(
        "change_elsewhere",
        "you changed {what}, and trained anew from three seeds that does not mend it.",
        "What these curves showed is still there.",
        "What in the network or in its training makes curves like these? Change that instead.",
    ),
    Misconception(
        "change_unseen",
        "you changed {what}, and the training goes past what grading allows.",
        "So it cannot be seen whether that mends it.",
        "Is there something to change that makes the training better at once, and not longer or larger?",
    ),
    Misconception(
        "change_backwards",
        "you changed {what}. That can mend this training, but not in the direction in which you went.",
        "This way it works towards what the curves showed, not against it.",
        "What would the same thing do if you went the other way?",
    ),
    Misconception(
        "change_not_enough",
        "you changed {what}. That can mend this training, but trained anew the problem is still there.",
        "The right thing has to be changed far enough, and in the right place, to show in the curves.",
        "Stay with it: how much of it, or where, would be enough?",
    ),
    Misconception(
        "gone_but_high",
        "you changed {what}. Trained anew, that removes the problem, but the validation loss does not get low.",
        "A problem can also go because the network learns less than it could.",
        "Is this change too strong? Or is there another one that leaves the network able to learn?",
    ),
)

TRAINING = (
    Misconception(
        "past_the_limit",
        "your training would take {times} times {what} that grading allows.",
        "It trains each answer three times, for a whole class.",
        "Look for a change that makes the training better, not longer or larger.",
    ),
    Misconception(
        "stopped_too_late",
        "after {epochs} your `EarlyStopping` had not ended each training, and there grading breaks off.",
        "It trains each answer three times, for a whole class.",
        "Let it stop sooner, or give fewer epochs.",
    ),
    Misconception(
        "as_it_went",
        "trained anew, it goes wrong as it did: neither the network nor its settings have been changed.",
        "There is nothing yet that could mend it.",
        "Change one thing in the cell of your answer, and this part judges what comes of it.",
    ),
    Misconception(
        "high_as_it_was",
        "trained anew, {outcome}, with nothing changed.",
        "The limit that the exercise names tells a mended training from this one.",
        "Look at this number again after your change.",
    ),
    Misconception(
        "still_overfits",
        "trained anew, the training loss at inference ends at {inference}, the validation loss at {validation}.",
        "So the network still does much better on rows that it has seen: it learns by heart.",
        "What would hold the network back more, or stop it in time?",
    ),
    Misconception(
        "still_disagrees",
        "trained anew, the training loss ends at {logged} as logged and at {inference} at inference.",
        "So the network still meets other values when it is used than when it was trained.",
        "What is done to its values in training only, and on which scale do they come in?",
    ),
    Misconception(
        "still_too_slow",
        "trained anew, the network needs {epochs} to get where the slow training ended.",
        "That is no great step forward.",
        "What sets how far one step goes?",
    ),
    Misconception(
        "still_unstable",
        "trained anew, the largest logged loss is {largest}, and at the end it is {last}.",
        "A loss that explodes, even once, leaves weights from which little can be learned.",
        "What makes the steps too large for these inputs?",
    ),
    Misconception(
        "no_number_anew",
        "trained anew, the logged loss is no number any more from epoch {epoch} on.",
        "A loss that explodes so far leaves weights from which nothing can be learned.",
        "What makes the steps too large for these inputs?",
    ),
    Misconception(
        "mended_short",
        "trained anew from three seeds, {outcome} in the middle one of the runs.",
        "The exercise names a limit that the right small change reaches with ease.",
        "Look at your own curves: is the change too weak, too strong, or was the training too short?",
    ),
    Misconception(
        "low_by_luck",
        "trained anew, {outcome}, but what went wrong is still there.",
        "A low loss counts where the problem is gone; before that it may be the luck of these seeds.",
        "Mend what is said above first.",
    ),
)

ENTRIES = (*SETTINGS, *CHANGE, *TRAINING)
