"""Networks of a learner's own, each trained for three epochs; the bands here are those of three epochs."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest

from dropnorm.training import LossAtInference
from grader import bands
from grader.evidence import Evidence
from grader.exercises import exercise
from grader.rubric import judge
from tests.answers import Answer, answers, run
from tests.no_answer import printed
from tests.test_rubric_answers import IMPORTS, STATUS, titled

EPOCHS = 3
LIMITS = {"last_val_loss": 0.25, "gap": 0.02}  # which way a network fails by the fitted ones: test_rubric_curves.py
TRAIN = """
if own_model is not None:
    own_model.compile(optimizer="adam", loss="mae")
    own_history = own_model.fit(X_train, y_train, **given)
"""


@pytest.fixture(autouse=True)
def three_epochs_bands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"spotify_own_model,{s},{name},,{high}," for s in ("official", "stand-in") for name, high in LIMITS.items()]
    monkeypatch.setattr(bands, "TABLE", tmp_path / "bands.csv")
    bands.TABLE.write_text("\n".join(["exercise,source,statistic,low,high,note", *rows, ""]), encoding="utf-8")


def handed_in(answer: Answer) -> Evidence:
    """The evidence of an answer: its cell and the one that compiles and trains, run in order."""
    data = exercise("spotify_own_model").data()
    names = {name: getattr(data, name) for name in ("X_train", "y_train", "X_valid", "y_valid")}
    names["given"] = {
        "validation_data": (data.X_valid, data.y_valid),
        "batch_size": 512,
        "epochs": EPOCHS,
        "verbose": 0,
        "callbacks": [LossAtInference(data.X_train, data.y_train)],
    }
    answered, trained = (*answer.cells, TRAIN)[:2]
    keras.utils.set_random_seed(1)
    cells = {"imports": f"{IMPORTS}\nown_model = own_history = None", "answer": answered, "train": trained}
    raised = run(cells, names)
    return Evidence.of("spotify_own_model", names, raised.get("answer") or raised.get("train"), raised.get("train"))


@pytest.mark.parametrize("answer", answers("spotify-own"), ids=titled)
def test_a_network_of_ones_own_gets_what_it_must(answer: Answer) -> None:
    evidence = handed_in(answer)
    (expected,) = answer.expected
    verdict = judge(exercise("spotify_own_model").rubrics[expected.rubric], evidence)
    said = "\n".join(f"{f.criterion} {f.points}/{f.of} {f.message}" for f in verdict.findings)
    own = "\n".join(answer.cells)
    assert {word for f in verdict.findings for word in printed("spotify_own_model", f.message, own)} == set(), said
    assert expected.named_by(verdict.misconceptions), said
    assert verdict.status == STATUS.get(expected.status, expected.status), said
    assert verdict.score == expected.score, said
