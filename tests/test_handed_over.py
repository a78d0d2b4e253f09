"""What a kernel hands over is read as data: it can describe a model, and give no points."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dropnorm.curves import LearningCurves
from dropnorm.language import using
from grader.autograde.nested import depth
from grader.autograde.reception import ACCOUNTS, FITS, Reception
from grader.exercises import EXERCISES, exercise, rubric
from grader.handed import Retrained
from grader.judged import Judged, judged
from grader.raised import Raised
from grader.rubric import Status, Verdict
from grader.spec import FitSettings, ModelSpec
from grader.trained import steps_of
from grader.trainings import Training

pytestmark = pytest.mark.usefixtures("stand_in")
SPOTIFY = exercise("spotify_model")


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


def told(spec: ModelSpec = SPOTIFY.reference, **changed: Any) -> dict[str, Any]:
    """The account of the Spotify exercise's curve, as a kernel with that model hands it over."""
    operations = [
        {"kind": step.kind, "layer": f"{step.kind}_{place}", "settings": dict(step.settings)}
        for place, step in enumerate(spec.operations)
    ]
    compiled = {"optimizer": "adam", "learning_rate": 0.001, "loss": "mean_absolute_error", "settings": {}}
    observed = {
        "operations": operations,
        "inputs": 18,
        "chain": True,
        "compiled": compiled,
        "deterministic": True,
        "moving": {},
        "zeros": {},
        "idle": [],
        "unjudged": [],
        "shapes": [[1]],
    }
    steps = steps_of(len(SPOTIFY.data().X_train), 512)
    series = {"loss": [0.2] * 50, "val_loss": [0.19] * 50, "loss_at_inference": [0.19] * 50}
    return {
        "version": 1,
        "exercise": "spotify_model",
        "rubric": "spotify_curve",
        "errors": {"error": None, "compile_error": None, "fit_error": None},
        "answers": {},
        "holds": [],
        "known": ["model", "history"],
        "has_model": True,
        "has_history": True,
        "facts": {"observed": observed},
        "loss_given": "one of your own",
        "bias_given_as_text": None,
        "steps_taken": 50 * steps,
        "labels": "numbers",
        "data_difference": None,
        "history": {
            "kind": "History",
            "from_fit": True,
            "epochs": 50,
            "asked": 50,
            "steps": steps,
            "began": 0,
            "series": series,
        },
        "history_kind": "History",
        "history_of_another": None,
        "validated_on": "validation",
        "trained_as_told": True,
    } | changed


def curves(end: float, gap: float, seed: int = 0) -> LearningCurves:
    falling = np.linspace(0.3, end, 50)
    return LearningCurves(falling, falling, falling - gap, seeds=(seed,))


def verdict(account: dict[str, Any], trained: LearningCurves | None = None) -> Verdict:
    found = curves(0.18, 0.002) if trained is None else trained
    return judged(json.loads(json.dumps(account)), lambda spec, owner: Retrained((found,))).verdict


def test_the_right_model_has_all_points() -> None:
    assert (verdict(told()).status, verdict(told()).score) == (Status.RIGHT, 5.0)


def test_curves_are_those_of_the_training_anew_whatever_the_kernel_says() -> None:
    """The account tells of curves without a gap; the model that it describes has one."""
    found = verdict(told(), curves(0.21, 0.05))
    assert found.misconceptions == ("gap_open", "not_converged") and found.score == 2.0


def test_the_run_with_the_median_best_loss_counts() -> None:
    runs = tuple(curves(end, 0.002, seed) for seed, end in enumerate((0.25, 0.18, 0.01)))
    found = judged(told(), lambda spec, owner: Retrained(runs)).verdict
    assert found.score == 5.0


