"""The named misconceptions: each has an answer that shows it, and a message for people that never prints the answer."""

from __future__ import annotations

import inspect
import re
from collections import Counter

import pytest

from grader.misconceptions import MISCONCEPTIONS, explain
from tests import test_rubric_curves
from tests.answers import FOLDER, answers
from tests.test_rubric_errors import CELLS

FIELD = re.compile(r"\{(\w+)\}")
# What stands in a gate's place of a name: nothing is called wrong there, so no verdict bears these names (None itself
# is told by `observe` alone).
NAMELESS = {"not_there", "not_begun", "not_answered", "nothing_to_answer", "nothing"}
# What an answer of three epochs cannot show: test_rubric_curves.py trains longer.
BY_FITTED_BANDS = {"gap_open", "own_loss_overfits", "too_good", "not_reached", "uncentred_end"}


@pytest.mark.parametrize("key", MISCONCEPTIONS)
def test_a_message_is_made_of_sentences(key: str) -> None:
    entry = MISCONCEPTIONS[key]
    fields = {name: f"<{name}>" for part in (entry.seen, entry.why, entry.step) for name in FIELD.findall(part)}
    message = explain(key, **fields)
    assert message[0].isupper() or message[0] in "`<"
    assert not FIELD.search(message)
    assert re.search(r"[.?!)>]$", message)
    assert entry.step.endswith((".", "?")), "each ends with one next step"
    assert len(message) < 420, "people read short messages"


@pytest.mark.parametrize("key", MISCONCEPTIONS)
def test_no_message_holds_the_numbers_that_are_asked_for(key: str) -> None:
    entry = MISCONCEPTIONS[key]
    text = f"{entry.seen} {entry.why} {entry.step}"
    assert not re.search(r"0\.3|30|128|\b64\b|512|\b50\b|100\b|rate=", text)
    assert not re.search(r"layers\.[A-Z]", text) and "add(" not in text


def test_each_misconception_has_an_answer_that_shows_it() -> None:
    """By what the tests assert of each answer; a word that happens to stand in a file shows nothing."""
    files = sorted(path.stem for path in FOLDER.glob("*.md") if path.stem != "README")
    shown = {name for answer in answers(*files) for expected in answer.expected for name in expected.misconceptions}
    trained = set(re.findall(r'"(\w+)"', inspect.getsource(test_rubric_curves)))
    assert trained >= BY_FITTED_BANDS
    assert set(MISCONCEPTIONS) - shown - set(CELLS) - BY_FITTED_BANDS == NAMELESS


@pytest.mark.parametrize(
    ("exercise", "of_wrong", "of_right"),
    [("spotify", 25, 15), ("concrete", 25, 15), ("placement", 20, 10), ("vehicles", 20, 10)],
)
def test_there_are_enough_answers_and_no_series_of_one_kind(exercise: str, of_wrong: int, of_right: int) -> None:
    files = sorted(path.stem for path in FOLDER.glob(f"{exercise}-*.md"))
    found = answers(*files)
    wrong = [answer for answer in found if answer.expected[0].status != "right"]
    assert len(wrong) >= of_wrong
    assert len(found) - len(wrong) >= of_right
    kinds = Counter(answer.expected[0].misconceptions for answer in wrong)
    assert max(kinds.values()) <= len(wrong) / 5, kinds.most_common(3)
    models = Counter(answer.cells for answer in found)
    assert max(models.values()) == 1, "each answer once"
