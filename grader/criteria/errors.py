"""Reading the error that a learner's cell raised, and saying what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from dropnorm.language import N_, _
from grader.misconceptions import explain
from grader.raised import Raised
from grader.rubric import Fault

# What an error says -> the misconception behind it; the groups of the pattern are the fields of its message.
# The text that is searched begins with the error's kind and the file that raised it: ``TypeError in dropout: …``.
PATTERNS = (
    (r"value received for argument `rate`.*Received: rate=(?P<rate>-\d*\.?\d+)", "rate_negative"),
    (r"value received for argument `rate`.*Received: rate=(?P<rate>\d*\.?\d+)", "rate_in_percent"),
    (r"Dropout\.__init__\(\) missing 1 required positional argument: 'rate'", "rate_not_given"),
    (r"in dropout: '<=' not supported between instances of '\w+' and 'str'", "rate_no_number"),
    (r"value received for argument `noise_shape`.*Received: noise_shape=(?P<value>\d+)", "decimal_comma"),
    (r"Unrecognized keyword arguments passed to (?P<layer>\w+): \{'(?P<argument>\w+)'", "unknown_argument"),
    (r"(?P<layer>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<argument>\w+)'", "unknown_argument"),
    (r"Could not interpret activation function identifier: \d", "two_widths"),
    (r"Dense\.__init__\(\) got multiple values for argument 'activation'", "two_widths"),
    (r"IndexError in batch_normalization: |expected axis 0 of input shape", "axis_without_features"),
    (r"Shapes used to initialize variables must be fully-defined.*batch_normalization", "axis_without_features"),
    (
        r"of layer '(?P<layer>[a-z]\w*?)(?:_\d+)?' is incompatible with the layer: expected (?:min_)?"
        r"ndim=(?P<expected>\d+), found ndim=(?P<found>\d+)",
        "other_shape",
    ),
    (r"Could not interpret (?P<what>activation|optimizer|loss)\b.*?identifier: (?P<value>.+)", "unknown_name_of"),
    (r"invalid value for `units`, expected a positive integer\. Received: units=(?P<value>\S+)", "units_no_number"),
    (r"Only instances of `keras\.Layer` can be added.*Received: <class '[\w.]*?(?P<layer>\w+)'>", "class_for_layer"),
    (r"Only instances of `keras\.Layer` can be added.*Received: None", "nothing_for_layer"),
    (r"Only instances of `keras\.Layer` can be added.*Received: \[", "list_in_list"),
    (
        r"Expected `trainable` to be a boolean|Sequential\.__init__\(\) takes from|`name` must be a string.*name=<",
        "layers_without_list",
    ),
    (  # the same while a model runs (Keras then says what it was calling) is a matter of the data's width
        r"^\w+ in \w+: Input 0 .*of layer '(?P<layer>\w+)' is incompatible.*expected axis -1 of input shape to have "
        r"value (?P<expected>\d+), but received input with shape \(None, (?P<got>\d+)\)",
        "layer_in_two_places",
    ),
    (r"All `\w+` values must be KerasTensors.*invalid value <(?P<layer>\w+) name=", "layers_not_called"),
    (r"All `inputs` values must be KerasTensors", "data_for_input"),
    (r"Output with path .* is not connected to `inputs`", "not_connected"),
    (r"A KerasTensor is symbolic", "numpy_on_symbol"),
    (r"does not have a `call\(\)` method", "no_call"),
    (r"Only input tensors may be passed as positional arguments", "layer_on_layer"),
    (
        r"'(?P<kind>list|tuple)' object has no attribute '(?P<attribute>compile|fit|add|summary|layers|predict)'",
        "list_for_model",
    ),
    (r"'NoneType' object has no attribute '(?P<attribute>\w+)'", "none_for_model"),
    (r"'History' object (?:is not subscriptable|has no attribute '(?:val_)?(?:loss|mae|mse))", "history_as_dictionary"),
    (r"^KeyError in \w+: (?P<series>'\w*(?:loss|val|mae|mse|acc)\w*')$", "no_such_series"),
    (r"'list' object has no attribute '(?P<what>(?:arg|idx)?(?:min|max)|mean|shape|sum|iloc|values)'", "list_as_array"),
    (r"unsupported operand type\(s\) for (?P<what>[-/*]): .*'list'", "list_as_array"),
    (r"module '[\w.]+' has no attribute '(?P<attribute>(?:Lazy)?Linear|BatchNorm\dd|Dropout[12]d)'", "name_of_pytorch"),
    (r"has no attribute '(?P<attribute>\w+)'", "no_such_name"),
    (r"name '(?P<attribute>\w+)' is not defined", "not_defined"),
    (r"No module named '(?P<module>[\w.]+)'", "no_such_module"),
    (r"must call `compile\(\)` before", "fit_before_compile"),
    (
        r"expected axis -1 of input shape to have value (?P<expected>\d+).*?received input with shape "
        r"\(\w+, (?P<got>\d+)\)",
        "wrong_width",
    ),
    (r"`output` must have rank \(ndim\) `target\.ndim - 1`", "labels_one_hot_raised"),
    (r"`target` and `output` must have the same rank \(ndim\)", "labels_numbers_raised"),
    (
        r"compile_loss/.*(?:Incompatible shapes: |with input shapes: )(?P<targets>\[[^]]*\])(?:, | vs\. )"
        r"(?P<predictions>\[[^]]*\])",
        "shapes_in_loss",
    ),
    (r"dtype='string' is not a valid dtype for Keras type promotion", "metrics_unnamed_raised"),
    (r"Received a label value of (?P<label>-?\d+) which is outside the valid range", "label_out_of_range"),
    (r"Data cardinality is ambiguous", "rows_differ"),
    (r"None values not supported", "none_for_numbers"),
    (r"Cannot convert '(?P<value>\d+)' to a shape", "shape_no_tuple"),
    (r"should have unique names", "same_layer_name"),
    (r"'list' object is not callable|'Dense' object is not subscriptable|perhaps you forgot a comma", "comma_missing"),
)


IN_A_GRAPH = "Graph execution error"
SEARCHED = 3_000  # characters at either end of an error: some patterns take the square of their number
# Keras' words for what is looked up by its name, and how messages say that there is none of that name.
UNKNOWN = {
    "activation": N_("no activation called {value}"),
    "optimizer": N_("no optimizer called {value}"),
    "loss": N_("no loss called {value}"),
}


@dataclass(frozen=True)
class Where:
    """Where an error was raised, as messages say it.

    Attributes:
        cell: what the cell is called.
        raised: that it raised an error, as a clause.
    """

    cell: str
    raised: str

    def fields(self) -> dict[str, str]:
        """The fields of a message, in the language that is spoken."""
        return {"cell": _(self.cell), "raised": _(self.raised)}


ANSWERS = Where(N_("your cell"), N_("your cell raised an error"))
COMPILES = Where(N_("the cell that compiles"), N_("the cell that compiles raised an error"))
TRAINS = Where(N_("the cell that trains"), N_("the cell that trains raised an error"))
CALLED = Where(N_("your cell"), N_("your model raises an error when called"))


def explain_error(error: BaseException | Raised, name: str, where: Where = ANSWERS) -> Fault:
    """The fault behind an error of the cell that should have made ``name``.

    Args:
        error: the exception that the cell raised, or what is known of it.
        name: what the cell should have made, for the message.
        where: what raised it: the learner's own cell, one that the exercise gives, or the model.
    """
    error, told = error if isinstance(error, Raised) else Raised.of(error), {"name": name, **where.fields()}
    said = f"{error.kind} in {error.file}: {error.said}"
    if len(said) > 2 * SEARCHED:  # a long one says at its beginning what it is, and at its end what was wrong
        said = f"{said[:SEARCHED]} … {said[-SEARCHED:]}"
    for pattern, key in PATTERNS:
        found = re.search(pattern, said, re.DOTALL)
        if found:
            fields = {field: (value or "").strip() for field, value in found.groupdict().items()}
            if key == "units_no_number":
                fields["value"] = _width_given(error, fields["value"])
            elif key == "unknown_name_of":
                fields["unknown"] = _(UNKNOWN[fields["what"]]).format(**fields)
            return Fault(explain(key, **{**told, **fields}), 1.0, key)
    if error.reason is not None and (error.code or "").lstrip().startswith("```"):
        return Fault(explain("fenced", **told), 1.0, "fenced")
    if error.reason is not None:
        line = _(" in line {number}").format(number=error.line) if error.line else ""
        return Fault(explain("not_python", **told, line=line, said=error.reason), 1.0, "not_python")
    if error.kind == "KeyboardInterrupt":
        return Fault(explain("interrupted", **told), 1.0, "interrupted")
    lines = [line.strip() for line in error.said.splitlines() if line.strip()] or [_("no reason given")]
    if lines[0].startswith(IN_A_GRAPH):  # then TensorFlow says at the end what was wrong, and in which node of it
        lines = [line for line in lines if not line.startswith("[[")][-1:]
    first = lines[0]
    return Fault(explain("raised", **told, error=f"{error.kind}: {shortened(first)}"), 1.0, "raised")


def _width_given(error: Raised, said: str) -> str:
    """What a Dense layer was given as its width, as it was written; ``said`` is how Keras shows it."""
    if error.units is not None:
        return _("the text {text}").format(text=shortened(error.units, 40))
    if error.units_kind is None:
        return said
    return _("{value} (of the kind {kind})").format(value=said, kind=error.units_kind)


def shortened(text: Any, length: int = 160) -> str:
    """A text of at most ``length`` characters, on one line."""
    text = " ".join(str(text).split())
    return text if len(text) <= length else text[: length - 1] + "…"