@pytest.mark.parametrize(
    "fewer, spec",
    [({}, SPOTIFY.reference.fit), ({"epochs": 20}, FitSettings(20, 512)), ({"steps": "twice"}, FitSettings(50, 256))],
)
def test_what_is_trained_anew_is_trained_as_long_and_in_such_batches(fewer: dict[str, int], spec: FitSettings) -> None:
    account, asked = told(), []
    if fewer == {"steps": "twice"}:
        fewer = {"steps": steps_of(len(SPOTIFY.data().X_train), 256)}
    account["history"] |= fewer
    series = account["history"]["series"]
    account["history"]["series"] = {name: values[: fewer.get("epochs", 50)] for name, values in series.items()}

    def train(found: ModelSpec, owner: Any) -> Retrained:
        asked.append(found)
        return Retrained((curves(0.18, 0.002),))

    judged(account, train)
    assert asked == [replace(SPOTIFY.reference, fit=spec)]


def test_what_cannot_be_trained_anew_goes_to_a_human() -> None:
    account = told()
    account["facts"]["observed"]["operations"][0] |= {"kind": "custom", "settings": {}}
    account["facts"]["observed"]["unjudged"] = ["Layer `own` is a class of your own."]
    found = verdict(account)
    assert found.status is Status.MANUAL and {f.criterion for f in found.findings if f.manual} == {
        "gap_closed",
        "converged",
    }


def test_what_would_take_too_long_to_train_anew_goes_to_a_human() -> None:
    account = told()
    account["facts"]["observed"]["operations"][0] |= {"settings": {"units": 8192, "use_bias": True}}
    assert verdict(account).status is Status.MANUAL


@pytest.mark.parametrize("rates, status", [([0.001] * 50, Status.RIGHT), ([0.001] * 49 + [0.0001], Status.MANUAL)])
def test_a_learning_rate_that_a_callback_changed_goes_to_a_human(rates: list[float], status: Status) -> None:
    """The facts tell of the last one only: trained anew from it, a right answer would look wrong."""
    account = told()
    account["history"]["series"]["learning_rate"] = rates
    assert verdict(account, curves(0.18, 0.002)).status is status


@pytest.mark.parametrize("rate", [1e9, -0.01, float("inf"), float("nan")])
def test_a_learning_rate_beyond_all_bounds_has_no_points_for_its_curve_and_no_human(rate: float) -> None:
    """As at home, where the curves of the notebook say so; nothing is trained for it."""
    account = told()
    account["facts"]["observed"]["compiled"]["learning_rate"] = rate
    account["history"]["series"]["loss"] = [float("nan")] * 50
    found = judged(account, lambda spec, owner: pytest.fail("nothing to train")).verdict
    assert (found.status, found.score, found.misconceptions) == (Status.WRONG, 2.0, ("rate_unusable",))
    assert found.findings[-2].message.startswith(f"The learning rate is {rate:.4g}, and `loss` is nan in epoch 1.")


@pytest.mark.parametrize(
    ("earlier", "status", "score"),
    [
        (["adam at the learning rate 0.001"], Status.WRONG, 4.5),
        (["sgd at the learning rate 0.1"], Status.MANUAL, 1.5),
        (["adam at the learning rate 0.001", "sgd at the learning rate 0.1"], Status.MANUAL, 1.5),
        ("adam at the learning rate 0.001", Status.WRONG, 4.5),  # as accounts of an earlier day say it
        ("sgd at the learning rate 0.1", Status.MANUAL, 1.5),
    ],
)
def test_a_training_in_two_parts_is_done_anew_only_where_both_were_alike(earlier, status, score) -> None:
    found = verdict(told(trained_before=earlier))
    assert (found.status, found.score, found.misconceptions) == (status, score, ("trained_before",))


def test_an_earlier_training_is_noted_in_english_and_told_in_the_language_that_is_spoken() -> None:
    noted = ["adam at the learning rate 0.001"]
    with using("zh"):
        found = verdict(told(trained_before=noted))
    assert (found.score, found.misconceptions) == (4.5, ("trained_before",))
    assert any("用的是 adam（学习率 0.001）" in finding.message for finding in found.findings), found


