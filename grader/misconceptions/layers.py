"""What goes wrong in a network's layers and in how it is compiled."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

KINDS_AND_ORDER = (
    Misconception(
        "hidden_layer_missing",
        "your network has {count} before the output layer, fewer than the exercise describes.",
        "A layer less is a smaller network, so its curves cannot be compared with the baseline's.",
        "Read your layers aloud beside the exercise's list: which one has no counterpart?",
    ),
    Misconception(
        "extra_hidden_layer",
        "your network has {count} before the output layer, more than the exercise describes.",
        "A larger network overfits sooner, so the comparison with the baseline would mix two changes.",
        "Which of them does the exercise not name?",
    ),
    Misconception(
        "other_dropout",
        "{where} stands {layer}, which is not the Dropout of this lesson.",
        "Its relatives shift, scale or group the values in other ways, made for other networks.",
        "Which layer sets single values to zero and rescales the rest?",
    ),
    Misconception(
        "other_normalization",
        "{where} stands {layer}, which is not batch normalization.",
        "It does not take its mean and its standard deviation over the rows of a batch, one pair for each feature.",
        "Which layer of the lesson does?",
    ),
    Misconception(
        "standardised_in_model",
        "{where} stands {layer}, which scales by numbers that are fixed before training.",
        "The exercise asks for a layer that learns its scale during training and follows the batches.",
        "Which layer of the lesson can stand first as such a preprocessor?",
    ),
    Misconception(
        "batch_norm_not_asked",
        "{where} stands a BatchNormalization layer, which this exercise does not ask for.",
        "With two things changed at once nobody can tell which of them moved the curves.",
        "Take it out and compare again.",
    ),
    Misconception(
        "dropout_not_asked",
        "{where} stands a Dropout layer, which this exercise does not ask for.",
        "With two things changed at once nobody can tell which of them moved the curves.",
        "Take it out and compare again.",
    ),
    Misconception(
        "other_layer",
        "{where} stands {layer}, which this exercise does not ask for.",
        "The curves of another network say little about the change that the exercise is about.",
        "Which of your layers is not in the exercise's list?",
    ),
    Misconception(
        "frozen_layer",
        "{which} is frozen (`trainable = False`).",
        "Its weights keep the random values that they began with, so it cannot learn.",
        "Let all layers learn.",
    ),
    Misconception(
        "not_a_chain",
        "your layers do not follow one another in one chain: data branch off, or weights are used twice.",
        "The exercise compares two networks that differ in one thing only.",
        "Follow the data from the inputs to the output: does each layer take what the one before it gives?",
    ),
    Misconception(
        "regularized",
        "{which} has an extra setting: {setting}.",
        "It changes what is learned, so the curves show two changes at once.",
        "Leave the layer's other settings as they are by default.",
    ),
)

WIDTHS_AND_ACTIVATIONS = (
    Misconception(
        "widths_swapped",
        "the widths of your hidden layers are those of the exercise in another order.",
        "The baseline's widths stand in a fixed order, and only dropout or normalization should differ from it.",
        "Compare your hidden layers with the exercise's, from the inputs on.",
    ),
    Misconception(
        "other_units",
        "{which} has {units} units, not as many as the exercise gives it.",
        "Another width is another network: a comparison holds only where all the rest is equal.",
        "Look the width up in the exercise.",
    ),
    Misconception(
        "activation_missing",
        "{which} has no activation.",
        "Without one, two Dense layers in a row compute no more than one of them could.",
        "Which function of the baseline bends the line?",
    ),
    Misconception(
        "other_activation",
        "{which} uses {function}.",
        "The baseline's hidden layers use another function, and only one thing should differ between the two.",
        "Look up which activation the exercise names.",
    ),
    Misconception(
        "activation_twice",
        "behind {which} stand {functions}, one upon the other.",
        "The second function bends what the first has bent already.",
        "Keep the one that the exercise names.",
    ),
    Misconception(
        "activation_on_inputs",
        "an activation ({function}) stands before the first Dense layer.",
        "It changes the inputs themselves (relu, for one, makes every negative input zero) before anything is learned.",
        "Where does an activation belong, seen from its Dense layer?",
    ),
)

OUTPUT = (
    Misconception(
        "output_missing",
        "the network ends with a hidden layer of {units} units; an output layer is missing.",
        "One number is predicted for each row, so the last layer must give one.",
        "What does the baseline end with?",
    ),
    Misconception(
        "other_output_units",
        "the output layer has {units} units.",
        "One number is predicted for each row; more outputs answer a question that nobody asked.",
        "How many numbers does one row's prediction need?",
    ),
    Misconception(
        "output_activation",
        "the output goes through {function}.",
        "{reason}",
        "What does the baseline do to its output?",
    ),
)

DROPOUT = (
    Misconception(
        "no_dropout",
        "there is no Dropout layer in `{model}`.",
        "It is the baseline's network still, and will overfit as the baseline did.",
        "Which places does the exercise name?",
    ),
    Misconception(
        "dropout_missing",
        "there is no Dropout layer {where}.",
        "The units of that layer can still rely on one another.",
        "Behind which layers does the exercise ask for dropout?",
    ),
    Misconception(
        "dropout_before_dense",
        "{seen}",
        "Dropout acts on what enters it: what it shall thin out must stand before it.",
        "Move it to the other side of the Dense layer.",
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
        "What should come last in a network that predicts a number?",
    ),
    Misconception(
        "dropout_twice",
        "{count} stand one after the other {where}.",
        "Together they drop more than either: what the first leaves is thinned out again.",
        "Keep one of them in each place.",
    ),
    Misconception(
        "rate_kept",
        "{which} {percent} of {its} inputs.",
        "Keras' `rate` is the share that is dropped, not kept.",
        "Which value drops the share that the exercise names?",
    ),
    Misconception(
        "rate_zero",
        "{which} nothing: the rate is 0.",
        "A rate of 0 leaves all values as they are, in training as well.",
        "Which share shall be dropped?",
    ),
    Misconception(
        "rate_one",
        "{which} everything: the rate is 1.",
        "Nothing passes, so the layers behind learn from zeros.",
        "Which share shall be dropped?",
    ),
    Misconception(
        "other_rate",
        "{which} {percent} of {its} inputs, {more_or_less} than the exercise asks for.",
        "The rate says how hard the network is held back: too little and it overfits, too much and it learns slowly.",
        "Compare the rate with the share that the exercise names.",
    ),
    Misconception(
        "dropout_forced",
        "{which} is told `training=True`, so it drops values in predictions as well.",
        "Dropout is for training: at inference the whole network should answer, and the same rows should get the same "
        "predictions twice.",
        "Let Keras decide when the layer is on.",
    ),
    Misconception(
        "dropout_forced_in_calls",
        "{which} is told `training=True`.",
        "In a functional model `fit` and `predict` overrule that, but a plain call of the model drops values, so that "
        "the same rows get other predictions each time.",
        "Let Keras decide when the layer is on.",
    ),
    Misconception(
        "dropout_off",
        "{which} is told `training=False`, so it never drops anything.",
        "`fit` switches dropout on by itself, unless the call forbids it.",
        "Let Keras decide when the layer is on.",
    ),
)

DROPOUT_MASKS = (
    Misconception(
        "dropout_noise_shape",
        "{which} has a `noise_shape`, so its mask is shared.",
        "Dropout draws for each unit of each row on its own; a shared mask drops whole rows or whole units together.",
        "Leave the setting out.",
    ),
)

BATCH_NORM = (
    Misconception(
        "no_batch_norm",
        "there is no BatchNormalization layer in `{model}`.",
        "It is the baseline's network still: raw inputs on different scales make SGD's steps too long or too short.",
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
        "The Dense layer behind that place gets inputs whose scale moves while the layers before it learn.",
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
        "{count} stand one after the other {where}.",
        "The second normalizes what is normalized already.",
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
        "Let it learn.",
    ),
    Misconception(
        "batch_norm_not_moving",
        "the moving averages of {which} do not move in training.",
        "At inference it normalizes by them, so by the 0 and 1 that it began with.",
        "Compare its `momentum` with the default: the share of the old average that is kept at each step.",
    ),
    Misconception(
        "batch_norm_forced",
        "{which} is told `training=True`, so it uses each batch's own statistics in predictions as well.",
        "A row's prediction would then hang on the rows that happen to be predicted with it.",
        "Let Keras decide which statistics to use.",
    ),
    Misconception(
        "batch_norm_forced_in_calls",
        "{which} is told `training=True`.",
        "In a functional model `fit` and `predict` overrule that, but a plain call of the model uses each batch's own "
        "statistics, so that a row's prediction hangs on its neighbours.",
        "Let Keras decide which statistics to use.",
    ),
    Misconception(
        "batch_norm_off",
        "{which} is told `training=False`, so it never normalizes by the batch.",
        "Its moving averages stay at 0 and 1, so raw values pass.",
        "Let Keras decide which statistics to use.",
    ),
)

COMPILE = (
    Misconception(
        "not_compiled",
        "`{model}` is not compiled yet.",
        "`fit` needs an optimizer and a loss.",
        "Run the cell that calls `compile`.",
    ),
    Misconception(
        "other_optimizer",
        "`{model}` is compiled with {optimizer}.",
        "Another optimizer takes other steps, so its curves are not those that the exercise is about.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "other_learning_rate",
        "the learning rate is {rate}, not the optimizer's default.",
        "It sets the length of every step, and with it how fast the curves fall and how much they shake.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "optimizer_settings",
        "the optimizer has an extra setting: {setting}.",
        "Its steps differ from those that the exercise compares.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "other_loss",
        "the loss is {loss}.",
        "Curves of another loss have another unit and another scale, so they cannot be compared with the baseline's.",
        "Compare with the `compile` call that the exercise gave.",
    ),
)

ENTRIES = (*KINDS_AND_ORDER, *WIDTHS_AND_ACTIVATIONS, *OUTPUT, *DROPOUT, *DROPOUT_MASKS, *BATCH_NORM, *COMPILE)
