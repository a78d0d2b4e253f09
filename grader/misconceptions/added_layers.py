"""What goes wrong in the layers that the exercises add to a network: dropout and batch normalization."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

DROPOUT = (
    Misconception(
        "no_dropout",
        "there is no Dropout layer in `{model}`.",
        "{reason}",
        "Which places does the exercise name?",
    ),
    Misconception(
        "dropout_missing",
        "there is no Dropout layer {where}.",
        "Units whose outputs are never dropped can still rely on one another.",
        "Behind which layers does the exercise ask for dropout?",
    ),
    Misconception(
        "dropout_before_dense",
        "{seen}",
        "Dropout stands between two layers: it drops outputs of the one before it, which are the inputs of the one "
        "after it.",
        "Which layer's outputs does each of your Dropout layers act on?",
    ),
    Misconception(
        "dropout_on_inputs",
        "a Dropout layer stands before the first Dense layer.",
        "There it hides whole features of a row; the exercise wants hidden units dropped.",
        "Which layer's outputs shall be dropped?",
    ),
    Misconception(
        "dropout_on_output",
        "a Dropout layer stands after the output layer.",
        "It sets predictions themselves to zero while training, and the network is blamed for answers it did not give.",
        "What should come last, if what comes last is the prediction?",
    ),
    Misconception(
        "dropout_twice",
        "{count} stand {where}.",
        "Together they drop more than either: what the first leaves is thinned out again.",
        "Keep one of them in each place.",
    ),
    Misconception(
        "rate_kept",
        "{seen}",
        "Keras' `rate` is the share that is dropped, not kept.",
        "Which value drops the share that the exercise names?",
    ),
    Misconception(
        "rate_zero",
        "{which} drops nothing: the rate is 0.",
        "A rate of 0 leaves all values as they are, in training as well.",
        "Which share shall be dropped?",
    ),
    Misconception(
        "rate_one",
        "{seen}",
        "Nothing passes, so the layers behind learn from zeros.",
        "Which share shall be dropped?",
    ),
    Misconception(
        "other_rate",
        "{seen}",
        "The rate says how hard the network is held back: too little and it overfits, too much and it learns slowly.",
        "Compare the rate with the share that the exercise names.",
    ),
    Misconception(
        "dropout_forced",
        "{which} drops values in predictions as well: it is told `training=True`, or does not know when it trains.",
        "Dropout is for training: at inference the whole network should answer, and the same rows should get the same "
        "predictions twice.",
        "Take the argument out of the call, or pass on the `training` that your own `call` is given.",
    ),
    Misconception(
        "training_inverted",
        "{which} is told the opposite of what the model is told: it trains at inference, and does not while training.",
        "`fit` calls the model with `training=True`, `predict` with `training=False`; a layer should follow.",
        "Pass on the `training` that your `call` is given, as it is.",
    ),
    Misconception(
        "dropout_forced_in_calls",
        "{which} is told `training=True`.",
        "In a functional model `fit` and `predict` overrule that, but a plain call of the model drops values, so that "
        "the same rows get other predictions each time.",
        "Take that argument out of the call.",
    ),
    Misconception(
        "dropout_off",
        "{which} is told `training=False`, so it never drops anything.",
        "`fit` switches dropout on by itself, unless the call forbids it.",
        "Take that argument out of the call.",
    ),
)

DROPOUT_MASKS = (
    Misconception(
        "dropout_noise_shape",
        "{which} has a `noise_shape`, so its mask is shared.",
        "Dropout draws for each unit of each row on its own; a shared mask drops whole rows or whole units together.",
        "Take `noise_shape` out of the layer's brackets.",
    ),
)

BATCH_NORM = (
    Misconception(
        "no_batch_norm",
        "there is no BatchNormalization layer in `{model}`.",
        "Without it raw inputs on different scales make SGD's steps too long or too short.",
        "Which places does the exercise name?",
    ),
    Misconception(
        "batch_norm_not_first",
        "no BatchNormalization layer stands before the first Dense layer.",
        "The raw inputs (hundreds of kilograms beside a few) enter the first Dense layer on their own scales.",
        "What should the data meet first?",
    ),
    Misconception(
        "batch_norm_missing",
        "there is no BatchNormalization layer {where}.",
        "Without it a Dense layer gets inputs whose scale moves while the layers before it learn.",
        "Count the Dense layers: does each one have its own normalization before it?",
    ),
    Misconception(
        "batch_norm_after_output",
        "a BatchNormalization layer stands after the output layer.",
        "In training it shifts each prediction by the mean of its batch, so that a prediction hangs on its neighbours.",
        "What should come last in a network that predicts a number?",
    ),
    Misconception(
        "batch_norm_twice",
        "{count} stand {where}.",
        "One is enough for the Dense layer behind that place to get inputs on one scale.",
        "Keep one of them in each place.",
    ),
    Misconception(
        "batch_norm_before_activation",
        "{where} a BatchNormalization layer stands between the Dense layer and its activation.",
        "That is another of the lesson's three places; then the next Dense layer gets inputs that are cut at zero and "
        "centred no more.",
        "Where must it stand so that the next Dense layer gets normalized inputs?",
    ),
    Misconception(
        "batch_norm_frozen",
        "{which} is frozen (`trainable = False`).",
        "A frozen BatchNormalization normalizes by its moving averages, which stay at 0 and 1: raw values pass.",
        "Look for `trainable` in your code: in the layer's brackets, or set afterwards.",
    ),
    Misconception(
        "batch_norm_not_moving",
        "the moving averages of {which} do not move in training.",
        "At inference such a layer normalizes by them, so by the 0 and 1 that it began with.",
        "Compare `momentum` with the default: the share of the old average that is kept at each step.",
    ),
    Misconception(
        "batch_norm_momentum",
        "{which} has the momentum {momentum}, so the averages forget all but the last few batches.",
        "In Keras it is the share of the old average that is kept at each step; other libraries count the new one.",
        "Compare it with the default.",
    ),
    Misconception(
        "batch_norm_unscaled",
        "{which} is made with {setting}.",
        "What it does not scale or shift the next Dense layer can, so nothing is taken off for it here; how fast that "
        "is learned is another question, which the curve answers.",
        "To see both of them learned by this layer, leave its settings as they are by default.",
    ),
    Misconception(
        "batch_norm_settings",
        "{which} is made with {setting}.",
        "By default nothing holds back what it learns, and epsilon is small beside the variances.",
        "Leave the layer's other settings as they are by default.",
    ),
    Misconception(
        "batch_norm_forced",
        "{which} is told `training=True`, so it uses each batch's own statistics in predictions as well.",
        "A row's prediction would then hang on the rows that happen to be predicted with it.",
        "Take the argument out of the call, or pass on the `training` that your own `call` is given.",
    ),
    Misconception(
        "batch_norm_forced_in_calls",
        "{which} is told `training=True`.",
        "In a functional model `fit` and `predict` overrule that, but a plain call of the model uses each batch's own "
        "statistics, so that a row's prediction hangs on its neighbours.",
        "Take that argument out of the call.",
    ),
    Misconception(
        "batch_norm_off",
        "{which} is told `training=False`, so it never normalizes by the batch.",
        "Its moving averages stay at 0 and 1, so raw values pass.",
        "Take that argument out of the call.",
    ),
)

ENTRIES = (*DROPOUT, *DROPOUT_MASKS, *BATCH_NORM)
