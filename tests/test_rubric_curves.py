"""The shape of the curves: its names on short trainings, and the fitted bands on the exercises' own trainings."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from dropnorm import datasets
from dropnorm.training import LossAtInference
from grader import bands
from grader.calibration import SOURCES
from grader.evidence import Evidence
from grader.exercises import exercise, rubric
from grader.exercises.noun import DRAWN, Exercise
from grader.facts import Operation
from grader.rubric import Verdict, judge
from grader.spec import ModelSpec
from tests.test_rubric_training import handed_in_short


def fitted(table: Path, exercise: str, **limits: tuple[str, str]) -> None:
    """Write a table of bands for one exercise on both sources: statistic = (low, high)."""
    rows = [
        f"{exercise},{source},{name},{low},{high},"
        for source in ("official", "stand-in", "drawn")
        for name, (low, high) in limits.items()
    ]
    table.write_text("\n".join(["exercise,source,statistic,low,high,note", *rows]) + "\n", encoding="utf-8")


@pytest.fixture(scope="module")
def short() -> Evidence:
    """Concrete's reference after three epochs."""
    return handed_in_short("concrete_model")


@pytest.mark.parametrize(
    "limits, misconceptions",
    [
        ({"last_val_loss": ("", "1000")}, ()),
        ({"last_val_loss": ("", "1")}, ("not_converged",)),
        ({"last_val_loss": ("1000", "")}, ("too_good",)),
        ({"fall": ("0.99", "")}, ("falls_little",)),
    ],
)
def test_the_end_of_the_curve_is_named(short, limits, misconceptions, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "concrete_model", **limits)
    assert judge(rubric("concrete_curve")[1], short).misconceptions == misconceptions


def test_what_shifts_nothing_before_the_output_is_named_beside_a_loss_that_stays_high(short, tmp_path, monkeypatch):
    """Full points for its place; but the output's bias alone must then learn the targets' mean."""
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "concrete_model", last_val_loss=("", "1"))
    evidence = Evidence(short.exercise, short.names)
    *before, norm, output = short.facts.operations
    unshifted = replace(norm, settings={**norm.settings, "center": False})
    evidence.facts = replace(short.facts, operations=(*before, unshifted, output))
    assert judge(rubric("concrete_curve")[1], evidence).misconceptions == ("not_converged", "uncentred_end")


@pytest.mark.parametrize(
    "limits, misconceptions",
    [
        ({"best_val_loss": ("", "1000"), "last_val_loss": ("", "1")}, ()),
        ({"best_val_loss": ("", "1")}, ("not_reached",)),
        ({"best_val_loss": ("1000", "")}, ("too_good",)),
    ],
)
def test_where_curves_jump_at_their_end_the_lowest_point_is_judged(limits, misconceptions, tmp_path, monkeypatch):
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "placement_model", **limits)
    evidence = handed_in_short("placement_model")
    verdict = judge(rubric("placement_curve")[1], evidence)
    assert verdict.misconceptions == misconceptions
    assert evidence.best_val_loss == pytest.approx(min(evidence.told.series["val_loss"]))
    said = " ".join(finding.message for finding in verdict.findings)
    assert not misconceptions or f"{evidence.best_val_loss:.3g}" in said


def test_a_band_that_is_not_there_is_said_and_left_to_a_human(short, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "another_exercise", gap=("", "1"))
    verdict = judge(rubric("concrete_curve")[1], short)
    assert verdict.status == "a human will look at it"
    assert any("calibrate" in finding.message for finding in verdict.findings if finding.manual)


@pytest.mark.parametrize("text", ["", "exercise,source\na,b\n", "exercise,source,statistic,low,high\na,b,c,x,1\n"])
def test_a_damaged_table_is_one_sentence(text: str, tmp_path: Path) -> None:
    path = tmp_path / "bands.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(bands.BandError, match=r"bands\.csv"):
        bands.band("a", "b", "c", path)


def own_model(epochs: int) -> Verdict:
    """The verdict on a network of one's own without dropout, trained for some epochs."""
    owner, sheet = rubric("spotify_own_model_loss")
    data = owner.data()
    keras.utils.set_random_seed(0)
    hidden = [keras.layers.Dense(256, activation="relu") for _ in range(2)]
    model = keras.Sequential([keras.Input((18,)), *hidden, keras.layers.Dense(1)])
    model.compile(optimizer="adam", loss="mae")
    validation = (data.X_valid, data.y_valid)
    history = model.fit(
        data.X_train, data.y_train, validation_data=validation, epochs=epochs, batch_size=512, verbose=0
    )
    return judge(sheet, Evidence.of(owner.name, {"own_model": model, "own_history": history}))


@pytest.mark.parametrize("epochs, misconception", [(1, "own_loss_high"), (6, "own_loss_overfits")])
def test_a_network_of_ones_own_is_told_which_way_it_fails_by_the_fitted_bands(epochs: int, misconception: str) -> None:
    """After six epochs the gap is 7 % of the loss, wider than the reference's ever is."""
    verdict = own_model(epochs)
    assert (verdict.misconceptions, verdict.score) == ((misconception,), 1.5)