def test_no_message_holds_a_name_of_the_courses_own_errors() -> None:
    """A layer that nothing is trained anew with, a training that ended its process, an account without a line."""
    changes: list[Callable[[dict[str, Any]], Any]] = [
        lambda account: account["facts"]["observed"]["operations"][0].update(kind="l_s_t_m"),
        lambda account: account["facts"]["observed"]["operations"][0]["settings"].update(units=10**6),
        lambda account: account["facts"]["observed"]["compiled"].update(loss="unknown"),
        lambda account: account.pop("validated_on"),
        lambda account: account.update(validated_on={"unseen": "ValueError: of a learner's own object"}),
        lambda account: account.update(version=0),
    ]
    for change in changes:
        account = told()
        change(account)
        found = judged(account, lambda spec, owner: Retrained((curves(0.18, 0.002),))).verdict
        messages = [finding.message for finding in found.findings if finding.manual]
        assert messages and not any(re.search(r"(Spec|Account|Band|Data)Error|\b[Ss]pec\b", said) for said in messages)


DAMAGES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "no facts": lambda account: account.pop("facts"),
    "no errors": lambda account: account.pop("errors"),
    "errors that are none": lambda account: account.update(errors={"error": [1], "compile_error": 1, "fit_error": 1}),
    "answers that are a list": lambda account: account.update(answers=[1, 2]),
    "another exercise": lambda account: account.update(exercise="concrete_model"),
    "an unknown exercise": lambda account: account.update(exercise="../../etc"),
    "facts that are a text": lambda account: account.update(facts="right"),
    "operations that are numbers": lambda account: account["facts"]["observed"].update(operations=[1, 2]),
    "a kind that there is not": lambda account: account["facts"]["observed"]["operations"][0].update(kind="lambda"),
    "a setting too many": lambda account: account["facts"]["observed"]["operations"][0].update(code="print()"),
    "units beyond reason": lambda account: account["facts"]["observed"]["operations"][0]["settings"].update(
        units=10**9
    ),
    "inputs that are infinite": lambda account: account["facts"]["observed"].update(inputs=float("inf")),
    "a history of texts": lambda account: account["history"].update(series={"loss": ["a"], "val_loss": ["b"]}),
    "epochs that are nan": lambda account: account["history"].update(epochs=float("nan")),
    "steps below nothing": lambda account: account["history"].update(steps=-5),
    "a refusal for no known reason": lambda account: account.update(
        facts={"refused": {"reason": "because", "details": {}, "cause": None}}
    ),
    "nested deep": lambda account: account.update(facts=json.loads("[" * 500 + "]" * 500)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_account_has_no_points_and_raises_nothing(damage: Callable[[dict[str, Any]], Any]) -> None:
    account = copy.deepcopy(told())
    damage(account)
    found = judged(account, lambda spec, owner: Retrained((curves(0.18, 0.002),))).verdict
    assert found.score < 5.0 and found.score >= 0


def test_what_was_judged_is_kept_and_read_back() -> None:
    made = judged(told(), lambda spec, owner: Retrained((curves(0.18, 0.002),)))
    read = Judged.from_dict(json.loads(json.dumps(made.to_dict())))
    assert read.verdict == made.verdict and read.account == made.account
    (training,) = read.trainings.values()
    assert training.runs[0].to_dict() == curves(0.18, 0.002).to_dict()


def reception(asked: list[ModelSpec] | None = None) -> Reception:
    """A reception that finds a made-up training of whatever it is asked for."""

    def train(spec: ModelSpec, owner: Any) -> Training:
        if asked is not None:
            asked.append(spec)
        return Training((curves(0.25, 0, 0), curves(0.18, 0.002, 1), curves(0.1, 0, 2)), ({},) * len(spec.operations))

    return Reception(train)


def test_of_a_test_cell_the_first_account_counts() -> None:
    desk = reception()
    assert desk.answer({"account": told()}) == ({"kept": True}, b"")
    assert desk.answer({"account": told(has_model=False)}) == ({"kept": False}, b"")
    (said,) = desk.finish()
    assert Judged.from_dict(said).verdict.score == 5.0
    assert desk.finish() == []


@pytest.mark.parametrize("account", [None, [], "right", {}, {"rubric": []}, {"rubric": "spotify_curve/../x"}])
def test_what_is_no_account_is_not_kept(account: Any) -> None:
    desk = reception()
    assert desk.answer({"account": account})[0] == {"kept": False}
    assert desk.finish() == []


def test_a_flood_of_accounts_is_not_kept() -> None:
    desk = reception()
    names = [name for each in EXERCISES.values() for name in each.rubrics]
    for name in names * 10:
        desk.answer({"account": {"rubric": name}})
    assert len(desk.finish()) <= min(ACCOUNTS, len(names))


def asking(spec: ModelSpec, owner: str = "spotify_model") -> dict[str, Any]:
    return {"ask": "fit", "exercise": owner, "spec": spec.to_json()}


def test_a_fit_is_answered_with_the_run_that_counts_alone() -> None:
    answer, content = reception().answer(asking(SPOTIFY.reference))
    assert answer == {"trained": True}
    assert [run.seeds for run in Training.from_bytes(content).runs] == [(1,)]


@pytest.mark.parametrize(
    "message",
    [
        {"ask": "fit"},
        {"ask": "fit", "exercise": "spotify_model", "spec": "{}"},
        {"ask": "fit", "exercise": ["spotify_model"], "spec": SPOTIFY.reference.to_json()},
        asking(SPOTIFY.reference, "no_such_exercise"),
        asking(replace(SPOTIFY.reference, fit=None)),
        asking(replace(SPOTIFY.reference, fit=FitSettings(1000, 512))),
        asking(replace(SPOTIFY.reference, fit=FitSettings(50, 1))),
        {"ask": "the solution"},
        {},
    ],
)
def test_what_is_no_training_of_the_course_is_not_done(message: dict[str, Any]) -> None:
    asked: list[ModelSpec] = []
    answer, content = reception(asked).answer(message)
    assert not answer.get("trained") and content == b"" and not asked


def test_a_notebook_asks_for_so_many_trainings_and_no_more() -> None:
    desk = reception()
    answers = [desk.answer(asking(SPOTIFY.reference))[0].get("trained") for _ in range(FITS + 1)]
    assert answers == [True] * FITS + [False]


def test_a_training_that_fails_is_left_to_the_kernel_and_the_channel_stays_open() -> None:
    def fails(spec: ModelSpec, owner: Any) -> Training:
        raise ValueError("labels out of range")

    answer, content = Reception(fails).answer(asking(SPOTIFY.reference))
    assert answer == {"trained": False, "why": "ValueError: labels out of range"} and content == b""


def test_an_account_nested_deep_is_not_kept() -> None:
    deep: Any = "bottom"
    for _ in range(900):
        deep = [deep]
    desk = reception()
    assert desk.answer({"account": {"rubric": "spotify_structure", "exercise": deep}})[0] == {"kept": False}
    assert desk.answer({"account": {"rubric": "spotify_structure"}})[0] == {"kept": True}
    assert depth({"a": [1, {"b": 2}], "c": 3}) == 3 and depth("text") == 0


def test_a_long_error_is_searched_at_both_ends_only() -> None:
    """A pattern takes the square of a text's length: a million characters would be an hour's work."""
    from grader.criteria.errors import explain_error

    told = Raised("ValueError", "dropout", "a" * 10**6 + " must call `compile()` before")
    assert explain_error(told, "model").misconception == "fit_before_compile"


def test_every_test_cell_of_the_course_can_be_told_and_judged() -> None:
    """With nothing begun: each says so, and none is left to a human."""
    from grader.account import account
    from grader.evidence import Evidence

    for name, owner in EXERCISES.items():
        for sheet in owner.rubrics.values():
            empty = dict.fromkeys((owner.model_name, owner.history_name, *sheet.answers))
            said = json.loads(json.dumps(account(Evidence.of(name, empty), rubric(sheet.name)[1])))
            assert (
                judged(said, lambda spec, owner: pytest.fail("nothing to train")).verdict.status is Status.NOT_STARTED
            )
