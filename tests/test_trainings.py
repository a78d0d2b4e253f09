"""Trainings that are kept: the weights are those of the curves, and what is read back is what was asked for."""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dropnorm import quiet
from dropnorm.places import ROOT
from grader import retraining, trainings
from grader.exercises import exercise
from grader.facts import CompileFacts, Operation
from grader.judged import retrained_of
from grader.operations import BATCH_NORM, RELU, SOFTMAX, dense, dropout, hidden
from grader.spec import FitSettings, ModelSpec
from grader.trainings import SEEDS, Training

EXERCISE = exercise("concrete_model")
TANH = Operation("activation", "", {"function": "tanh"})
UNCENTRED = replace(BATCH_NORM, settings={**BATCH_NORM.settings, "center": False})
PENALTY = {"class_name": "L2", "config": {"l2": 0.01}}
BLOCKS = {
    "plain": (dense(16), RELU),
    "dropout": (dense(16), RELU, dropout(0.3)),
    "batch normalization before": (BATCH_NORM, dense(16), RELU),
    "batch normalization after": (dense(16), BATCH_NORM, RELU, dropout(0.2)),
    "batch normalization behind the activation": (dense(16), RELU, BATCH_NORM, dropout(0.2)),
    "without bias": (dense(16, use_bias=False), BATCH_NORM, RELU),
    "without bias behind": (BATCH_NORM, dense(16, use_bias=False), RELU),
}
BY_KERAS = {
    "tanh": (BATCH_NORM, dense(16), TANH, dropout(0.3)),
    "layer normalization": (Operation("layer_normalization", ""), dense(16), RELU),
    "not centred": (dense(16), UNCENTRED, RELU),
    "penalty": (replace(dense(16), settings={"units": 16, "use_bias": True, "kernel_regularizer": PENALTY}), RELU),
}


def spec(*block: Operation, epochs: int = 5) -> ModelSpec:
    adam = CompileFacts("adam", 0.01, "mean_absolute_error")
    return ModelSpec(8, (*block * 2, dense(1)), adam, FitSettings(epochs, 64))


SMALL = spec(*BLOCKS["dropout"], epochs=2)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> None:
    """Unless another file's tests have started TensorFlow: then each training by Keras gets a process of its own."""
    trainings._on_one_thread()


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


def with_weights(asked: ModelSpec, training: Training):
    """The spec's own model with a training's weights, found by their names."""
    quiet.start()
    from grader.rebuilding import layers_of

    model = asked.build()
    for layer, named in zip(layers_of(model), training.weights, strict=True):
        assert [variable.name for variable in layer.weights] == list(named)
        for variable in layer.weights:
            variable.assign(named[variable.name])
    return model


def alike(first: Training, second: Training) -> bool:
    """Whether two trainings are the same to the last bit."""
    series = [
        [getattr(curves, name).tobytes() for curves in t.runs for name in trainings.SERIES] for t in (first, second)
    ]
    named = [[(n, v.tobytes()) for weights in t.weights for n, v in weights.items()] for t in (first, second)]
    return series[0] == series[1] and named[0] == named[1] and len(first.weights) == len(second.weights)


@pytest.mark.parametrize("name", [*BLOCKS, *BY_KERAS])
def test_the_weights_are_those_of_the_run_that_counts(name, record_property):
    asked, data = spec(*{**BLOCKS, **BY_KERAS}[name]), EXERCISE.data()
    assert trainings._by_engine(asked) == (name in BLOCKS)
    training = trainings.train(asked, EXERCISE)
    model, curves = with_weights(asked, training), training.curves
    logged = curves.val_loss[0, -1], curves.loss_at_inference[0, -1]
    parts = (data.X_valid, data.y_valid), (data.X_train, data.y_train)
    predicted = [float(np.abs(model.predict(X, verbose=0)[:, 0] - y).mean()) for X, y in parts]
    evaluated = [model.evaluate(X, y, verbose=0) - float(sum(model.losses)) for X, y in parts]
    record_property("largest difference", float(np.abs(np.array([predicted, evaluated]) / logged - 1).max()))
    np.testing.assert_allclose([predicted, evaluated], [logged, logged], rtol=1e-5)
    others = [run.val_loss[0, -1] for place, run in enumerate(training.runs) if place != training.counted]
    assert not np.isclose(others, logged[0], rtol=1e-4).any(), "the weights could be those of another run"


