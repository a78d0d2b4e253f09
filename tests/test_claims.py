"""Every claim of a lesson has a tag, every tag an expression that a run must make true, and every expression a tag."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from claims import LESSONS, Lesson, disagreements, slugs
from claims.prose import claiming, sentences, untagged

TESTS = Path(__file__).parent
BY_LESSON = pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.path.stem)


def cell(source: str, *tags: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_markdown_cell(source, id="the-cell", metadata={"tags": list(tags)} if tags else {})


@BY_LESSON
def test_each_lesson_has_claims_and_a_file_that_runs_it(lesson: Lesson) -> None:
    assert lesson.claims
    assert (TESTS / f"test_claims_{lesson.name}.py").is_file()


@BY_LESSON
def test_every_tag_has_an_expression_and_every_expression_a_tag(lesson: Lesson) -> None:
    assert disagreements(lesson.cells, lesson.claims) == []


@BY_LESSON
def test_every_sentence_that_reads_like_a_claim_is_tagged(lesson: Lesson) -> None:
    assert untagged(lesson.cells) == []


@BY_LESSON
def test_expressions_are_code(lesson: Lesson) -> None:
    compile(lesson.prepare, "PREPARE", "exec")
    for slug, expression in lesson.claims.items():
        compile(expression, slug, "eval")


def test_a_lesson_without_a_module_is_refused() -> None:
    with pytest.raises(LookupError, match="03_more has no module of claims"):
        _ = Lesson(Path("03_more")).claims


@pytest.mark.parametrize(
    ("cells", "claims", "told"),
    [
        ([cell("A wins.", "claim-a-wins")], {"a-wins": "a > b"}, None),
        ([cell("A wins.", "claim-a-wins"), cell("A wins.", "claim-a-wins")], {"a-wins": "a > b"}, None),
        ([cell("A wins.", "claim-a-wins")], {}, "Cell the-cell claims 'a-wins'; no expression tests it."),
        ([cell("A.", "hide-input")], {"a-wins": "a > b"}, "'a-wins' is tested; no cell claims it."),
        ([cell("A wins.", "claim_A")], {}, "Cell the-cell has the tag 'claim_A'; claims are tagged 'claim-' and "),
        ([cell("A wins.", "claim-a", "no-claim")], {"a": "a > b"}, "Cell the-cell claims something and nothing: "),
    ],
)
def test_a_fault_among_the_tags_is_named(cells: list, claims: dict[str, str], told: str | None) -> None:
    found = disagreements(cells, claims)
    assert len(found) == (told is not None)
    assert not told or found[0].startswith(told)


@pytest.mark.parametrize(
    "sentence",
    [
        "With dropout the loss ends at 0.61.",
        "It drops 30 % of them.",
        "It takes three times as long.",
        "The gap is halved; half of it is left.",
        "Less than a third is left.",
        "It holds in 4 of 5 seeds.",
        "Three in ten fall silent.",
        "All of the five hold.",
        "That takes two minutes.",
        "Batch normalization **helps**.",
        "It needs fewer epochs.",
        "Dropout prevents overfitting.",
        "The plain network beats the recipe.",
        "The recipe ruins it.",
        "Its loss rises.",
        "The gap shrank.",
        "The loss is lower.",
        "An epoch costs more.",
        "A training that is stuck",
        "- in a list, it wins\n- and nothing else",
        "## Dropout asks for wider layers",
        "Will it help? It helps.",
    ],
)
def test_a_sentence_that_reads_like_a_claim_is_found(sentence: str) -> None:
    assert claiming(sentence)
    assert untagged([cell(sentence)]) and untagged([cell(sentence, "hide-input")])
    assert not untagged([cell(sentence, "claim-a")]) and not untagged([cell(sentence, "no-claim")])


@pytest.mark.parametrize(
    "text",
    [
        "Does dropout help?",
        "**Predict.** Which of the two will be lower: the one of 0.3, or the other?",
        "Here is `Dropout(0.3)`, which does it.",
        "```python\nx = 0.5  # half of it, and faster\n```\nThat is all.",
        "| network | loss |\n|---|---|\n| plain | 0.5 |",
        "## Sources\n\n- *A simple way to prevent overfitting* (2014), 12.5, 1929–1958.",
        "It is no number any more.",
        "See [the page](https://example.org/0.5).",
        "The first layer has 128 units.",
    ],
)
def test_what_claims_nothing_is_left_alone(text: str) -> None:
    assert claiming(text) == []


def test_sentences_are_those_of_the_prose() -> None:
    text = "# Title\n\nOne. *Two*, 0.5 of\nit! Is it?\n\n- an item\n- `code` and [text](there.md)\n\n```\ncode\n```"
    assert sentences(text) == [
        *("Title", "One.", "Two, 0.5 of it!", "Is it?"),
        *("- an item", "- code and [text]"),
    ]


def test_a_cell_tells_its_claims() -> None:
    assert slugs(cell("", "claim-a-b", "other", "claim-c")) == ["a-b", "c"]
    assert slugs(cell("")) == []
