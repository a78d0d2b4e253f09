"""What goes wrong in a network that tells kinds apart: its output, its loss, the form of the labels, its inputs."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

OUTPUT = (
    Misconception(
        "softmax_missing",
        "the output has no activation, and the loss takes what it gives for probabilities.",
        "Scores of any size, negative ones too, are no probabilities: cut off at 0 and 1 they give hardly a gradient.",
        "Which function makes shares that sum to 1 of them?",
    ),
    Misconception(
        "output_sigmoid",
        "the output goes through sigmoid.",
        "It judges each kind by itself, so the shares of a picture need not sum to 1, though it shows one kind only.",
        "Which function lets the kinds compete?",
    ),
    Misconception(
        "softmax_twice",
        "the output goes through softmax twice.",
        "Shares that go through it again are nearly equal: the network can never be sure, and its gradients are small.",
        "Keep one of them.",
    ),
    Misconception(
        "other_kinds_activation",
        "the output goes through {functions}.",
        "The loss wants a probability for each kind: between 0 and 1, and 1 in all.",
        "Compare with the end of the baseline.",
    ),
    Misconception(
        "other_kinds_units",
        "the output layer has {units}.",
        "Each kind needs a unit of its own, which gives that kind's probability.",
        "How many kinds are there?",
    ),
    Misconception(
        "kinds_output_missing",
        "the network ends with {end}; an output layer is missing.",
        "The last layer must give one probability for each kind.",
        "What does the baseline end with?",
    ),
    Misconception(
        "other_kinds_shape",
        "a row's prediction has the shape {shape}, which is no list of one number for each kind.",
        "Then the loss compares other things than a row's probabilities with its label.",
        "Look at the shapes in `summary()`: where does a row become more than a list of numbers?",
    ),
)

LOSS = (
    Misconception(
        "binary_loss",
        "the loss is the binary cross-entropy, which is for two kinds, or for questions of yes and no.",
        "Here each picture is of one kind out of several, and the probabilities of all of them belong together.",
        "Compare with the `compile` call that the exercise gave.",
    ),
    Misconception(
        "softmax_and_logits",
        "the loss of `{model}` expects scores (`from_logits=True`), but its output has been through softmax.",
        "Keras notices that here and warns; elsewhere softmax would be taken twice, and so it is in a loss that is "
        "computed by hand.",
        "Keep one of the two.",
    ),
    Misconception(
        "labels_one_hot",
        "`{targets}` holds one-hot rows, but the loss takes each label as one whole number.",
        "`fit` would stop with an error about shapes.",
        "Which of Keras' two cross-entropies for several kinds takes rows?",
    ),
    Misconception(
        "labels_numbers",
        "`{targets}` holds whole numbers, but the loss takes each label as a one-hot row.",
        "`fit` would stop with an error about shapes.",
        "Which of Keras' two cross-entropies for several kinds takes numbers?",
    ),
)

ERRORS = (
    Misconception(
        "labels_one_hot_raised",
        "{raised}, because the loss takes each label as one number, and was given one-hot rows.",
        "Keras has a cross-entropy for either form, and they are not interchangeable.",
        "Compare labels and `compile` with the cells that the exercise gave.",
    ),
    Misconception(
        "labels_numbers_raised",
        "{raised}, because the loss compares shape with shape, and was given labels that are numbers.",
        "A label that is one number goes with a loss that takes the kind's number, not a row.",
        "Compare labels and `compile` with the cells that the exercise gave.",
    ),
    Misconception(
        "metrics_unnamed_raised",
        "{raised}, because a text stands where `compile` takes numbers: its third place is `loss_weights`.",
        "A metric is given by its argument's name, not by its place.",
        "Which name stands before the metrics in the `compile` call that the exercise gave?",
    ),
    Misconception(
        "loss_of_kinds",
        "{raised}, because the loss of `{model}` takes each target as the number of a kind.",
        "It belongs to networks that tell kinds apart; here a measure is predicted.",
        "Compare the loss with the one in the `compile` call that the exercise gave.",
    ),
    Misconception(
        "label_out_of_range",
        "{raised}, because a label, {label}, is the number of a kind that the output has no unit for.",
        "Kinds are counted from 0, and each needs a unit of the output layer.",
        "How many kinds are there, and how many units?",
    ),
)

PLACES_AND_INPUTS = (
    Misconception(
        "input_dropout_missing",
        "there is no Dropout layer before the first Dense layer.",
        "So each step sees every pixel, and the first layer may rely on a few of them.",
        "What is the first thing that the exercise's list does to a picture?",
    ),
    Misconception(
        "rates_swapped",
        "the rate before the first Dense layer and the rate behind the hidden layers have changed places.",
        "Inputs are usually dropped at a lower rate than hidden units: what is lost of a picture no layer can restore.",
        "Which of the exercise's two rates belongs to the pixels?",
    ),
    Misconception(
        "standardised_as_one",
        "`{inputs}` is standardised by one mean and one deviation for all its inputs.",
        "Then inputs that are bright in every picture, the sky's, are large in every picture, and the network of this "
        "exercise learns nothing.",
        "Along which axis must mean and deviation be taken, so that each input has its own?",
    ),
)

ENTRIES = (*OUTPUT, *LOSS, *ERRORS, *PLACES_AND_INPUTS)
