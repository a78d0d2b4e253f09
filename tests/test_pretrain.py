"""What a class will hand in is trained before it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from dropnorm.places import ROOT
from grader import pretrain, trainings
from grader.assignments import assignments
from grader.candidates import CANDIDATES
from grader.exercises import EXERCISES, exercise
from grader.languages import homework_of
from grader.spec import FitSettings

pytestmark = pytest.mark.full

FIRST, SECOND = "dropout_and_batchnorm", "placement_and_diagnosis"


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> dict[str, pretrain.Job]:
    """What is foreseen of the first assignment is two trainings of one epoch, on concrete."""
    specs = [replace(each.spec, fit=FitSettings(1, 512)) for each in list(CANDIDATES["concrete_model"].values())[:2]]
    monkeypatch.setattr(pretrain, "foreseen", lambda asked: specs)
    monkeypatch.setattr(pretrain, "exercises_of", lambda assignment: [exercise("concrete_model")])
    return pretrain.wanted(pretrain.exercises_of(FIRST))


def command(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    asked = [sys.executable, "-m", "grader", *arguments]
    return subprocess.run(asked, capture_output=True, text=True, env=environment, cwd=ROOT)


def test_every_exercise_stands_in_the_notebooks_of_one_homework_in_all_languages():
    by_name = {name: [each.name for each in pretrain.exercises_of(name)] for name in assignments()}
    found = [each for name, exercises in by_name.items() if homework_of(name) == name for each in exercises]
    assert found[:3] == ["spotify_model", "spotify_own_model", "concrete_model"]
    assert sorted(found) == sorted(EXERCISES)
    assert all(exercises == by_name[homework_of(name)] for name, exercises in by_name.items())


def test_references_come_first_each_training_once_and_baselines_are_among_them():
    exercises = pretrain.exercises_of(SECOND)
    jobs = list(pretrain.wanted(exercises).values())
    references = [each.reference for each in exercises]
    first = [job.spec for job in jobs[:6]]  # the placement, the vehicles, and four that are diagnosed and mended
    assert len(set(first)) == 6 and set(first) == set(references)
    assert jobs[0] == pretrain.Job("placement_model", exercise("placement_model").reference)
    specs = [job.spec for job in jobs]
    assert exercise("concrete_model").reference in specs, "the baseline of the notebook on placement"
    assert CANDIDATES["vehicles_model"]["no dropout"].spec in specs
    assert len({(job.exercise, job.spec) for job in jobs}) == len(jobs) > 50


def test_what_is_lacking_is_trained_and_what_is_there_is_not(short, tmp_path, capsys):
    assert pretrain.pretrain(FIRST, tmp_path, processes=1) == 0
    assert capsys.readouterr().out == f"{FIRST}: 2 trained, 0 were there.\n"
    assert {path.stem for path in tmp_path.iterdir()} == set(short)
    for name, job in short.items():
        kept, trained = trainings.load(name, tmp_path), trainings.train(job.spec, exercise(job.exercise))
        assert kept.curves.val_loss.tobytes() == trained.curves.val_loss.tobytes()
    lost = list(short)[1]
    (tmp_path / f"{lost}.npz").write_bytes(b"damaged")
    assert pretrain.pretrain(FIRST, tmp_path, processes=1) == 0
    assert capsys.readouterr().out == f"{FIRST}: 1 trained, 1 were there.\n"
    assert trainings.load(lost, tmp_path) is not None


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(short, tmp_path, capsys):
    (tmp_path / "file").write_text("where a folder should be")
    folder = tmp_path / "file" / "trainings"
    assert pretrain.pretrain(FIRST, folder, processes=1) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.splitlines()[-1].startswith(f"Trainings cannot be kept in {folder}: ")
    assert "Traceback" not in said.err


def test_an_unknown_assignment_is_said_with_those_that_there_are():
    done = command("pretrain", "dropout")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"There is no assignment 'dropout'; there are {FIRST}, {SECOND}.\n"


def test_data_that_are_missing_are_said_in_a_sentence(tmp_path):
    done = command("pretrain", FIRST, DROPNORM_DATA=str(tmp_path / "nowhere"), DROPNORM_SOURCE="official")
    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1 and "spotify" in done.stderr


INTERRUPTED = """
import sys
from dataclasses import replace
from pathlib import Path
from grader import pretrain
from grader.exercises import exercise
from grader.spec import FitSettings

if __name__ == "__main__":
    reference = exercise("concrete_model").reference
    pretrain.foreseen = lambda asked: [replace(reference, fit=FitSettings(epochs, 64)) for epochs in (1, 1000)]
    sys.exit(pretrain.pretrain("dropout_and_batchnorm", Path(sys.argv[1]), processes=2))
"""


@pytest.mark.skipif(os.name == "nt", reason="an interrupt is sent otherwise there")
def test_an_interrupt_ends_it_at_once_and_keeps_what_was_trained(tmp_path):
    """As Ctrl-C does it: all processes of the terminal are told."""
    script, folder = tmp_path / "script.py", tmp_path / "trainings"
    script.write_text(INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder)],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    told = ""
    try:
        while " 1/" not in told and process.poll() is None:  # of the bar: one is trained, the other would take minutes
            told += process.stderr.read(1)
        os.killpg(process.pid, signal.SIGINT)
        _, rest = process.communicate(timeout=60)
    finally:
        process.kill()
    last = rest.strip().splitlines()[-1]
    assert last == "Interrupted: what was trained (1) is kept, and the same command goes on from there."
    assert process.returncode == 130 and "Traceback" not in rest
    assert [path.suffix for path in Path(folder).iterdir()] == [".npz"]
