"""What keeps an answer from being judged: it was not begun, or its cell raised an error."""

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
        "`{name}` holds nothing yet, so there is nothing to judge.",
        "(If you did write it: did its cell run? And `compile`, `summary` and functions without `return` give None.)",
        "Write your network in the answer cell, run the cell, then check again.",
    ),
    Misconception(
        "other_name",
        "`{name}` holds no model yet, though `{other}` does.",
        "The checks look at the name that the exercise gives, and at no other.",
        "If `{other}` is your answer, give it that name; if it is a trial, go on.",
    ),
    Misconception(
        "not_answered",
        "{unanswered}, so there is nothing to judge yet.",
        "",
        "Write what you find into the answer cell, run it, then go on.",
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
        "{raised}, because Dropout was given the rate {rate}.",
        "Keras' `rate` is a share between 0 and 1, not a percentage.",
        "Write the share that you mean as a decimal number.",
    ),
    Misconception(
        "rate_negative",
        "{raised}, because Dropout was given the rate {rate}.",
        "Keras' `rate` is the share that is dropped, and a share lies between 0 and 1.",
        "Look at the sign.",
    ),
    Misconception(
        "rate_not_given",
        "{raised}, because a Dropout layer was given no `rate`.",
        "Keras has no default for the share that is dropped, and no other name for it.",
        "Say how much it shall drop.",
    ),
    Misconception(
        "rate_no_number",
        "{raised}, because a Dropout layer was given text as its rate.",
        "Keras' `rate` is a share between 0 and 1, and a share is a number.",
        "Write it as a decimal number, without quotes.",
    ),
    Misconception(
        "decimal_comma",
        "{raised}, because a Dropout layer was given a second setting, {value}, that it cannot use.",
        "Python writes decimal numbers with a point; a comma ends one setting and begins the next.",
        "Look at the numbers in the brackets of your Dropout layers.",
    ),
    Misconception(
        "unknown_argument",
        "{raised}, because {layer} knows no argument `{argument}`.",
        "What a layer does not know is refused, so that a mistyped name cannot be overlooked.",
        "Compare the name with the layer's help (`?` behind its name).",
    ),
    Misconception(
        "unknown_name_of",
        "{raised}, because Keras knows {unknown}.",
        "Such names must be spelled as in the Keras API.",
        "Check the spelling.",
    ),
    Misconception(
        "units_no_number",
        "{raised}, because a Dense layer was given {value} as its number of units.",
        "It must be a whole number above 0, written without quotes.",
        "Check what stands first in the brackets of your Dense layers.",
    ),
    Misconception(
        "two_widths",
        "{raised}, because a Dense layer was given two numbers.",
        "Keras counts a layer's inputs by itself; what stands second in the brackets is the activation.",
        "Which of the two is the layer's own width?",
    ),
    Misconception(
        "axis_without_features",
        "{raised}, because BatchNormalization was given an axis that holds no features.",
        "Its first setting is not a width: it names the axis of the features, which is the last one by default.",
        "Does the exercise ask for any settings of that layer?",
    ),
    Misconception(
        "other_shape",
        "{raised}, because the layer `{layer}` takes data with {expected} axes, not with {found}.",
        "Such layers are made for sequences or images; rows of features have two axes.",
        "Which layer of the lesson works on rows of features?",
    ),
    Misconception(
        "class_for_layer",
        "{raised}, because {layer} stands in the list without brackets.",
        "Without brackets it is the kind of layer, not a layer.",
        "Call it, with its settings in the brackets.",
    ),
    Misconception(
        "nothing_for_layer",
        "{raised}, because one of the layers in your list is None.",
        "Something that should have made a layer made nothing.",
        "Look for the entry that is not a call of a layer.",
    ),
    Misconception(
        "list_in_list",
        "{raised}, because a list stands where a layer is expected.",
        "Sequential takes one flat list of layers.",
        "Count your square brackets.",
    ),
    Misconception(
        "layers_without_list",
        "{raised}, because Sequential was given several layers side by side.",
        "It takes one list of layers.",
        "Put square brackets round them.",
    ),
    Misconception(
        "layer_on_layer",
        "{raised}, because a layer was called on another layer.",
        "A layer is called on data or on another layer's output; in a Sequential the layers are only listed.",
        "Look for a missing comma, or for a layer whose own call is missing.",
    ),
    Misconception(
        "layer_in_two_places",
        "{raised}, because `{layer}` stands in places of different widths, {expected} and {got}.",
        "A layer keeps its weights, so it fits one width only; a list that is multiplied repeats the same layers.",
        "Make a new layer for each place.",
    ),
    Misconception(
        "layers_not_called",
        "{raised}, because `keras.Model` was given a layer ({layer}), not what a layer returns.",
        "In the functional interface each layer is called on what the one before it returned.",
        "Which of your layers are made, but never called?",
    ),
    Misconception(
        "data_for_input",
        "{raised}, because `keras.Model` was given data in place of an Input.",
        "A model is made for any rows of one shape; the rows themselves come with `fit`.",
        "Begin with `keras.Input` and the shape of one row.",
    ),
    Misconception(
        "not_connected",
        "{raised}, because the outputs given to `keras.Model` do not come from its inputs.",
        "Data flow from the inputs through one layer after the other to the outputs.",
        "Check the order of the two, and what each layer is called on.",
    ),
    Misconception(
        "numpy_on_symbol",
        "{raised}, because NumPy was used on a tensor that has no values yet.",
        "While a model is put together its tensors stand for data to come; layers can work on them, NumPy cannot.",
        "Which layer of the lesson computes this?",
    ),
    Misconception(
        "no_call",
        "{raised}, because its class has no `call` method.",
        "Keras runs a model by that method; other libraries give it other names.",
        "How is the method called that leads the data through your layers?",
    ),
    Misconception(
        "list_for_model",
        "{raised}, because a {kind} has no `{attribute}`.",
        "A list of layers is not a model yet, and a comma behind the last bracket makes a tuple.",
        "Make a model of the layers and look at the end of the line.",
    ),
    Misconception(
        "none_for_model",
        "{raised}, because None has no `{attribute}`.",
        "It was looked for in a name that holds nothing: cleared, not made yet, or given what `compile` returns.",
        "Look where that name last got a value, and build anew what is to be yours.",
    ),
    Misconception(
        "no_such_name",
        "{raised}, because there is nothing called `{attribute}` where it was looked for.",
        "Names must be spelled exactly, capitals as well.",
        "Check the spelling (the Tab key completes names).",
    ),
    Misconception(
        "name_of_pytorch",
        "{raised}, because Keras has nothing called `{attribute}`.",
        "PyTorch has; what it calls by that name is called otherwise in Keras, and other settings go with it.",
        "Look at the baseline's layers, and into the list that the Tab key gives.",
    ),
    Misconception(
        "none_for_numbers",
        "{raised}, because None was given where numbers are needed.",
        "`fit`, for one, takes inputs first and their targets second; without targets there is no loss.",
        "Look at each thing that you pass on: which of them is missing or holds nothing?",
    ),
    Misconception(
        "not_defined",
        "{raised}, because the name `{attribute}` is not defined.",
        "Either it is mistyped, or the cell that defines or imports it has not run since the kernel started.",
        "Check the spelling, then run the cells from the top.",
    ),
    Misconception(
        "no_such_module",
        "{raised}, because there is no module `{module}` in this environment.",
        "The exercise needs Keras only, which is imported in the first cell.",
        "Use the imports that are there.",
    ),
    Misconception(
        "history_as_dictionary",
        "{raised}, because a History was read as if it were the dictionary of its series.",
        "`fit` returns an object, which carries that dictionary.",
        "How do the given cells reach the series?",
    ),
    Misconception(
        "no_such_series",
        "{raised}, because there is no series called {series}.",
        "Keras logs `loss`; what is measured on the validation part begins with `val_`.",
        "Let `.history.keys()` list the names that are there.",
    ),
    Misconception(
        "list_as_array",
        "{raised}, because a list was used like an array (`{what}`).",
        "The series of a history are plain lists, with which Python does not calculate.",
        "Take single values of them, or make a NumPy array first.",
    ),
    Misconception(
        "fit_before_compile",
        "{raised}, because the model was not compiled yet.",
        "`fit` needs an optimizer and a loss.",
        "Run the cell that calls `compile` first.",
    ),
    Misconception(
        "wrong_width",
        "{raised}, because the network takes {expected} inputs, but each row of the data has {got}.",
        "The input's shape is the number of features of one row, without the number of rows.",
        "How many numbers does one row of the data hold?",
    ),
    Misconception(
        "shapes_in_loss",
        "{raised}, because the loss cannot compare targets of the shape {targets} with predictions of "
        "the shape {predictions}.",
        "A loss needs one prediction for each target, in the form that it takes.",
        "Compare the output layer and the loss with those that the exercise gave.",
    ),
    Misconception(
        "rows_differ",
        "{raised}, because inputs and targets have different numbers of rows.",
        "Each row of inputs needs its own target.",
        "Check which parts you passed together: training with training, validation with validation.",
    ),
    Misconception(
        "shape_no_tuple",
        "{raised}, because {value} was given as a shape.",
        "A shape is a tuple, even with one number in it.",
        "Put it in brackets with a comma behind the number.",
    ),
    Misconception(
        "same_layer_name",
        "{raised}, because two layers have the same name, or one layer stands twice in the list.",
        "Every layer of a model needs a name of its own.",
        "Make a new layer for each place.",
    ),
    Misconception(
        "comma_missing",
        "{raised} that a missing comma makes.",
        "Two things in a list without a comma between are read as one.",
        "Look at the ends of the lines inside your brackets.",
    ),
    Misconception(
        "fenced",
        "{cell} could not be read as Python, because three backticks stand in it.",
        "They frame code in a chat or in Markdown, and are no code themselves.",
        "Delete the lines with the backticks.",
    ),
    Misconception(
        "not_python",
        "{cell} could not be read as Python{line} ({said}).",
        "So nothing of it ran.",
        "Check brackets, commas, quotes and indentation there and in the line before.",
    ),
    Misconception(
        "interrupted",
        "{cell} was interrupted, so `{name}` is not ready.",
        "Somebody stopped it, or it took longer than a cell may take in grading.",
        "Run it again and let it end.",
    ),
    Misconception(
        "raised",
        "{raised} ({error}).",
        "What it was to make, `{name}`, is not ready.",
        "Read the last line of the error's text in the notebook: it names what Keras or Python could not do.",
    ),
)

ENTRIES = (*NOT_BEGUN, *ERRORS)
