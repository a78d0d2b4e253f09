"""Reading the error that a learner's cell raised, and saying what it means."""

from __future__ import annotations

import re
from typing import Any

from grader.misconceptions import explain
from grader.rubric import Fault

# What an error says -> the misconception behind it; the groups of the pattern are the fields of its message.
PATTERNS = (
    (r"value received for argument `rate`.*Received: rate=(?P<rate>-?\d*\.?\d+)", "rate_in_percent"),
    (r"Dropout\.__init__\(\) missing 1 required positional argument: 'rate'", "rate_not_given"),
    (r"Unrecognized keyword arguments passed to (?P<layer>\w+): \{'(?P<argument>\w+)'", "unknown_argument"),
    (r"(?P<layer>\w+)\.__init__\(\) got an unexpected keyword argument '(?P<argument>\w+)'", "unknown_argument"),
    (r"Could not interpret (?P<what>activation|optimizer|loss)\b.*?identifier: (?P<value>.+)", "unknown_name_of"),
    (r"invalid value for `units`, expected a positive integer\. Received: units=(?P<value>\S+)", "units_no_number"),
    (r"Only instances of `keras\.Layer` can be added.*Received: <class '[\w.]*?(?P<layer>\w+)'>", "class_for_layer"),
    (r"Only instances of `keras\.Layer` can be added.*Received: None", "nothing_for_layer"),
    (r"Only instances of `keras\.Layer` can be added.*Received: \[", "list_in_list"),
    (r"Expected `trainable` to be a boolean", "layers_without_list"),
    (r"Only input tensors may be passed as positional arguments", "layer_on_layer"),
    (r"'(?P<kind>list|tuple)' object has no attribute '(?P<attribute>compile|fit|add|summary)'", "list_for_model"),
    (r"'NoneType' object has no attribute '(?P<attribute>compile|fit|add|summary|history)'", "none_for_model"),
    (r"has no attribute '(?P<attribute>\w+)'", "no_such_name"),
    (r"name '(?P<attribute>\w+)' is not defined", "not_defined"),
    (r"No module named '(?P<module>[\w.]+)'", "no_such_module"),
    (r"must call `compile\(\)` before", "fit_before_compile"),
    (
        r"expected axis -1 of input shape to have value (?P<expected>\d+).*?received input with shape "
        r"\(\w+, (?P<got>\d+)\)",
        "wrong_width",
    ),
    (r"Data cardinality is ambiguous", "rows_differ"),
    (r"Cannot convert '(?P<value>\d+)' to a shape", "shape_no_tuple"),
    (r"should have unique names", "same_layer_name"),
    (r"'list' object is not callable|'Dense' object is not subscriptable|perhaps you forgot a comma", "comma_missing"),
)


def explain_error(error: BaseException, name: str) -> Fault:
    """The fault behind an error of the cell that should have made ``name``.

    Args:
        error: the exception that the cell raised, or its text as it was kept.
        name: what the cell should have made, for the message.
    """
    said = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
    for pattern, key in PATTERNS:
        found = re.search(pattern, said, re.DOTALL)
        if found:
            fields = {field: (value or "").strip() for field, value in found.groupdict().items()}
            return Fault(explain(key, name=name, **fields), 1.0, key)
    kind = type(error).__name__
    if isinstance(error, SyntaxError):
        line = f" in line {error.lineno}" if error.lineno else ""
        return Fault(explain("not_python", line=line, said=error.msg or "invalid syntax"), 1.0, "not_python")
    if isinstance(error, KeyboardInterrupt):
        return Fault(explain("interrupted", name=name), 1.0, "interrupted")
    first = next((line.strip() for line in said.splitlines() if line.strip()), "no reason given")
    return Fault(explain("raised", name=name, error=f"{kind}: {shortened(first)}"), 1.0, "raised")


def shortened(text: Any, length: int = 160) -> str:
    """A text of at most ``length`` characters, on one line."""
    text = " ".join(str(text).split())
    return text if len(text) <= length else text[: length - 1] + "…"