def test_a_penalty_on_outputs_is_no_part_of_what_is_judged():
    """It hangs on the rows that a batch has, so it cannot be taken off the curves."""
    penalized = {"units": 16, "use_bias": True, "activity_regularizer": PENALTY}
    asked, data = spec(replace(dense(16), settings=penalized), RELU, epochs=1), EXERCISE.data()
    training = trainings.train(asked, EXERCISE)
    model = with_weights(asked, training)
    parts = (data.X_train, data.y_train), (data.X_valid, data.y_valid)
    errors = [float(np.abs(model.predict(X, verbose=0)[:, 0] - y).mean()) for X, y in parts]
    np.testing.assert_allclose(retrained_of(training, asked, EXERCISE).losses_now, errors, rtol=1e-5)


def test_a_network_of_kinds_has_its_weights_too():
    vehicles = exercise("vehicles_model")
    asked = replace(vehicles.reference, fit=FitSettings(1, 64), operations=(*hidden(8, 0.2), dense(3), SOFTMAX))
    training, data = trainings.train(asked, vehicles), vehicles.data()
    loss = with_weights(asked, training).evaluate(data.X_valid, data.y_valid, verbose=0)
    np.testing.assert_allclose(loss, training.curves.val_loss[0, -1], rtol=1e-5)


@pytest.mark.parametrize("name", ["dropout", "tanh"])
def test_a_training_is_that_of_judging_and_the_same_each_time(name):
    asked = spec(*{**BLOCKS, **BY_KERAS}[name], epochs=3)
    training = trainings.train(asked, EXERCISE)
    random.seed(99)  # whatever was drawn meanwhile
    assert alike(training, trainings.train(asked, EXERCISE))
    assert [run.seeds for run in training.runs] == [(seed,) for seed in SEEDS] and SEEDS == retraining.SEEDS
    judged = retraining.retrained(asked, EXERCISE)
    for series in trainings.SERIES:
        np.testing.assert_array_equal(getattr(training.curves, series), getattr(judged, series))


def test_the_run_in_the_middle_counts_and_one_without_a_number_is_the_highest():
    runs = trainings.train(SMALL, EXERCISE).runs
    worse = [
        replace(run, val_loss=run.val_loss * 0 + value) for run, value in zip(runs, (3.0, np.nan, 2.0), strict=True)
    ]
    assert Training(tuple(worse), ()).counted == 0
    assert Training((worse[1], worse[2], worse[1]), ()).counted == 0


def test_what_was_kept_is_read_back_bit_for_bit(tmp_path):
    training = trainings.kept(SMALL, EXERCISE, tmp_path)
    name = trainings.key(SMALL, EXERCISE)
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.npz"]
    assert alike(trainings.load(name, tmp_path), training)
    assert training.runs[0].seeds == (0,) and training.weights[1] == {}
    told_apart = Training(training.runs[:1], training.weights)
    trainings.store(name, told_apart, tmp_path)
    assert alike(trainings.kept(SMALL, EXERCISE, tmp_path), told_apart), "it was trained though it is kept"


def test_a_training_that_broke_down_is_kept_as_it_is(tmp_path):
    sound = trainings.train(SMALL, EXERCISE)
    runs = tuple(replace(curves, val_loss=np.array([[np.inf, np.nan]])) for curves in sound.runs)
    broken = Training(runs, ({"kernel": np.array([[np.nan, -np.inf]], np.float32)}, *sound.weights[1:]))
    trainings.store("broken", broken, tmp_path)
    assert alike(trainings.load("broken", tmp_path), broken) and not alike(sound, broken)


