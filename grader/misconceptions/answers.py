"""What goes wrong in answers about learning curves."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

ENTRIES = (
    Misconception(
        "answer_no_value",
        "`{name}` is {given}.",
        "The question asks for {wanted}.",
        "Write an expression over the history that gives one value.",
    ),
    Misconception(
        "epoch_from_zero",
        "`{name}` is {value}, one less than the epoch's number.",
        "Positions in Python begin at 0, epochs are counted from 1.",
        "What has to be added to a position to get the epoch's number?",
    ),
    Misconception(
        "epoch_one_more",
        "`{name}` is {value}, one more than the epoch's number.",
        "Epochs are counted from 1, so 1 is added to a position in Python, and nothing to an epoch's number.",
        "Which of the two does your expression begin with?",
    ),
    Misconception(
        "loss_for_epoch",
        "`{name}` is {value}, which is a loss.",
        "The question asks when, not how low.",
        "At which position of the series does that value stand?",
    ),
    Misconception(
        "epoch_of_training_loss",
        "`{name}` is {value}, {what}.",
        "The training loss may go on falling while the network overfits.",
        "Which curve shows how it does on rows that it has not learned from?",
    ),
    Misconception(
        "worst_epoch",
        "`{name}` is {value}, {what}.",
        "A loss is better the lower it is.",
        "Look for the other end of the curve.",
    ),
    Misconception(
        "other_epoch",
        "`{name}` is {value}, but the validation loss of this run is lowest in another epoch.",
        "If it was read off one run, it would not hold for the next: grading trains anew.",
        "Write an expression that finds the lowest validation loss in the history, then its epoch.",
    ),
    Misconception(
        "logged_gap",
        "`{name}` is {value}, the difference to the training loss that Keras logs.",
        "That one is taken in training, over the whole epoch, so part of the difference is an artefact.",
        "Which series holds the training loss at inference?",
    ),
    Misconception(
        "gap_turned_round",
        "`{name}` is {value}: the two losses have changed places.",
        "A gap is positive where the network does worse on rows that it has not seen.",
        "Which of the two is taken from which?",
    ),
    Misconception(
        "gap_at_best_epoch",
        "`{name}` is {value}, the gap of the best epoch.",
        "The question asks for the end of the training.",
        "Which position of a series is its last?",
    ),
    Misconception(
        "gap_as_ratio",
        "`{name}` is {value}, one loss divided by the other.",
        "A gap is a difference, in the unit of the loss.",
        "Take one from the other.",
    ),
    Misconception(
        "one_loss_for_gap",
        "`{name}` is {value}, which is the last {what} itself.",
        "A gap needs two curves.",
        "Which is the other one, and which of the two is taken from which?",
    ),
    Misconception(
        "gap_between_training_losses",
        "`{name}` is {value}, the difference of the two training losses, logged and at inference.",
        "Both are taken on rows that the network learns from, so how it does on new ones is not in it.",
        "Which curve shows that?",
    ),
    Misconception(
        "gap_of_minima",
        "`{name}` is {value}, the difference of the lowest values of two curves.",
        "Each may be lowest in another epoch, and the question asks for the end of the training.",
        "Which position of a series is its last?",
    ),
    Misconception(
        "other_gap",
        "`{name}` is {value}, but the gap at the end of this run is another.",
        "If it was read off one run, it would not hold for the next: grading trains anew.",
        "Write an expression over the history: the last values of two of its series.",
    ),
    Misconception(
        "no_loss_at_inference",
        "the history holds no `loss_at_inference`, so `{name}` cannot be compared.",
        "The callback in the given `fit` measures it after each epoch.",
        "Leave that callback in, and train again.",
    ),
    Misconception(
        "overfits_other",
        "`{name}` is {value}, but the curves of this run say otherwise.",
        "What counts is how far the last validation loss lies above the lowest.",
        "Compare the two by an expression over the history.",
    ),
    Misconception(
        "no_series_to_read",
        "the history holds no `{series}` for each epoch, so `{name}` cannot be compared.",
        "The given `compile` asks for it as a metric.",
        "Compile and train again as the exercise gives it.",
    ),
    Misconception(
        "in_percent",
        "`{name}` is {value}, a percentage.",
        "Keras logs shares, between 0 and 1, and the question asks for one.",
        "Leave the value as the history holds it.",
    ),
    Misconception(
        "of_training_rows",
        "`{name}` is {value}, which is taken on the rows that the network learns from, dropout being on.",
        "The question asks how it does on rows that it has not learned from.",
        "How do the names of those series begin?",
    ),
    Misconception(
        "best_of_its_own",
        "`{name}` is {value}, the highest `{series}` of all epochs.",
        "The highest of many noisy values is a lucky one: another draw of rows would not show it in that epoch.",
        "In which epoch is the validation loss lowest, and what is the value there?",
    ),
    Misconception(
        "at_the_end",
        "`{name}` is {value}, the `{series}` of the last epoch.",
        "The question asks for the epoch in which the validation loss is lowest.",
        "At which position of the series is that?",
    ),
    Misconception(
        "loss_for_it",
        "`{name}` is {value}, which is the validation loss itself.",
        "The loss tells which epoch; what is asked for is another series there.",
        "Which series holds it?",
    ),
    Misconception(
        "other_value",
        "`{name}` is {value}, but `{series}` is another in the best epoch of this run.",
        "If it was read off one run, it would not hold for the next: grading trains anew.",
        "Write an expression that finds the epoch of the lowest validation loss, then the value there.",
    ),
    Misconception(
        "finite_other",
        "`{name}` is {value}, but the history of this run says otherwise.",
        "A loss can be infinite or no number at all (nan), in either series.",
        "Let NumPy look at every value of both.",
    ),
    Misconception(
        "learned_other",
        "`{name}` is {value}, but the history of this run says otherwise.",
        "What counts is the last validation loss and the limit that the question names; nan is below nothing.",
        "Compare the two by an expression over the history.",
    ),
)