def test_a_network_that_learned_nothing_is_not_said_to_overfit(tmp_path, monkeypatch) -> None:
    """Its two losses may lie as far apart as they like: the training loss, too, is above where the reference ends."""
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "spotify_own_model", last_val_loss=("", "0.01"), gap=("", "-1"))
    verdict = own_model(1)
    assert verdict.misconceptions == ("own_loss_high",)
    assert "Its training loss lies above the reference's validation loss as well" in verdict.findings[-1].message


@pytest.mark.parametrize(
    ("losses", "said"),
    [
        ([35.7, 35.69, 35.68], "fell from 35.7 to 35.68 only"),
        ([35.7, 35.7, 35.699], "fell from 35.7 to 35.699 only"),
        ([35.7, 36.7, 36.8], "went from 35.7 to 36.8: it did not fall"),
        ([35.7, 35.7, 35.7], "went from 35.7 to 35.7: it did not fall"),
    ],
)
def test_two_losses_are_shown_in_as_many_digits_as_tell_them_apart(short, losses, said, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "concrete_model", fall=("0.9", ""))
    other = copy.copy(short.history)
    other.history = {**short.history.history, "loss": losses}
    verdict = judge(rubric("concrete_curve")[1], Evidence(short.exercise, {**short.names, "history": other}))
    assert any(said in finding.message for finding in verdict.findings), verdict


def test_a_loss_that_is_no_number_from_the_first_epoch_on_has_no_epochs_before(short) -> None:
    said = []
    for losses in ([np.nan] * 3, [30.0, np.nan, np.nan]):
        other = copy.copy(short.history)
        other.history = {**short.history.history, "loss": losses}
        verdict = judge(rubric("concrete_curve")[1], Evidence(short.exercise, {**short.names, "history": other}))
        said.append(" ".join(finding.message for finding in verdict.findings))
    assert "before" not in said[0] and "the epochs just before it, then at your network" in said[1]


def test_a_network_of_ones_own_within_the_band_is_right(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "spotify_own_model", last_val_loss=("", "1000"))
    assert own_model(1).score == 5


def trained(name: str, operations: tuple[Operation, ...], epochs: int | None = None) -> Evidence:
    """The evidence of a network trained as the exercise's notebook trains it, by plain `fit`, or for fewer epochs."""
    entry, data = exercise(name), exercise(name).data()
    asked = entry.reference
    keras.utils.set_random_seed(11)
    model = ModelSpec(asked.inputs, operations, asked.compile).build()
    history = model.fit(
        data.X_train,
        data.y_train,
        validation_data=(data.X_valid, data.y_valid),
        batch_size=asked.fit.batch_size,
        epochs=epochs or asked.fit.epochs,
        verbose=0,
        callbacks=[LossAtInference(data.X_train, data.y_train)],
    )
    return handed_in(entry, model, history)


def handed_in(entry: Exercise, model: keras.Model, history: keras.callbacks.History) -> Evidence:
    """The evidence of a network and its training, by the names that the exercise gives them."""
    return Evidence.of(entry.name, {entry.model_name: model, entry.history_name: history})


def without(operations: tuple[Operation, ...], kind: str) -> tuple[Operation, ...]:
    return tuple(step for step in operations if step.kind != kind)


@pytest.mark.parametrize(
    "name, cell, epochs, misconceptions",
    [
        ("spotify_model", "spotify_curve", 1, ("trained_too_short", "gap_untold", "not_converged")),
        ("spotify_model", "spotify_curve", 2, ("trained_too_short", "gap_untold", "not_converged")),
        ("concrete_model", "concrete_curve", 1, ("trained_too_short", "not_converged")),
        ("concrete_model", "concrete_curve", 2, ("trained_too_short", "falls_little", "not_converged")),
    ],
)
def test_a_training_that_has_hardly_begun_has_no_points_for_its_curve(name, cell, epochs, misconceptions) -> None:
    """With the fitted bands: what is left is for the right rows, one history, and numbers that are numbers."""
    verdict = judge(rubric(cell)[1], trained(name, exercise(name).reference.operations, epochs=epochs))
    assert verdict.misconceptions == misconceptions
    assert verdict.score == (1.5 if name == "spotify_model" else 2.0)


@pytest.mark.parametrize("cell", ["spotify_curve", "spotify_own_model_loss", "concrete_curve", "placement_curve"])
def test_a_training_that_broke_down_has_no_points_for_its_curve(cell, short, tmp_path, monkeypatch) -> None:
    """Even where the end is within every band, as after early stopping that restores sound weights."""
    owner, sheet = rubric(cell)
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    wide = {"last_val_loss": ("", "1000"), "best_val_loss": ("", "1000"), "gap": ("", "1000"), "fall": ("-1000", "")}
    fitted(bands.TABLE, owner.name, **wide)
    evidence = short if cell == "concrete_curve" else trained(owner.name, owner.reference.operations, 1)
    name = owner.history_name
    broken = copy.copy(evidence.history)
    broken.history = {key: [np.nan, *values[1:]] for key, values in evidence.history.history.items()}
    evidence = Evidence(evidence.exercise, {**evidence.names, name: broken})
    points = {finding.criterion: finding.points for finding in judge(sheet, evidence).findings}
    of_the_curve = set(STATISTICS) & set(points)
    assert of_the_curve and all(points[key] == 0 for key in of_the_curve)
    assert "not_finite" in judge(sheet, evidence).misconceptions


