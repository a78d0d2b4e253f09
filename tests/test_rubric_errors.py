"""The error that a cell raised is read and explained; each error here is raised by Keras or Python itself."""

from __future__ import annotations

import re

import keras
import nbformat
import pytest

from dropnorm import places
from dropnorm.language import using
from grader.criteria.errors import ANSWERS, CALLED, COMPILES, TRAINS, Where, explain_error
from grader.evidence import Evidence
from grader.exercises import EXERCISES, rubric
from grader.rubric import Status, judge
from tests.answers import run
from tests.test_rubric_answers import IMPORTS

CELLS = {
    "rate_in_percent": "layers.Dropout(30)",
    "rate_negative": "layers.Dropout(-0.3)",
    "rate_not_given": "layers.Dropout()",
    "unknown_argument": "layers.Dense(3, unit=4)",
    "unknown_name_of": 'keras.Sequential([keras.Input((3,)), layers.Dense(1)]).compile(optimizer="adm", loss="mae")',
    "units_no_number": "layers.Dense(12.5)",
    "class_for_layer": "keras.Sequential([layers.Dense])",
    "nothing_for_layer": "keras.Sequential([layers.Dense(3), print()])",
    "list_in_list": "keras.Sequential([[layers.Dense(3)]])",
    "layers_without_list": "keras.Sequential(layers.Dense(3), layers.Dense(1))",
    "layer_on_layer": "layers.Dense(3)(layers.Dropout(0.5))",
    "list_for_model": "[layers.Dense(3)].compile()",
    "none_for_model": "model.fit()",
    "no_such_name": "layers.BatchNormalisation()",
    "name_of_pytorch": "layers.Linear(3, 4)",
    "none_for_numbers": (
        'm = keras.Sequential([keras.Input((3,)), layers.Dense(1)])\nm.compile(loss="mae")\n'
        "m.fit(np.zeros((4, 3)), verbose=0)"
    ),
    "shapes_in_loss": (
        'm = keras.Sequential([keras.Input((3,)), layers.Dense(5)])\nm.compile(loss="mae")\n'
        "m.fit(np.zeros((4, 3)), np.zeros(4), verbose=0)"
    ),
    "not_defined": "Dense(3)",
    "no_such_module": "import kears",
    "fit_before_compile": "keras.Sequential([keras.Input((3,)), layers.Dense(1)]).fit(np.zeros((4, 3)), np.zeros(4))",
    "wrong_width": "keras.Sequential([keras.Input((3,)), layers.Dense(1)])(np.zeros((4, 2)))",
    "rows_differ": (
        'm = keras.Sequential([keras.Input((3,)), layers.Dense(1)])\nm.compile(loss="mae")\n'
        "m.fit(np.zeros((4, 3)), np.zeros(5), verbose=0)"
    ),
    "shape_no_tuple": "keras.Input(8)",
    "same_layer_name": 'keras.Sequential([layers.Dense(3, name="a"), layers.Dense(1, name="a")])',
    "comma_missing": "[[layers.Dense(3)] (layers.Dense(1))]",
    "not_python": "keras.Sequential([layers.Dense(3)",
    "history_as_dictionary": 'keras.callbacks.History()["val_loss"]',
    "no_such_series": '{"loss": [1.0]}["val_mae"]',
    "list_as_array": "[0.2, 0.1].argmin() + 1",
    "fenced": "```python\n1 + 1\n```",
    "interrupted": "raise KeyboardInterrupt",
    "raised": "1 / 0",
}


@pytest.mark.parametrize("key", CELLS)
def test_an_error_is_read_and_named(key: str) -> None:
    error = run({"imports": IMPORTS, "answer": CELLS[key]}, {}).get("answer")
    assert error is not None
    fault = explain_error(error, "model")
    assert fault.misconception == key, f"{type(error).__name__}: {error}"
    assert "\n" not in fault.message and "Traceback" not in fault.message


@pytest.mark.parametrize(
    ("given", "shown"),
    [('"128"', "given the text '128' as"), ("np.int64(128)", "128 (of the kind int64)"), ("0", "given 0 as")],
)
def test_a_width_that_is_none_is_shown_as_it_was_written(given: str, shown: str) -> None:
    error = run({"imports": IMPORTS, "answer": f"layers.Dense({given})"}, {})["answer"]
    assert shown in explain_error(error, "model").message


def test_the_cell_that_trains_is_named_where_it_raised() -> None:
    error = run({"imports": IMPORTS, "answer": CELLS["rows_differ"]}, {})["answer"]
    names = {"model": keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)]), "history": None}
    names["model"].compile(loss="mae")
    verdict = judge(rubric("concrete_curve")[1], Evidence.of("concrete_model", names, error, None, error))
    assert verdict.status is Status.RAISED
    assert verdict.findings[0].message.startswith("The cell that trains raised an error, because inputs and targets")


