"""A class for the benchmark of grading: what each learner hands in for dropout_and_batchnorm, made from a seed.

Most of a class hands in the same dozen models, each in a spelling of one's own; some learners are alone with theirs,
some cells are broken, some are left as they came. Models are told as specs and written as cells from them, so that a
class is made, and counted, without Keras.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from statistics import mean

import nbformat

from benchmarks.models_of_a_class import models, nobody_elses
from benchmarks.spelling import GIVEN, Spelling, cells
from grader import pretrain
from grader.candidates import REFERENCE
from grader.exercises import exercise
from grader.spec import ModelSpec
from tests.answers import answers
from tests.classroom import CONCRETE, FIRST, HOME_MADE, IN_WORDS, LOGGED_GAP, SOLVED, SPOTIFY, ZERO_BASED

EXERCISES = {"spotify_model": SPOTIFY, "spotify_own_model": SPOTIFY, "concrete_model": CONCRETE}
# Of a hundred learners; what is left is shared among the other models that are told below, the first of them most often
# (Zipf): the n-th by one n-th as many as the first.
SHARES = {"reference": 40, "broken": 6, "untouched": 3}
ALONE = {"spotify_model": 6, "spotify_own_model": 10, "concrete_model": 6}
NOTHING_DONE, HALF_DONE, MISSING = (
    3,
    2,
    1,
)  # of a hundred: no notebook touched, the second untouched, the second missing
# What `nbgrader submit` lays beside the notebooks; no two learners have the same.
OF_NBGRADER = {"timestamp.txt": "2026-11-02 10:00:00.00{digits} UTC", "submission_secret.txt": "{name}"}
TRAINED = ("reference", "other", "alone", "custom", "data", "callback")


@dataclass(frozen=True)
class Answer:
    """What somebody hands in for one exercise.

    Attributes:
        exercise: its name.
        kind: ``reference``, ``other`` (one of those told below), ``alone`` (nobody else's), ``broken``, ``untouched``,
            ``custom``, ``not compiled``, ``data`` (inputs changed in the answer cell), ``callback``.
        title: which of its kind.
        spec: the model, where it can be rebuilt and is trained as given.
        cells: what is written into which cell.
    """

    exercise: str
    kind: str
    title: str
    spec: ModelSpec | None = None
    cells: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def trainings(self) -> float:
        """Trainings in a kernel that grades as stock does, in units of the exercise's own."""
        if self.kind not in TRAINED:
            return 0
        return self.spec.fit.epochs / exercise(self.exercise).reference.fit.epochs if self.spec else 1


@dataclass(frozen=True)
class Learner:
    """One learner: an answer for each exercise, the notebooks that are handed in, and what else is written in them."""

    name: str
    answers: Mapping[str, Answer]
    notebooks: tuple[str, ...] = (SPOTIFY, CONCRETE)
    words: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def trainings(self) -> float:
        """Trainings in a kernel that grades as stock does: the notebooks' baselines, and those of the answers."""
        own = [answer.trainings for name, answer in self.answers.items() if EXERCISES[name] in self.notebooks]
        return len(self.notebooks) + sum(own)

    @property
    def texts(self) -> dict[str, str]:
        """What is written into which cell of the notebooks, by the cells' names."""
        return {**self.words, **{name: text for each in self.answers.values() for name, text in each.cells.items()}}

    def hand_in(self, released: Path, folder: Path) -> None:
        """Write the notebooks into a folder as they would be collected."""
        texts = self.texts
        for name in self.notebooks:
            content = nbformat.read(released / f"{name}.ipynb", as_version=4)
            for cell in content.cells:
                cell.source = texts.get(cell.id, cell.source)
            folder.mkdir(parents=True, exist_ok=True)
            nbformat.write(content, folder / f"{name}.ipynb")
        for name, own in OF_NBGRADER.items():
            (folder / name).write_text(own.format(name=self.name, digits=self.name[-4:]), encoding="utf-8")


def make(size: int = 100, seed: int = 0) -> list[Learner]:
    """A class of that many learners; the same numbers, the same class."""
    random = Random(f"class {seed}")
    names = [f"learner{number:04}" for number in range(1, size + 1)]
    random.shuffle(names)
    special = list(_special(size))
    decks = {name: _deck(name, size - sum(name in one for one, _ in special), random) for name in EXERCISES}
    learners = []
    for name, (given, notebooks) in itertools.zip_longest(names, special[:size], fillvalue=({}, (SPOTIFY, CONCRETE))):
        own = {each: given[each] if each in given else decks[each].pop() for each in EXERCISES}
        learners.append(Learner(name, own, notebooks, _words(own, random)))
    return sorted(learners, key=lambda learner: learner.name)


def sample(learners: Sequence[Learner], count: int) -> list[Learner]:
    """So many learners that stand for the class: evenly spread over it in the order of the work that grading them is.

    Of all such samples the one whose mean work is nearest to the class's.
    """
    count = min(count, len(learners))
    ordered = sorted(learners, key=lambda learner: (learner.trainings, learner.name))
    step = len(ordered) / count
    spread = [[ordered[int(start + place * step)] for place in range(count)] for start in range(int(step))]
    wanted = mean(learner.trainings for learner in learners)
    return min(spread, key=lambda chosen: abs(mean(learner.trainings for learner in chosen) - wanted))


def specs(learners: Iterable[Learner], name: str) -> set[ModelSpec]:
    """The distinct models that a class hands in for an exercise, as far as they can be rebuilt."""
    return {spec for learner in learners if (spec := learner.answers[name].spec) is not None}


def codes(learners: Iterable[Learner]) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """The notebooks that a class hands in by their code, equal ones once: grading runs each of them once."""
    found = set()
    for learner in learners:
        for name in learner.notebooks:
            own = name.split("_")[1]  # its cells' names begin with it
            code = [
                each for each in learner.texts.items() if each[0].startswith(own) and not each[0].endswith("_in_words")
            ]
            found.add((name, frozenset(code)))
    return found


@cache
def foreseen(name: str) -> frozenset[ModelSpec]:
    """What `python -m grader pretrain` trains on an exercise's data: two exercises on the same data share it."""
    asked = exercise(name)
    of_assignment = pretrain.exercises_of(FIRST)
    same = [each for each in of_assignment if (each.data_set, each.prepare) == (asked.data_set, asked.prepare)]
    return frozenset(spec for each in same for spec in pretrain.foreseen(each))


def shares(learners: Sequence[Learner]) -> dict[str, object]:
    """What a class is made of: answers by kind, distinct models, how many of them are foreseen."""
    told: dict[str, object] = {
        "learners": len(learners),
        "notebooks": sum(len(learner.notebooks) for learner in learners),
        "of these with different code": len(codes(learners)),
        "trainings of a submission, graded as stock does": round(mean(each.trainings for each in learners), 2),
    }
    for name in EXERCISES:
        given = [learner.answers[name] for learner in learners]
        different = specs(learners, name)
        told[name] = {
            "distinct specs": len(different),
            "of these foreseen": len(different & foreseen(name)),
            **Counter(answer.kind for answer in given),
        }
    return told


@cache
def _broken(name: str) -> tuple[Answer, ...]:
    """Answers whose cell raises, as they are kept for the rubrics' tests."""
    files = ("spotify-wrong-cells", "spotify-errors") if EXERCISES[name] == SPOTIFY else ("concrete-errors",)
    return tuple(
        Answer(
            name, "broken", each.title, cells={name: each.cells[0].replace("model =", f"{exercise(name).model_name} =")}
        )
        for each in answers(*files)
        if each.expected[0].status == "raised" and len(each.cells) == 1 and "in model." not in each.cells[0]
    )


def _written(name: str, kind: str, title: str, spec: ModelSpec, random: Random) -> Answer:
    likely = (5, 2, 3, 3, 1)  # a list is what the notebook shows
    (spelling,) = random.choices(list(Spelling), likely)
    return Answer(name, kind, title, spec, cells(name, spec, spelling))


def _deck(name: str, count: int, random: Random) -> list[Answer]:
    """So many answers to one exercise, in an order of chance."""
    told = dict(models(name))
    reference = told.pop(REFERENCE)
    others = 100 - sum(SHARES.values()) - ALONE[name]
    whole = sum(1 / rank for rank in range(1, len(told) + 1))
    asked = {("reference", REFERENCE): SHARES["reference"], ("alone", ""): ALONE[name]}
    asked |= {("other", title): others / whole / rank for rank, title in enumerate(told, start=1)}
    asked |= {("broken", ""): SHARES["broken"], ("untouched", ""): SHARES["untouched"]}
    alone, broken = nobody_elses(name, random), itertools.cycle(random.sample(_broken(name), len(_broken(name))))
    deck = []
    for (kind, title), times in _whole_numbers(asked, count).items():
        for _ in range(times):
            if kind == "untouched":
                deck.append(Answer(name, kind, kind))
            elif kind == "broken":
                deck.append(next(broken))
            elif kind == "alone":
                spec = next(alone)
                deck.append(_written(name, kind, spec.digest[:8], spec, random))
            else:
                deck.append(_written(name, kind, title, told.get(title, reference), random))
    random.shuffle(deck)
    return deck


def _whole_numbers(asked: Mapping[tuple[str, str], float], count: int) -> dict[tuple[str, str], int]:
    """Shares as whole numbers that add up to ``count``; each is there once where there is room for all."""
    least = int(count >= 2 * len(asked))
    exact = {key: share * (count / sum(asked.values())) for key, share in asked.items()}
    numbers = {key: max(int(value), least) for key, value in exact.items()}
    by_rest = sorted(exact, key=lambda key: exact[key] - numbers[key], reverse=True)
    for key in itertools.islice(itertools.cycle(by_rest), max(count - sum(numbers.values()), 0)):
        numbers[key] += 1
    for key in itertools.islice(itertools.cycle(by_rest[::-1]), max(sum(numbers.values()) - count, 0)):
        numbers[key] -= 1  # what is far above its share, because the rare ones were given one
    return numbers


def _special(size: int) -> Iterator[tuple[dict[str, Answer], tuple[str, ...]]]:
    """Learners who are told one by one: their answers to some of the exercises, and the notebooks they hand in."""
    both, hundreds = (SPOTIFY, CONCRETE), size / 100
    for _ in range(round(NOTHING_DONE * hundreds)):
        yield {name: Answer(name, "untouched", "nothing done") for name in EXERCISES}, both
    for _ in range(round(HALF_DONE * hundreds)):
        yield {"concrete_model": Answer("concrete_model", "untouched", "half done")}, both
    for _ in range(round(MISSING * hundreds)):
        yield {"concrete_model": Answer("concrete_model", "untouched", "not handed in")}, (SPOTIFY,)
    for _ in range(round(hundreds)):
        for answer in _one_by_one():
            yield {answer.exercise: answer}, both


def _one_by_one() -> tuple[Answer, ...]:
    (normalization,) = [each for each in answers("concrete-wrong") if "of one's own" in each.title]
    listed = {name: cells(name, models(name)[REFERENCE], Spelling.LIST) for name in EXERCISES}
    stopping = GIVEN["spotify-own-fit"].replace(
        "callbacks=[", "callbacks=[keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True), "
    )
    scaled = "scale = X_train.mean(axis=0), X_train.std(axis=0)\n"
    scaled += "X_train, X_valid = ((part - scale[0]) / scale[1] for part in (X_train, X_valid))\n"
    return (
        Answer("spotify_model", "custom", "a dropout of one's own", cells={"spotify_model": HOME_MADE}),
        Answer("concrete_model", "custom", normalization.title, cells={"concrete_model": normalization.cells[0]}),
        Answer("spotify_model", "not compiled", "", cells={**listed["spotify_model"], "spotify-compile": ""}),
        Answer(
            "concrete_model",
            "data",
            "scaled",
            cells={"concrete_model": scaled + listed["concrete_model"]["concrete_model"]},
        ),
        Answer("spotify_own_model", "callback", "", cells={**listed["spotify_own_model"], "spotify-own-fit": stopping}),
    )


def _words(own: Mapping[str, Answer], random: Random) -> dict[str, str]:
    """What stands in the other cells: answers to the questions on curves, a few wrong; sentences in one's own words."""
    written: dict[str, str] = {}
    done = {EXERCISES[name] for name, answer in own.items() if answer.kind != "untouched"}
    if SPOTIFY in done:
        written |= {cell: SOLVED[cell] for cell in ("spotify_baseline_answers", "spotify_answers")}
        written |= {"spotify_own_answers": SOLVED["spotify_own_answers"], "spotify_in_words": IN_WORDS}
    if CONCRETE in done:
        written |= {cell: SOLVED[cell] for cell in ("concrete_baseline_answers", "concrete_answers")}
        written["concrete_in_words"] = IN_WORDS
    wrong = {"spotify_baseline_answers": ZERO_BASED, "spotify_answers": LOGGED_GAP, "concrete_answers": LOGGED_GAP}
    return written | {cell: text for cell, text in wrong.items() if cell in written and random.random() < 0.2}