def damaged(content: bytes, other: bytes) -> dict[str, bytes]:
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    return {
        "empty": b"",
        "cut short": content[: len(content) // 2],
        "the seal cut off": content[: -trainings.SEAL],
        "a bit flipped": bytes(flipped),
        "of another spec": other,
        "something else": b"\x80\x04N." * 100,
    }


@pytest.mark.parametrize("how", damaged(b"0", b""))
def test_a_damaged_entry_counts_as_none_and_is_trained_anew(tmp_path, how):
    training = trainings.kept(SMALL, EXERCISE, tmp_path)
    trainings.kept(replace(SMALL, fit=FitSettings(1, 64)), EXERCISE, tmp_path / "other")
    (entry,), (other,) = tmp_path.glob("*.npz"), (tmp_path / "other").iterdir()
    entry.write_bytes(damaged(entry.read_bytes(), other.read_bytes())[how])
    assert trainings.load(entry.stem, tmp_path) is None
    assert alike(trainings.kept(SMALL, EXERCISE, tmp_path), training)
    assert trainings.load(entry.stem, tmp_path) is not None


def test_bytes_that_hold_no_training_are_refused_in_a_sentence():
    content = trainings.train(SMALL, EXERCISE).to_bytes()
    pickled = b"\x80\x04N."
    for wrong in (b"", pickled, content[:-30], content[30:], content.replace(b"val_loss", b"val_lost")):
        with pytest.raises(ValueError, match="holds no training"):
            Training.from_bytes(wrong)


def test_equal_specs_have_one_name_and_one_training():
    """A rate that differs behind the sixth digit, another order of settings, layers with names."""
    reversed_settings = dict(reversed(BATCH_NORM.settings.items()))
    rate = 0.01000001
    first = spec(*BLOCKS["batch normalization before"], epochs=2)
    operations = tuple(
        replace(each, layer="mine", settings=reversed_settings if each.kind == BATCH_NORM.kind else each.settings)
        for each in first.operations
    )
    second = replace(first, operations=operations, compile=replace(first.compile, learning_rate=rate))
    assert trainings.key(first, EXERCISE) == trainings.key(second, EXERCISE)
    assert alike(trainings.train(first, EXERCISE), trainings.train(second, EXERCISE))


def test_another_question_has_another_name_and_another_exercise_on_the_same_data_has_not(monkeypatch):
    name, data = trainings.key(SMALL, EXERCISE), EXERCISE.data()
    moved = replace(data, y_valid=data.y_valid + np.float32(1e-3))
    names = {
        name,
        trainings.key(replace(SMALL, fit=FitSettings(3, 64)), EXERCISE),
        trainings.key(spec(*BLOCKS["plain"], epochs=2), EXERCISE),
        trainings.key(SMALL, replace(EXERCISE, data_set=None, prepare=lambda: moved)),
        trainings.key(SMALL, exercise("mended_3")),
    }
    monkeypatch.setattr(trainings, "SEEDS", (0, 1, 3))
    names.add(trainings.key(SMALL, EXERCISE))
    assert len(names) == 6
    monkeypatch.undo()
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    assert trainings.key(SMALL, replace(EXERCISE, name="another")) == name
    assert trainings.key(SMALL, exercise("placement_model")) == name, "the same data under another exercise"


def test_a_name_is_found_without_tensorflow_and_is_the_same_in_every_process():
    script = (
        "import sys; from tests.test_trainings import *; "
        "print(trainings.key(SMALL, EXERCISE), trainings.key(spec(*BY_KERAS['tanh']), EXERCISE)); "
        "assert 'tensorflow' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.split() == [trainings.key(each, EXERCISE) for each in (SMALL, spec(*BY_KERAS["tanh"]))]


def test_a_spec_that_says_nothing_of_its_training_is_refused():
    with pytest.raises(trainings.SpecError, match="epochs and batch size"):
        trainings.train(replace(SMALL, fit=None), EXERCISE)


def test_the_folder_is_bounded_and_what_was_used_last_stays(tmp_path):
    training = trainings.train(SMALL, EXERCISE)
    trainings.store("0", training, tmp_path)
    size = (tmp_path / "0.npz").stat().st_size
    (tmp_path / ".0.npz.left.tmp").write_bytes(b"of a process that was killed while it wrote")
    for place in range(1, 8):
        trainings.store(str(place), training, tmp_path, limit=5 * size)
        for age, path in enumerate(sorted(tmp_path.iterdir())):
            os.utime(path, ns=(age, age))
        assert trainings.load("0", tmp_path) is not None  # used: now the newest
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 5 * size
    names = {path.name for path in tmp_path.iterdir()}
    assert {"0.npz", "7.npz"} <= names and names.isdisjoint({"1.npz", ".0.npz.left.tmp"})


def keep_one(folder: Path, start, told) -> None:
    start.wait(60)
    told.put(trainings.kept(SMALL, EXERCISE, folder).to_bytes())


def test_two_processes_that_write_one_entry_leave_one_good_one(tmp_path):
    context = multiprocessing.get_context("spawn")
    start, told = context.Barrier(2), context.Queue()
    processes = [context.Process(target=keep_one, args=(tmp_path, start, told)) for _ in range(2)]
    for process in processes:
        process.start()
    got = [Training.from_bytes(told.get(timeout=120)) for _ in processes]
    for process in processes:
        process.join(60)
    assert [path.name for path in tmp_path.iterdir()] == [f"{trainings.key(SMALL, EXERCISE)}.npz"]
    kept = trainings.load(trainings.key(SMALL, EXERCISE), tmp_path)
    assert alike(got[0], got[1]) and alike(kept, got[0])


def test_a_folder_that_cannot_be_written_costs_nothing_but_the_keeping_and_is_said_once(tmp_path, caplog):
    (tmp_path / "file").write_text("where a folder should be")
    folder = tmp_path / "file" / "trainings"
    with caplog.at_level(logging.WARNING):
        first, second = (trainings.kept(SMALL, EXERCISE, folder) for _ in range(2))
    assert alike(first, second)
    (said,) = caplog.messages
    assert said.startswith(f"Trainings cannot be kept in {folder} (") and said.endswith(": each is trained anew.")
    with pytest.raises(OSError):
        trainings.store("0", first, folder)


# Products over so many rows at once are added up in other parts where there are more threads: other last digits.
MANY_ROWS = ModelSpec(18, (*(dense(128), TANH) * 2, dense(1)), SMALL.compile, FitSettings(2, 20_000))


def test_where_tensorflow_has_more_threads_another_process_trains(tmp_path):
    """Its numbers are those of one thread, whatever the process that asks has set."""
    script = """
import sys
from pathlib import Path
from dropnorm import quiet

if __name__ == "__main__":
    quiet.start()
    import tensorflow as tf
    tf.config.threading.set_intra_op_parallelism_threads(8)
    tf.zeros(1) + 1
    from tests.test_trainings import MANY_ROWS, exercise, trainings
    Path(sys.argv[1]).write_bytes(trainings.train(MANY_ROWS, exercise("spotify_model")).to_bytes())
    print(tf.config.threading.get_intra_op_parallelism_threads())
"""
    path = tmp_path / "asks.py"
    path.write_text(script)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, str(path), str(tmp_path / "out")], capture_output=True, text=True, env=environment, check=True
    )
    assert done.stdout.strip() == "8", done.stdout
    there = Training.from_bytes((tmp_path / "out").read_bytes())
    assert alike(there, trainings.train(MANY_ROWS, exercise("spotify_model")))
