"""The class that grading is measured with: who is in it, and that its cells are what it says they are."""

from __future__ import annotations

from collections import Counter
from functools import cache
from statistics import mean

import nbformat
import pytest

from benchmarks import a_class
from benchmarks.models_of_a_class import models
from benchmarks.spelling import GIVEN, GIVEN_FOR, Spelling, cells
from dropnorm import places
from grader.autograde.notebook_run import Job
from grader.candidates import REFERENCE
from grader.exercises import exercise
from grader.spec import FitSettings, ModelSpec
from tests.answers import run
from tests.classroom import CONCRETE, FIRST, SPOTIFY

EXERCISES = tuple(a_class.EXERCISES)


@cache
def the_class() -> list[a_class.Learner]:
    return a_class.make(100)


def spec_of(name: str, written: dict[str, str]) -> ModelSpec:
    """The model that cells make, as a kernel would find it: built and compiled, and asked for its `fit`."""
    import keras
    import numpy as np
    from keras import layers

    from grader.tracing import observe

    asked: dict[str, int] = {}
    inputs = exercise(name).reference.inputs
    names = {"keras": keras, "layers": layers, "np": np, "X_train": np.zeros((4, inputs), "float32")}
    names |= dict.fromkeys(("y_train", "X_valid", "y_valid"), None)
    names |= {"LossAtInference": lambda *_: None, "LiveCurves": lambda **_: None}
    before, keras.Model.fit = keras.Model.fit, lambda self, *_, **settings: asked.update(settings)
    try:
        raised = run({cell: (GIVEN | written)[cell] for cell in (name, *GIVEN_FOR[name])}, names)
    finally:
        keras.Model.fit = before
    assert not raised
    facts = observe(names[exercise(name).model_name], names["X_train"])
    return ModelSpec.of(facts, FitSettings(asked["epochs"], asked["batch_size"]))


def test_the_same_numbers_give_the_same_class_and_others_another():
    assert a_class.make(30, seed=1) == a_class.make(30, seed=1) != a_class.make(30, seed=2)


@pytest.mark.parametrize("name", ["spotify_model", "concrete_model", "spotify_own_model"])
def test_a_class_of_a_hundred_hands_in_at_least_25_models(name):
    assert len(a_class.specs(the_class(), name)) >= 25


@pytest.mark.parametrize("name", ["spotify_model", "concrete_model"])
def test_eighteen_of_them_are_foreseen(name):
    assert len(a_class.specs(the_class(), name) & a_class.foreseen(name)) == 18


@pytest.mark.parametrize("name", EXERCISES)
def test_answers_have_the_shares_that_are_told(name):
    given = [learner.answers[name] for learner in the_class()]
    kinds = Counter(answer.kind for answer in given)
    assert 35 <= kinds["reference"] <= 45
    assert 4 <= kinds["broken"] <= 8 and 4 <= kinds["untouched"] <= 10
    others = Counter(answer.title for answer in given if answer.kind == "other").most_common()
    assert {title for title, _ in others} == set(models(name)) - {REFERENCE}
    assert others[0][1] >= 10 and sum(times for _, times in others[:12]) >= 0.7 * sum(times for _, times in others)


def test_who_is_there_once_is_there():
    kinds = Counter(answer.kind for learner in the_class() for answer in learner.answers.values())
    assert kinds["custom"] == 2
    assert kinds["not compiled"] == kinds["data"] == kinds["callback"] == 1
    assert [learner.notebooks for learner in the_class() if learner.notebooks != (SPOTIFY, CONCRETE)] == [(SPOTIFY,)]


def test_a_larger_class_has_more_models_and_a_small_one_is_no_special_case():
    known = len(a_class.specs(the_class(), "spotify_model"))
    assert len(a_class.specs(a_class.make(1000), "spotify_model")) > 2 * known
    for size in (1, 2, 10):
        assert len(a_class.make(size)) == size


def test_a_sample_is_as_much_work_as_the_class():
    for count in (6, 10):
        chosen = a_class.sample(the_class(), count)
        assert len({learner.name for learner in chosen}) == count
        means = [mean(learner.trainings for learner in learners) for learners in (chosen, the_class())]
        assert means[0] == pytest.approx(means[1], rel=0.05)


def test_notebooks_hold_what_was_written_and_nothing_else_differs(tmp_path):
    for learner in the_class()[:5]:
        learner.hand_in(places.EXERCISES / FIRST, tmp_path / learner.name)
        texts = learner.words | {key: text for answer in learner.answers.values() for key, text in answer.cells.items()}
        handed_in = {path.name for path in (tmp_path / learner.name).iterdir()}
        assert handed_in == {f"{name}.ipynb" for name in learner.notebooks} | {"timestamp.txt", "submission_secret.txt"}
        for name in learner.notebooks:
            released = nbformat.read(places.EXERCISES / FIRST / f"{name}.ipynb", as_version=4)
            content = nbformat.read(tmp_path / learner.name / f"{name}.ipynb", as_version=4)
            for cell, before in zip(content.cells, released.cells, strict=True):
                assert cell.source == texts.get(cell.id, before.source)
            ids = {cell.id for cell in content.cells}
            assert all(key in ids for key in texts if key.startswith(name.split("_")[1]))


def test_notebooks_of_equal_code_are_those_that_grading_runs_once(tmp_path):
    learners, ran = the_class()[:40], set()
    for learner in learners:
        learner.hand_in(places.EXERCISES / FIRST, tmp_path / learner.name)
        for name in learner.notebooks:
            content = (tmp_path / learner.name / f"{name}.ipynb").read_text(encoding="utf-8")
            ran.add(Job(FIRST, learner.name, name, content).code_digest)
    assert len(ran) == len(a_class.codes(learners)) < sum(len(learner.notebooks) for learner in learners)


@pytest.mark.full
@pytest.mark.parametrize("name", EXERCISES)
def test_cells_make_the_model_that_they_are_written_from(name):
    for learner in the_class():
        answer = learner.answers[name]
        if answer.spec is not None and answer.kind != "reference":
            assert spec_of(name, answer.cells) == answer.spec, answer.title


@pytest.mark.parametrize("spelling", Spelling)
@pytest.mark.parametrize("name", EXERCISES)
def test_one_model_is_written_in_several_ways(name, spelling):
    spec = models(name)[REFERENCE]
    assert spec_of(name, cells(name, spec, spelling)) == spec


@pytest.mark.parametrize("name", EXERCISES)
def test_broken_cells_raise(name):
    for learner in the_class():
        answer = learner.answers[name]
        if answer.kind == "broken":
            with pytest.raises(AssertionError):
                spec_of(name, answer.cells)