@pytest.mark.parametrize(
    ("where", "english", "chinese"),
    [
        (ANSWERS, "Your cell raised an error, because ", "你的单元格报错了，因为"),
        (COMPILES, "The cell that compiles raised an error, because ", "负责编译的单元格报错了，因为"),
        (TRAINS, "The cell that trains raised an error, because ", "负责训练的单元格报错了，因为"),
        (CALLED, "Your model raises an error when called, because ", "你的模型在被调用时报错了，因为"),
    ],
)
@pytest.mark.parametrize("key", ["rate_in_percent", "unknown_name_of", "wrong_width", "not_defined"])
def test_where_it_was_raised_is_said_in_either_language(where: Where, english: str, chinese: str, key: str) -> None:
    error = run({"imports": IMPORTS, "answer": CELLS[key]}, {})["answer"]
    assert explain_error(error, "model", where).message.startswith(english)
    with using("zh"):
        assert explain_error(error, "model", where).message.startswith(chinese)


@pytest.mark.parametrize("name", ["spotify_structure", "concrete_structure", "spotify_own_model_loss"])
def test_what_raised_is_neither_wrong_nor_untouched(name: str) -> None:
    owner, sheet = rubric(name)
    verdict = judge(sheet, Evidence.of(owner.name, {owner.model_name: None}, ValueError("something of Keras")))
    assert (verdict.status, verdict.score) == (Status.RAISED, 0.0)
    assert "something of Keras" in verdict.findings[0].message


def test_a_model_beside_an_error_is_judged_and_the_error_is_told() -> None:
    """The cell was right once, was changed and run again, and raised: the name still holds the model of before."""
    owner, sheet = rubric("spotify_structure")
    names = {"model": owner.reference.build()}
    verdict = judge(sheet, Evidence.of(owner.name, names, ValueError("of the second run")))
    assert verdict.score == sheet.maximum
    assert "of the second run" in verdict.findings[0].message
    assert "holds now" in verdict.findings[0].message


@pytest.mark.parametrize("notebook", ["1_spotify_dropout", "2_concrete_batchnorm", "1_placement"])
def test_what_a_notebook_asks_for_elsewhere_is_no_answer_under_a_wrong_name(notebook: str) -> None:
    for path in places.SOLUTIONS.glob(f"*/{notebook}.ipynb"):  # in each language
        cells = nbformat.read(path, as_version=4).cells
        asked = [EXERCISES[cell.id] for cell in cells if cell.id in EXERCISES]
        made = set(re.findall(r"^(\w+) = keras\.Sequential", "\n".join(cell.source for cell in cells), re.MULTILINE))
        assert asked and made >= {owner.model_name for owner in asked}
        for owner in asked:
            assert set(owner.other_models) == made - {owner.model_name}


@pytest.mark.parametrize("name", EXERCISES)
def test_a_trial_beside_an_untouched_answer_makes_nothing_wrong(name: str) -> None:
    owner = EXERCISES[name]
    for other in ("trial", *owner.other_models):
        names = {owner.model_name: None, other: owner.reference.build()}
        for sheet in owner.checked:
            verdict = judge(sheet, Evidence.of(name, names))
            assert (verdict.status, verdict.score) == (Status.NOT_STARTED, 0.0)
            told = other == "trial" and not sheet.name.endswith("_questions")  # a question asks for no model
            assert ("`trial`" in verdict.findings[0].message) == told


@pytest.mark.parametrize(
    "loss, told", [("accuracy", "is `accuracy`"), (lambda y, p: p * 7, "of your own"), (None, "without a loss")]
)
def test_a_loss_without_a_name_is_told_as_it_was_given(loss: object, told: str) -> None:
    owner, sheet = rubric("spotify_structure")
    model = keras.Sequential(owner.reference.build().layers)
    model.compile("adam", loss)
    (fault,) = (f for f in judge(sheet, Evidence.of(owner.name, {"model": model})).findings if f.message)
    assert (fault.misconception, fault.points) == ("other_loss" if loss else "no_loss", 0.25)
    assert told in fault.message and "unknown" not in fault.message


def test_a_training_whose_history_was_not_kept_is_not_called_untrained() -> None:
    owner, sheet = rubric("spotify_curve")
    model = owner.reference.build()
    names = {"model": model, "history": None}
    assert judge(sheet, Evidence.of(owner.name, names)).misconceptions == ("not_trained",)
    model.optimizer.iterations.assign(3)
    found = judge(sheet, Evidence.of(owner.name, names))
    assert (found.status, found.misconceptions) == (Status.NOT_STARTED, ("history_not_kept",))