STATISTICS = {
    "finite": "finite",
    "falling": "fall",
    "gap_closed": "gap",
    "converged": "last_val_loss",
    "own_loss": "last_val_loss",
    "reached": "best_val_loss",
}
CELLS = [("spotify_curve", SOURCES), ("spotify_own_model_loss", SOURCES), ("concrete_curve", SOURCES)]
CELLS += [("placement_curve", SOURCES), ("vehicles_curve", (DRAWN,))]


@pytest.mark.parametrize("cell, source", [(cell, source) for cell, sources in CELLS for source in sources])
def test_only_what_separates_something_has_points(cell: str, source: str) -> None:
    """A statistic has a band where its limit rejects at least half of the runs of some wrong model."""
    owner, sheet = rubric(cell)
    assert sheet.maximum == 5.0
    judged = [criterion for criterion in sheet.criteria if criterion.key in STATISTICS and criterion.points]
    assert judged
    for criterion in judged:
        assert bands.band(owner.name, source, STATISTICS[criterion.key]) is not None, criterion.key


@pytest.mark.full
@pytest.mark.parametrize(
    "name, cells",
    [
        ("spotify_model", ("spotify_curve", "spotify_own_model_loss")),  # it counts as a network of one's own
        ("concrete_model", ("concrete_curve",)),
        ("placement_model", ("placement_curve",)),
    ],
)
def test_the_reference_passes_with_the_fitted_bands(name: str, cells: tuple[str, ...], monkeypatch) -> None:
    """On official data; on stand-ins, and of the vehicles, the whole notebooks are run (tests/test_assignment.py)."""
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    try:
        exercise(name).fingerprint()
    except datasets.DataError as error:
        pytest.skip(f"NOT TESTED ON THE OFFICIAL DATA: {error}")
    evidence = trained(name, exercise(name).reference.operations)
    for cell in cells:
        owner, sheet = rubric(cell)
        verdict = judge(sheet, handed_in(owner, evidence.model, evidence.history))
        assert (verdict.score, verdict.misconceptions) == (5.0, ()), [f.message for f in verdict.findings]


@pytest.mark.full
def test_spotify_without_dropout_leaves_the_gap_open() -> None:
    evidence = trained("spotify_model", without(exercise("spotify_model").reference.operations, "dropout"))
    assert "gap_open" in judge(rubric("spotify_curve")[1], evidence).misconceptions


@pytest.mark.full
def test_concrete_without_normalization_fails_or_crawls() -> None:
    operations = without(exercise("concrete_model").reference.operations, "batch_normalization")
    verdict = judge(rubric("concrete_curve")[1], trained("concrete_model", operations))
    assert set(verdict.misconceptions) & {"not_finite", "not_converged"}
    assert verdict.score <= 3.0


@pytest.mark.long
def test_blocks_without_normalization_fail_or_crawl() -> None:
    operations = without(exercise("placement_model").reference.operations, "batch_normalization")
    verdict = judge(rubric("placement_curve")[1], trained("placement_model", operations))
    assert set(verdict.misconceptions) & {"not_finite", "not_reached"}
    assert verdict.score <= 3.0


@pytest.mark.full
def test_vehicles_without_dropout_leave_the_gap_open() -> None:
    operations = without(exercise("vehicles_model").reference.operations, "dropout")
    verdict = judge(rubric("vehicles_curve")[1], trained("vehicles_model", operations))
    assert "gap_open" in verdict.misconceptions


@pytest.mark.long
def test_vehicles_with_dropout_on_the_probabilities_are_far_from_where_they_should_end() -> None:
    asked = exercise("vehicles_model").reference.operations
    operations = (*asked, Operation("dropout", "", {"rate": 0.5}))
    verdict = judge(rubric("vehicles_curve")[1], trained("vehicles_model", operations))
    assert "not_converged" in verdict.misconceptions


def test_the_gap_is_read_at_inference_and_not_from_the_log(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    fitted(bands.TABLE, "spotify_model", gap=("", "-1"))
    evidence = handed_in_short("spotify_model")
    assert judge(rubric("spotify_curve")[1], evidence).misconceptions == ("gap_open",)
    logged = evidence.told.series["val_loss"][-1] - evidence.told.series["loss"][-1]
    assert evidence.gap == pytest.approx(evidence.losses_now[1] - evidence.losses_now[0], abs=1e-4)
    assert abs(evidence.gap - logged) > 0.005, "with dropout on, the logged loss is another"
