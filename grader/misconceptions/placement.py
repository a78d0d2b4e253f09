"""What goes wrong in a block of Dense, batch normalization and activation: the order, and the bias."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

ORDER = (
    Misconception(
        "batch_norm_after_activation",
        "{where} a BatchNormalization layer stands behind the activation.",
        "That is another of the lesson's places; in the block that is asked for, what is normalized are the sums that "
        "the activation bends.",
        "Which two layers of the block must change places?",
    ),
    Misconception(
        "batch_norm_before_dense",
        "a BatchNormalization layer stands before each hidden Dense layer, and none between such a layer and its "
        "activation.",
        "So inputs are normalized, as in the baseline, where this exercise has the sums of each block normalized.",
        "What do you find between Dense and activation in the exercise's block?",
    ),
    Misconception(
        "batch_norm_on_inputs",
        "a BatchNormalization layer stands before the first Dense layer.",
        "The exercise asks for blocks alone, to see what they do with raw inputs; a layer more is a second change.",
        "With which layer does a block begin?",
    ),
    Misconception(
        "batch_norm_missing_in_block",
        "there is no BatchNormalization layer {where}.",
        "There the sums keep the scale of whatever comes in, and the block is no block any more.",
        "Count the layers of each block: does each have its three?",
    ),
    Misconception(
        "batch_norm_uncentred",
        "{which} is made with {setting}, and an activation follows.",
        "Without its shift every unit is bent at the mean of its batch, and neither a bias nor a later layer can move "
        "that point.",
        "Leave the layer's settings as they are by default.",
    ),
)

BIAS = (
    Misconception(
        "bias_before_batch_norm",
        "{which} has a bias, and batch normalization follows at once.",
        "Whatever a bias adds to a unit is part of the unit's mean, which the next layer subtracts: it gets no "
        "gradient, and the layer's own shift does its work.",
        "Which argument of a Dense layer leaves the bias out?",
    ),
    Misconception(
        "bias_by_text",
        "`use_bias` is given the text {text}, and {which} has a bias.",
        "Python takes every text that is not empty for true, whatever it says.",
        "How are the two truth values of Python written?",
    ),
    Misconception(
        "bias_missing",
        "{which} has no bias, and no batch normalization follows at once.",
        "There nothing else can shift what the layer computes: a network without that shift is tied to zero.",
        "In which layers of the exercise is the bias left out, and why just there?",
    ),
)

ENTRIES = (*ORDER, *BIAS)
