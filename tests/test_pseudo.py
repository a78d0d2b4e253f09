"""In the pseudo-language nothing that the labs and the exercises say is left in plain English."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from claims.shown import english_in

from dropnorm.lab import BatchNormLab, DropoutLab, MaskView, PlacementLab
from dropnorm.lab.view import View
from dropnorm.language import current, use, width
from dropnorm.language.pseudo import ACCENTED, KEPT, PSEUDO, pseudo
from dropnorm.symptoms import Problem
from grader.translating.notebooks import translate
from tests.test_assignment import NAMES as NOTEBOOKS
from tests.test_assignment import outputs, released, run, with_short_baselines
from tests.test_lab_in_chinese import CODE, NAMES, told

OF_THE_DATA = ("read",)  # the names of artists
LABS = {"dropout": DropoutLab, "batch normalization": BatchNormLab, "placement": PlacementLab, "masks": MaskView}


@pytest.fixture
def speaks_pseudo() -> Iterator[None]:
    before = current().code
    use(PSEUDO.code)
    yield
    use(before)


def plain(texts: Iterator[str]) -> dict[str, list[str]]:
    """The texts with words that did not pass through the catalogue, and those words."""
    names = re.compile(rf"{CODE.pattern}|\b(?:{'|'.join(Problem)})(?= \()")
    found = {text: re.findall(r"[^\W\d_]{2,}", names.sub(" ", text)) for text in texts}
    return {
        text: left
        for text, words in found.items()
        if (left := [word for word in words if word not in NAMES and set(word) & set(map(chr, ACCENTED))])
    }


@pytest.mark.usefixtures("speaks_pseudo", "instant")
@pytest.mark.parametrize("name", LABS)
def test_every_text_of_a_lab_is_translatable(name: str) -> None:
    lab: View = LABS[name]()
    texts = [text for text in told(lab.open()) if text.strip()]
    assert len(texts) > 10
    assert plain(texts) == {}
    lab.close()


@pytest.mark.full
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_an_untouched_exercise_shows_nothing_in_plain_english(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    source = released(name)
    notebook = translate(source, lambda heading, text: pseudo(text), PSEUDO.code)
    done = run(with_short_baselines(notebook, 10), tmp_path)
    assert outputs(done, "error") == outputs(done, "stderr") == {}
    shown = {cell.id: cell.outputs for cell in done.cells if cell.cell_type == "code" and "grade(" not in cell.source}
    left = {name: texts for name in shown if (texts := english_in(shown[name], source))}
    assert {name: texts for name, texts in left.items() if name not in OF_THE_DATA} == {}


def test_the_pseudo_language_is_longer_and_keeps_what_is_kept() -> None:
    text = "Give `model` {count} layers: see [the lesson](a.ipynb), <b>now</b>, $x^2$."
    made = pseudo(text)
    assert [kept for kept in KEPT.findall(made) if kept.strip()] == [
        kept for kept in KEPT.findall(text) if kept.strip()
    ]
    letters = sum(map(str.isalpha, re.sub(r"`.*?`|\{.*?\}|\(.*?\)|<.*?>|\$.*?\$", "", text)))
    assert width(made) - width(text) == round(0.4 * letters) > 5
    assert pseudo("12 %") == "12 %"
