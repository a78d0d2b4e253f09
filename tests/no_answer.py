"""Whether what a learner reads holds the answer.

A message may repeat what the learner wrote; where it says why it matters and what to do next, and in a hint, the values
and the code that are asked for must not stand.
"""

from __future__ import annotations

import re
from functools import cache

from grader.questions import solution

VALUES = {
    "spotify_model": r"(?<!\d)0?\.3\b|\b30 ?%|\b128\b|\b64\b",
    "spotify_own_model": r"\b192\b|(?<!\d)0?\.[24]\b",
    "concrete_model": r"\b512\b",
    "placement_model": r"\b512\b|use_bias ?= ?False",
    "vehicles_model": r"(?<!\d)0?\.[35]\b|\b[35]0 ?%|\b16\b|\b32\b|\b64\b|activation ?= ?.softmax",
    "diagnosis_1": r"\boverfits\b",
    "mended_1": r"(?<!\d)0?\.3\b",
    "diagnosis_2": r"\bdisagree\b",
    "mended_2": r"BatchNormalization",
    "diagnosis_3": r"\btoo slow\b",
    "mended_3": r"\b0\.001\b|\b1e-0?3\b",
    "diagnosis_4": r"\bunstable\b",
    "mended_4": r"BatchNormalization|\badam\b",
}
CODE = r"\b(?:Dropout|Dense|BatchNormalization|Sequential|Input|Model)\((?=[^)])|arg(?:min|max)|idxmin|\[-1\]|history\["


@cache
def lines_of_solution(exercise: str) -> tuple[str, ...]:
    """The lines of the course's own solution, without those that every network has."""
    lines = (line.strip().rstrip(",") for line in solution(exercise).splitlines())
    return tuple(line for line in lines if "(" in line and len(line) > 12 and "Sequential" not in line)


def printed(exercise: str, text: str, own: str = "") -> set[str]:
    """What of the exercise's answer stands in a text.

    Args:
        exercise: the exercise's name.
        text: a message or a hint.
        own: what the learner wrote. The first sentence of a message, which says what was seen, may repeat it.
    """
    first, *rest = re.split(r"(?<=[.?!)]) (?=[A-Z`(])", text, maxsplit=1) if own else ("", text)
    said, pattern = " ".join(rest), f"{VALUES[exercise]}|{CODE}"
    found = {match[0] for match in re.finditer(pattern, said)}
    found |= {match[0] for match in re.finditer(pattern, first) if not _wrote(match[0], own)}
    return found | {line for line in lines_of_solution(exercise) if line in said or (line in first and line not in own)}


def _wrote(value: str, own: str) -> bool:
    """Whether a learner's cell holds a value, a share also as the decimal number that it is."""
    share = re.fullmatch(r"(\d+) ?%", value)
    return value in own or bool(share and f"{int(share[1]) / 100:g}" in own)
