"""What keeps an answer from being judged: it is no model, or none that could take the exercise's rows."""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

ENTRIES = (
    Misconception(
        "nothing",
        "`{name}` is None.",
        "So there is no network to look at.",
        "Give the name to the network that you build.",
    ),
    Misconception(
        "not_a_model",
        "`{name}` is {type}, which is no Keras model.",
        "Only a model can be compiled, trained and judged.",
        "Give the name to the network that you build.",
    ),
    Misconception(
        "a_class",
        "`{name}` is the class {type} itself, not a model made from it.",
        "A class is a plan only: it has no weights that could learn.",
        "Put brackets behind its name, and in them what it needs.",
    ),
    Misconception(
        "in_a_list",
        "`{name}` is {type} with a model in it.",
        "`compile` and `fit` belong to the model; what holds it knows neither.",
        "Look at both ends of your expression, for brackets too many or a comma behind the last one.",
    ),
    Misconception(
        "list_of_layers",
        "`{name}` is {type} of layers, not yet a model.",
        "A list of layers knows neither `compile` nor `fit`.",
        "With what did the baseline make a model of its list?",
    ),
    Misconception(
        "history_for_model",
        "`{name}` is a History, which is what `fit` returns.",
        "It holds the curves of a training, not the network that was trained.",
        "Keep the model and the history under two names.",
    ),
    Misconception(
        "layer_for_model",
        "`{name}` is a single layer ({type}).",
        "A layer alone is no network: it cannot be compiled.",
        "Make a model of your layers, as the baseline does.",
    ),
    Misconception(
        "output_for_model",
        "`{name}` is the output of a layer.",
        "In the functional interface the model is made last, of the two ends of the chain.",
        "What else does Keras need beside that end, to make a model?",
    ),
    Misconception(
        "other_library",
        "`{name}` is {type} of {library}.",
        "The given `compile` and `fit` are those of Keras, and so are the layers that this exercise is about.",
        "Build the same network of Keras' layers.",
    ),
    Misconception(
        "no_layers",
        "`{name}` has no layers yet.",
        "So there is nothing in it that could learn.",
        "Add the layers that the exercise describes.",
    ),
    Misconception(
        "no_super",
        "the class {type} has not begun as a model.",
        "Keras takes note of a model's layers only after the parent class has run its own `__init__`.",
        "Call the parent's `__init__` first of all in yours.",
    ),
    Misconception(
        "other_width",
        "`{name}` takes {expected} inputs, but each row of the data has {got}.",
        "Every input needs weights of its own, so a network fits rows of one width only.",
        "Which of your layers says how wide the rows are?",
    ),
    Misconception(
        "input_not_flat",
        "`{name}` takes inputs of the shape {expected}, but the rows come flattened: each is {got} numbers.",
        "A Dense layer takes one row of numbers, and as such the notebook lays out its inputs.",
        "What shape does one row of the notebook's inputs have?",
    ),
    Misconception(
        "other_input_shape",
        "`{name}` takes inputs of the shape {expected}, but a row of the data is {got} numbers.",
        "A network is told the shape of one row; how many rows there are does not matter to it.",
        "Which number in your input's shape does not belong to a single row?",
    ),
    Misconception(
        "returns_nothing",
        "the `call` of {type} returns nothing.",
        "What it computes is lost when it ends, so `{name}` has no output that a loss could be taken of.",
        "With which word does a Python function hand over its result?",
    ),
    Misconception(
        "raises",
        "`{name}` raises an error when it is called on rows of {width} numbers ({error}).",
        "So it can predict nothing, and `fit` would stop there as well.",
        "Call it on a few rows in a cell of your own, and read the last line of the error.",
    ),
)
