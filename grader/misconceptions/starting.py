"""What keeps an answer from being judged: not begun, an error in its cell, something that is no model.

What is no model is named by `grader.facts.ObservationError` with a reason; its sentence stands there.
"""

from __future__ import annotations

from grader.misconceptions.noun import Misconception

NOT_BEGUN = (
    Misconception(
        "not_there",
        "there is no `{name}` here yet.",
        "The notebook's cells up to this one have not all run since the kernel started.",
        "Run them from the top (Run > Run All Above Selected Cell), then check again.",
    ),
    Misconception(
        "not_begun",
        "`{name}` is still None, so there is nothing to judge yet.",
        "(If you did write it, look whether its cell ran, and whether it ends up as None: `compile` returns nothing.)",
        "Write your network in the answer cell, run the cell, then check again.",
    ),
    Misconception(
        "other_name",
        "`{name}` is still None, but `{other}` is a Keras model.",
        "The checks look at the name that the exercise gives.",
        "Give your network the name that the exercise uses.",
    ),
    Misconception(
        "not_answered",
        "{answers} {are} still None, so there is nothing to judge yet.",
        "",
        "Write an expression over the history, run the cell, then go on.",
    ),
    Misconception(
        "nothing_to_answer",
        "`{history}` is not there, so the answer has nothing to be compared with.",
        "The question is about the curves of that training.",
        "Run the cell that trains, then the answer's cell again.",
    ),
)

ERRORS = (
    Misconception(
        "rate_in_percent",
        "your cell raised an error, because Dropout was given the rate {rate}.",
        "Keras' `rate` is a share between 0 and 1, not a percentage.",
        "Write the share that you mean as a decimal number.",
    ),
    Misconception(
        "rate_not_given",
        "your cell raised an error, because a Dropout layer was given no rate.",
        "Keras has no default for the share that is dropped.",
        "Say how much it shall drop.",
    ),
    Misconception(
        "unknown_argument",
        "your cell raised an error, because {layer} knows no argument `{argument}`.",
        "A mistyped name is refused, so that it cannot be overlooked.",
        "Compare the name with the layer's help (`?` behind its name).",
    ),
    Misconception(
        "unknown_name_of",
        "your cell raised an error, because Keras knows no {what} called {value}.",
        "Such names must be spelled as in the Keras API.",
        "Check the spelling.",
    ),
    Misconception(
        "units_no_number",
        "your cell raised an error, because a Dense layer was given {value} as its number of units.",
        "It must be a whole number above 0, written without quotes.",
        "Check what stands first in the brackets of your Dense layers.",
    ),
    Misconception(
        "class_for_layer",
        "your cell raised an error, because {layer} stands in the list without brackets.",
        "Without brackets it is the kind of layer, not a layer.",
        "Call it, with its settings in the brackets.",
    ),
    Misconception(
        "nothing_for_layer",
        "your cell raised an error, because one of the layers in your list is None.",
        "Something that should have made a layer made nothing.",
        "Look for the entry that is not a call of a layer.",
    ),
    Misconception(
        "list_in_list",
        "your cell raised an error, because a list stands where a layer is expected.",
        "Sequential takes one flat list of layers.",
        "Count your square brackets.",
    ),
    Misconception(
        "layers_without_list",
        "your cell raised an error, because Sequential was given several layers side by side.",
        "It takes one list of layers.",
        "Put square brackets round them.",
    ),
    Misconception(
        "layer_on_layer",
        "your cell raised an error, because a layer was called on another layer.",
        "A layer is called on data or on another layer's output; in a Sequential the layers are only listed.",
        "Look for a missing comma, or for a layer whose own call is missing.",
    ),
    Misconception(
        "list_for_model",
        "your cell raised an error, because a {kind} has no `{attribute}`.",
        "A list of layers is not a model yet, and a comma behind the last bracket makes a tuple.",
        "Make a model of the layers and look at the end of the line.",
    ),
    Misconception(
        "none_for_model",
        "your cell raised an error, because None has no `{attribute}`.",
        "The name it was called on holds nothing: its cell has not run, or it was given what `compile` returns.",
        "Run the cells in order, and keep `compile` on a line of its own.",
    ),
    Misconception(
        "no_such_name",
        "your cell raised an error, because there is nothing called `{attribute}` where it was looked for.",
        "Keras' names must be spelled exactly, capitals as well.",
        "Check the spelling (the Tab key completes names).",
    ),
    Misconception(
        "not_defined",
        "your cell raised an error, because the name `{attribute}` is not defined.",
        "Either it is mistyped, or the cell that defines or imports it has not run since the kernel started.",
        "Check the spelling, then run the cells from the top.",
    ),
    Misconception(
        "no_such_module",
        "your cell raised an error, because there is no module `{module}` in this environment.",
        "The exercise needs Keras only, which is imported in the first cell.",
        "Use the imports that are there.",
    ),
    Misconception(
        "fit_before_compile",
        "your cell raised an error, because `fit` was called before `compile`.",
        "`fit` needs an optimizer and a loss.",
        "Run the cell that calls `compile` first.",
    ),
    Misconception(
        "wrong_width",
        "your cell raised an error, because the network takes {expected} inputs, but each row of the data has {got}.",
        "The input's shape is the number of features of one row, without the number of rows.",
        "Take it from the data: `X_train.shape[1]`.",
    ),
    Misconception(
        "rows_differ",
        "your cell raised an error, because inputs and targets have different numbers of rows.",
        "Each row of inputs needs its own target.",
        "Check which parts you passed together: training with training, validation with validation.",
    ),
    Misconception(
        "shape_no_tuple",
        "your cell raised an error, because {value} was given as a shape.",
        "A shape is a tuple, even with one number in it.",
        "Put it in brackets with a comma behind the number.",
    ),
    Misconception(
        "same_layer_name",
        "your cell raised an error, because two layers have the same name, or one layer stands twice in the list.",
        "Every layer of a model needs a name of its own.",
        "Make a new layer for each place.",
    ),
    Misconception(
        "comma_missing",
        "your cell raised an error that a missing comma makes.",
        "Two things in a list without a comma between are read as one.",
        "Look at the ends of the lines inside your brackets.",
    ),
    Misconception(
        "not_python",
        "your cell could not be read as Python{line} ({said}).",
        "So nothing of it ran.",
        "Check brackets, commas and quotes there and in the line before.",
    ),
    Misconception(
        "interrupted",
        "your cell was interrupted, so `{name}` is not ready.",
        "",
        "Run it again and let it end.",
    ),
    Misconception(
        "raised",
        "your cell raised an error ({error}).",
        "What it was to make, `{name}`, is not ready.",
        "Read the last line of the error's text in the notebook: it names what Keras or Python could not do.",
    ),
)

ENTRIES = (*NOT_BEGUN, *ERRORS)
