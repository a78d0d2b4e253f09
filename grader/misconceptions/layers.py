"""What goes wrong in a network itself: kinds of layers, widths, activations, the output, and how it is compiled."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

KINDS_AND_ORDER = (
    Misconception(
        "hidden_layer_missing",
        "your network has {layers}; the exercise describes more hidden layers.",
        "With fewer layers it is a smaller network, whose curves cannot be compared with the baseline's.",
        "Read your layers aloud beside the exercise's list: which one has no counterpart?",
    ),
    Misconception(
        "extra_hidden_layer",
        "your network has {layers}; the exercise describes fewer hidden layers.",
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
        "not_dense",
        "in place of {place} stands {layer}.",
        "It works on its inputs in another way, so its curves say little about the change that the exercise is about.",
        "Which kind of layer does the baseline use there?",
    ),
    Misconception(
        "dense_over_steps",
        "{which} works on each of {setting} parts of a row by itself.",
        "So each part is computed without the others, where a Dense layer should see all features of a row together.",
        "Look at the shapes in `summary()`: which layer cuts the rows up?",
    ),
    Misconception(
        "constant_weights",
        "{which} begins with weights that are all equal ({setting}).",
        "Units that begin alike get the same gradient and stay alike; from zeros no gradient passes at all.",
        "Leave the first weights of the layer to its default.",
    ),
    Misconception(
        "several_outputs",
        "`{model}` has {count}.",
        "There is one target for each row; what a further output learns pulls at the same hidden layers.",
        "Which of them is the prediction?",
    ),
    Misconception(
        "frozen_layer",
        "{which} is frozen (`trainable = False`).",
        "Its weights keep the random values that they began with, so it cannot learn.",
        "Look for `trainable` in your code: in the layer's brackets, or set afterwards.",
    ),
    Misconception(
        "made_in_call",
        "{which} is not the model's own: it is made anew in each call, or kept where Keras does not look.",
        "Training moves the weights that a model owns, and no others, so it cannot learn.",
        "Make each layer once, in `__init__`, and keep it as an attribute of the model.",
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
        "{which} has {units}, not as many as the exercise gives it.",
        "Another width is another network: a comparison holds only where all the rest is equal.",
        "Look the width up in the exercise.",
    ),
    Misconception(
        "activation_missing",
        "{seen}",
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
        "the network ends with {end}; an output layer is missing.",
        "One number is predicted for each row, so the last layer must give one.",
        "What does the baseline end with?",
    ),
    Misconception(
        "other_output_units",
        "the output layer has {units}.",
        "One number is predicted for each row; more outputs answer a question that nobody asked.",
        "How many numbers does one row's prediction need?",
    ),
    Misconception(
        "other_output_shape",
        "a row's prediction is no single number, but an array of the shape {shape}.",
        "Then the loss no longer compares one prediction with one target.",
        "Look at the shapes in `summary()`: where does a row become more than a list of features?",
    ),
    Misconception(
        "output_activation",
        "the output goes through {function}.",
        "{reason}",
        "What does the baseline do to its output?",
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
        "the optimizer has {noun}: {setting}.",
        "Its steps differ from those that the exercise compares.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "loss_weighted",
        "the loss of `{model}` is weighted: loss_weights = {weights}.",
        "It is then another number than the one that the exercise compares.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "metrics_unnamed",
        "the third place of the `compile` call holds {weights}.",
        "That place is `loss_weights`, and a text is no weight; a metric is given by its argument's name.",
        "Which name stands before the metrics in the `compile` call that the exercise gave?",
    ),
    Misconception(
        "no_loss",
        "`{model}` is compiled without a loss.",
        "`fit` makes a loss smaller; without one there is nothing to learn from.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "other_loss",
        "the loss is {loss}.",
        "Curves of another loss have another unit and another scale, so they cannot be compared with the baseline's.",
        "Compare with the `compile` call that the exercise gave.",
    ),
)

ENTRIES = (*KINDS_AND_ORDER, *WIDTHS_AND_ACTIVATIONS, *OUTPUT, *COMPILE)
