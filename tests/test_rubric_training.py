"""Answers that are judged by their training: each is trained for three epochs, and three are what is asked for.

The bands here are those of three epochs; the fitted ones are for the exercises' own number, see test_rubric_curves.py.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from dropnorm.training import LossAtInference
from dropnorm.vehicles import split_vehicles
from grader import bands, trained
from grader.evidence import Evidence
from grader.exercises import Exercise, exercise, rubric
from grader.exercises.noun import ARRAYS
from grader.exercises.vehicles import prepared
from grader.rubric import judge
from grader.spec import FitSettings
from tests.answers import Answer, answers, run
from tests.no_answer import printed
from tests.test_rubric_answers import COMPILE, IMPORTS, STATUS, titled

EPOCHS = 3
BANDS = """exercise,source,statistic,low,high,note
{spotify}gap,,0.02,
{spotify}last_val_loss,,0.5,
{concrete}last_val_loss,,40,
{concrete}fall,0.002,,
{placement}best_val_loss,,100,
{placement}fall,0.002,,
{vehicles}last_val_loss,,3,
{vehicles}gap,,0.5,
"""
FIT = "if {model} is not None:\n    {history} = {model}.fit({X}, {y}, **given)"
FEW = {"vehicles_model": lambda: prepared(split_vehicles(320, 192, 1))}  # pictures: all of them take ten times as long


@pytest.fixture(autouse=True)
def three_epochs_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = BANDS.splitlines()
    table = [rows[0]]
    for source in ("official", "stand-in", "drawn"):
        exercises = {name: f"{name}_model,{source}," for name in ("spotify", "concrete", "placement", "vehicles")}
        table += [row.format(**exercises) for row in rows[1:]]
    path = tmp_path / "bands.csv"
    path.write_text("\n".join(table) + "\n", encoding="utf-8")
    monkeypatch.setattr(bands, "TABLE", path)


def handed_in(answer: Answer, owner: Exercise) -> Evidence:
    """The evidence of an answer: its cells and the given ones run in order, the training for three epochs."""
    owner = replace(owner, prepare=FEW.get(owner.name, owner.prepare))
    data = owner.data()
    asked = owner.reference

    def right(inputs: int = asked.inputs) -> keras.Model:
        return keras.Sequential(replace(asked, inputs=inputs).build().layers)

    arrays = [getattr(data, part).copy() for part in ARRAYS]
    names = dict(zip(owner.arrays, arrays, strict=True))
    names["right"] = right
    names["given"] = {
        "validation_data": tuple(arrays[2:]),
        "batch_size": asked.fit.batch_size,
        "epochs": EPOCHS,
        "verbose": 0,
        "callbacks": [LossAtInference(*arrays[:2])],
    }
    X, y, *_ = owner.arrays
    given = [COMPILE[owner.name], FIT.format(model=owner.model_name, history=owner.history_name, X=X, y=y)]
    cells = {"imports": IMPORTS, "answer": answer.cells[0]}
    cells |= dict(zip(("compile", "fit"), (*answer.cells[1:], *given[len(answer.cells) - 1 :]), strict=True))
    keras.utils.set_random_seed(0)
    raised = run(cells, names)
    short = replace(owner, reference=replace(asked, fit=FitSettings(EPOCHS, asked.fit.batch_size)))
    return Evidence(short, names, raised.get("answer"), raised.get("compile"), raised.get("fit"))


def handed_in_short(name: str) -> Evidence:
    """The evidence of an exercise's reference, trained for three epochs."""
    return handed_in(Answer("", "", ("model = right()",), ()), exercise(name))


CURVES = answers("concrete-curve", "spotify-curve", "placement-curve", "vehicles-curve")


@pytest.mark.parametrize("answer", CURVES, ids=titled)
def test_a_trained_answer_gets_what_it_must(answer: Answer) -> None:
    owner, _ = rubric(answer.expected[0].rubric)
    evidence = handed_in(answer, owner)
    for expected in answer.expected:
        verdict = judge(owner.rubrics[expected.rubric], evidence)
        said = "\n".join(f"{f.criterion} {f.points}/{f.of} {f.message}" for f in verdict.findings)
        own = "\n".join(answer.cells)
        assert {word for f in verdict.findings for word in printed(owner.name, f.message, own)} == set(), said
        assert expected.named_by(verdict.misconceptions), said
        assert verdict.status == STATUS.get(expected.status, expected.status), said
        assert verdict.score == expected.score, said


def test_a_judgement_leaves_model_and_history_as_they_were() -> None:
    answer = next(a for a in answers("concrete-curve") if a.title == "As given")
    owner, sheet = rubric("concrete_curve")
    evidence = handed_in(answer, owner)
    before = [np.array(weight) for weight in evidence.model.get_weights()]
    steps, series = int(evidence.model.optimizer.iterations), dict(evidence.history.history)
    judge(sheet, evidence)
    judge(owner.rubrics["concrete_structure"], evidence)
    assert all(np.array_equal(a, b) for a, b in zip(before, evidence.model.get_weights(), strict=True))
    assert int(evidence.model.optimizer.iterations) == steps
    assert evidence.history.history == series


def constant(**parts: float) -> tuple[keras.Model, dict]:
    """A network that says 0 whatever it is given, and parts on which its mean absolute error is as named."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    model.compile(loss="mae")
    X = np.ones((40, 1), np.float32)
    return model, {name: (X, np.full(40, loss, np.float32)) for name, loss in parts.items()}


@pytest.mark.parametrize(
    "logged, losses, part",
    [
        (0.2, {"validation": 0.2002, "training": 0.2}, "training"),  # as near as dropout at rate 0.7 brings them
        (0.2, {"validation": 0.200001, "training": 0.2}, "training"),
        (0.2, {"validation": 0.2 + 1e-8, "training": 0.2}, "validation"),  # nobody can tell: nothing is said
        (0.2, {"validation": 0.2001, "training": 0.1999}, None),
        (0.2, {"validation": np.nan, "training": 0.2}, "training"),
    ],
)
def test_the_nearest_part_is_the_one_that_was_validated_on(logged: float, losses: dict, part: str | None) -> None:
    model, parts = constant(**losses)
    told = trained.read_history({"loss": [1.0], "val_loss": [logged]})
    assert trained.evaluated_on(told, model, parts) == part


def test_a_split_is_looked_for_only_where_the_steps_of_an_epoch_are_known_and_those_of_a_split() -> None:
    X, y = np.ones((1000, 1), np.float32), np.ones(1000, np.float32)
    model, _ = constant()
    fitted = model.fit(X, y, validation_split=0.2, batch_size=4, verbose=0)
    steps = trained.steps_counted(trained.read_history(fitted), model)
    assert "split 0.2" in (found := trained.tails(steps, X, y))
    assert len(found) < len(trained.SPLITS), "200 steps cannot be made of each share"
    assert len(found["split 0.2"][0]) == 200
    unpacked = trained.read_history(fitted.history)
    assert trained.steps_counted(unpacked, model) == steps, "the optimizer has counted them"
    model.compile(loss="mae")
    assert trained.steps_counted(unpacked, model) is None and trained.tails(None, X, y) == {}
