"""Judging a graded class anew, and saying why: from what is kept, no notebook is run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbgrader.api import Gradebook

from dropnorm import quiet
from dropnorm.curves import LearningCurves
from grader import __main__ as commands
from grader import bands, trainings
from grader.autograde import noting
from grader.autograde.handed_in import REFUSED
from grader.autograde.judging import JudgeOutside, outputs
from grader.autograde.ledger import Ledger
from grader.autograde.noted import Noted, Points
from grader.autograde.records import Record, record_kept, record_of, records
from grader.autograde.rejudge import changes_of
from grader.autograde.tasks import data_in_use
from grader.criteria import answers
from grader.handed import Retrained
from grader.judged import Judged, judged
from tests.hostile.attacking import train
from tests.test_handed_over import told

# Keras logs by absl, which keeps the standard error of its import, and closes it when the first gradebook sets up
# logging anew: that must not be the file in which pytest catches what a test writes.
quiet.start()
UNIT, NOTEBOOK, CELL = "unit", "1_spotify_dropout", "spotify_baseline_questions"
OUTDATED = "was graded by another version, or on other data: grade it again."
LOSSES = [0.2, 0.1, 0.101]  # 1 % above the lowest at the end: not overfitting, as the rubric has it


def handed_in(best_epoch: int) -> Judged:
    """Two answers on a baseline's curves."""
    account = {
        "version": 1,
        "exercise": "spotify_model",
        "rubric": CELL,
        "errors": {"error": None, "compile_error": None, "fit_error": None},
        "answers": {
            "baseline_best_epoch": {"number": best_epoch, "shown": str(best_epoch)},
            "baseline_overfits": {"number": False, "shown": "False"},
        },
        "holds": ["baseline_history", "baseline_best_epoch", "baseline_overfits"],
        "series": {"loss": LOSSES, "val_loss": LOSSES},
    }
    return judged(account, lambda spec, owner: pytest.fail("questions need no training"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which ada (all right) and ben (half right) are graded."""
    folder = tmp_path_factory.mktemp("course")
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(UNIT)
        gradebook.add_notebook(NOTEBOOK, UNIT)
        gradebook.add_grade_cell(CELL, NOTEBOOK, UNIT, max_score=2, cell_type="code")
        for student, epoch in (("ada", 2), ("ben", 7)):
            gradebook.add_student(student)
            gradebook.add_submission(UNIT, student)
            done = handed_in(epoch)
            grade = gradebook.find_grade(CELL, NOTEBOOK, UNIT, student)
            grade.auto_score, grade.needs_manual_grade = done.verdict.score, False
            names = {"assignment": UNIT, "student": student, "notebook": NOTEBOOK}
            record_of(names, [json.loads(json.dumps(done.to_dict()))]).write(folder)
            cell = nbformat.v4.new_code_cell("grade()", outputs=outputs(CELL, done))
            role = {"grade_id": CELL, "grade": True, "locked": True, "solution": False, "points": 2}
            cell.metadata["nbgrader"] = role
            path = folder / "autograded" / student / UNIT / f"{NOTEBOOK}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
            path.chmod(0o444)
        gradebook.db.commit()
    return folder


@pytest.fixture
def course(graded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that course; it is the folder that commands run in."""
    folder = Path(shutil.copytree(graded, tmp_path / "course"))
    monkeypatch.chdir(folder)
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    return folder


def scores(course: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        return {student.id: gradebook.find_submission(UNIT, student.id).score for student in gradebook.students}


def printed_in_notebook(course: Path, student: str) -> str:
    notebook = nbformat.read(course / "autograded" / student / UNIT / f"{NOTEBOOK}.ipynb", as_version=4)
    return notebook.cells[0].outputs[0].text


def test_nothing_changes_where_the_rubric_is_the_same(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert capsys.readouterr().out == "All verdicts on 2 notebooks stay as they are.\n"
    assert scores(course) == {"ada": 2.0, "ben": 1.0}


def test_what_would_change_is_told_before_it_is_written(course: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)  # the rubric, as its author has changed it
    assert commands.main(["rejudge", UNIT]) == 0
    said = capsys.readouterr().out
    assert said.splitlines()[1:3] == [f"ada      {CELL}  2    1", f"ben      {CELL}  1    0"]
    assert "2 verdicts change in 2 notebooks; -2.00 points in all." in said and "Nothing was written" in said
    assert scores(course) == {"ada": 2.0, "ben": 1.0}
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert scores(course) == {"ada": 1.0, "ben": 0.0}
    assert f"{CELL}: 1 of 2 points" in printed_in_notebook(course, "ada")
    assert (course / "autograded" / "ada" / UNIT / f"{NOTEBOOK}.ipynb").stat().st_mode & 0o777 == 0o444
    assert commands.main(["rejudge", UNIT]) == 0
    assert "All verdicts on 2 notebooks stay" in capsys.readouterr().out.splitlines()[-1]


def test_points_that_a_human_gave_stay(course: Path, monkeypatch) -> None:
    with Gradebook("sqlite:///gradebook.db") as gradebook:
        gradebook.find_grade(CELL, NOTEBOOK, UNIT, "ada").manual_score = 1.75
        gradebook.db.commit()
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert scores(course) == {"ada": 1.75, "ben": 0.0}


def noted(course: Path) -> list[Noted]:
    found: list[Noted] = []
    assert Ledger(course).read(lambda entry, _: found.append(entry.noted)).wrong() == []
    return found


def test_what_is_written_is_in_the_record_of_verdicts_with_the_points_before(course: Path, monkeypatch, capsys) -> None:
    graded = Noted(
        "autograde", "", UNIT, "ada", NOTEBOOK, "f" * 64, {CELL: Points(2.0, 2.0)}, "of then", "d", ran="one"
    )
    Ledger(course).append(graded)
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    assert commands.main(["rejudge", UNIT]) == 0 and len(noted(course)) == 1  # nothing was written
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    ada, ben = noted(course)[1:]
    assert (ada.run, ada.student, ada.submitted, ada.cells) == ("rejudge", "ada", "f" * 64, {CELL: Points(2.0, 1.0)})
    assert ada.before == {CELL: 2.0} and ada.rubric == ben.rubric != "of then"
    assert (ben.student, ben.submitted, ben.score, ben.before) == ("ben", None, 0.0, {CELL: 1.0})
    assert capsys.readouterr().out.endswith(
        f"The record of verdicts has 3 entries; its head is {Ledger(course).head().digest}.\n"
    )
    assert commands.main(["history", "ada", UNIT]) == 0
    assert f"another rubric; other data; {CELL} 2 → 1\n" in capsys.readouterr().out
    assert commands.main(["history", "ben", UNIT]) == 0
    assert f"not known  0 of 2  the first entry; {CELL} 1 → 0\n" in capsys.readouterr().out


def test_a_rejudging_that_was_stopped_is_noted_once_and_says_so(course: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    with monkeypatch.context() as patch:
        patch.setattr(Record, "write", interrupted)
        assert commands.main(["rejudge", UNIT, "--write"]) == 130
    assert capsys.readouterr().err.splitlines()[-1] == "Stopped: type the same command again."
    assert [each.student for each in noted(course)] == ["ada"]
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert [each.student for each in noted(course)] == ["ada", "ben"]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_record_that_cannot_be_written_costs_no_rejudging(course: Path, monkeypatch, caplog) -> None:
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    monkeypatch.setattr(noting, "ledger_of", lambda course: Ledger(course / "gradebook.db"))  # no folder
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert scores(course) == {"ada": 1.0, "ben": 0.0}
    assert f"The verdict on {NOTEBOOK} of ada is not in the record of verdicts" in caplog.text


def test_what_is_damaged_or_not_there_is_told(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["rejudge", "another"]) == 1
    assert capsys.readouterr().out.startswith("Nothing is kept of 'another': run `nbgrader autograde another` first.")
    (course / ".grading" / "judged" / UNIT / "ben" / f"{NOTEBOOK}.json").write_text("{")
    assert commands.main(["rejudge", UNIT]) == 0
    assert "is damaged and was left out" in capsys.readouterr().out


def test_what_another_version_handed_over_is_left_out_and_said(course: Path, capsys) -> None:
    path = course / ".grading" / "judged" / UNIT / "ben" / f"{NOTEBOOK}.json"
    told = json.loads(path.read_text())
    told["judged"][0]["account"]["version"] = 0
    path.write_text(json.dumps(told))
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    said = capsys.readouterr().out
    assert f"1_spotify_dropout of ben {OUTDATED}" in said
    assert commands.main(["why", "ben", UNIT]) == 0
    assert capsys.readouterr().out == f"1_spotify_dropout {OUTDATED}\n"
    assert scores(course) == {"ada": 2.0, "ben": 1.0}


def test_curves_of_other_data_are_not_held_to_the_bands_of_these(course: Path, capsys) -> None:
    path = course / ".grading" / "judged" / UNIT / "ben" / f"{NOTEBOOK}.json"
    told = json.loads(path.read_text())
    told["judged"][0]["trainings"] = {"a": {"runs": [LearningCurves([LOSSES], [LOSSES]).to_dict()], "losses_now": None}}
    for digest, outdated in ((data_in_use()["spotify"], False), ("of another file", True)):
        path.write_text(json.dumps({**told, "data": {"spotify": digest}}))
        assert commands.main(["rejudge", UNIT]) == 0
        assert (f"1_spotify_dropout of ben {OUTDATED}" in capsys.readouterr().out) == outdated


def test_kept_curves_are_held_to_the_bands_of_now_and_nothing_is_trained(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after `python -m grader.calibration`: a limit on the gap that these curves do not keep any more."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    done = judged(told(), lambda spec, owner: Retrained(train([], spec, owner).runs))
    names = {"assignment": UNIT, "student": "ada", "notebook": NOTEBOOK}
    record_of(names, [json.loads(json.dumps(done.to_dict()))]).write(tmp_path)
    (record,) = records(UNIT, course=tmp_path)
    monkeypatch.setattr(trainings, "train", lambda *_: pytest.fail("it was trained anew"))
    assert list(changes_of(record)) == []
    (kept,) = done.trainings.values()
    gap = float(kept.runs[0].gap[0])
    limits = bands.TABLE.read_text().splitlines()
    row = next(place for place, line in enumerate(limits) if line.startswith("spotify_model,stand-in,gap,"))
    limits[row] = f"spotify_model,stand-in,gap,,{gap / 2},by hand,"
    (tmp_path / "bands.csv").write_text("\n".join(limits) + "\n")
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    (change,) = changes_of(record)
    assert change.new.verdict.score < change.old.verdict.score == change.old.verdict.maximum
    assert change.new.trainings.keys() == change.old.trainings.keys()


def test_of_a_notebook_that_was_not_run_no_earlier_verdict_is_told(course: Path, capsys) -> None:
    names = {"assignment": UNIT, "student": "ben", "notebook": NOTEBOOK}
    JudgeOutside().preprocess(nbformat.v4.new_notebook(), {"nbgrader": names})
    assert commands.main(["why", "ben", UNIT]) == 1
    assert capsys.readouterr().out.startswith("No verdicts are kept on 'ben'")


def test_without_the_data_nothing_is_judged(course: Path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "neither")
    assert commands.main(["rejudge", UNIT, "--write"]) == 1
    assert "DROPNORM_SOURCE is 'neither'" in capsys.readouterr().out
    assert scores(course) == {"ada": 2.0, "ben": 1.0}


def test_why_tells_every_criterion(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["why", "ben", UNIT]) == 0
    said = capsys.readouterr().out
    assert f"{CELL}: 1 of 2 points" in said and "`baseline_best_epoch`" in said and "right" in said
    assert commands.main(["why", "eve", UNIT]) == 1
    assert "there are verdicts on ada, ben" in capsys.readouterr().out


def test_why_tells_why_other_cells_handed_over_nothing(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    names = {"assignment": UNIT, "student": "cas", "notebook": NOTEBOOK}
    record_of(names, [], silent="The kernel had stopped.").write(course)
    assert commands.main(["why", "cas", UNIT]) == 0
    assert "Its other test cells: The kernel had stopped." in capsys.readouterr().out
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    assert record_kept(names, course).silent == "The kernel had stopped."


def test_why_tells_why_a_notebook_was_refused(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = course / "autograded" / "cas" / UNIT
    folder.mkdir(parents=True)
    refused = nbformat.v4.new_notebook(metadata={REFUSED: "This is no notebook."})
    nbformat.write(refused, folder / f"{NOTEBOOK}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(), folder / "another.ipynb")
    assert commands.main(["why", "cas", UNIT]) == 0
    assert capsys.readouterr().out == f"{NOTEBOOK}\n{'=' * len(NOTEBOOK)}\nThis is no notebook.\n\n"


def test_why_draws_the_curves_that_were_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dropnorm.curves import LearningCurves
    from grader.autograde.why import draw

    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    falling = np.linspace(0.3, 0.19, 50)
    runs = tuple(LearningCurves(falling, falling + seed / 100, falling, seeds=(seed,)) for seed in (0, 1, 2))
    broken = LearningCurves(falling * np.nan, falling * np.nan, falling * np.nan, seeds=(0,))
    for number, found in enumerate((runs, (broken, broken, broken))):
        done = Judged(CELL, handed_in(2).verdict, {"exercise": "spotify_model"}, {"": Retrained(found)})
        assert draw([done], tmp_path / f"{number}.png").read_bytes().startswith(b"\x89PNG")
