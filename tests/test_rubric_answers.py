"""Each answer that is kept as test data gets its points, its status and the names of its misconceptions."""

from __future__ import annotations

import pytest

from grader.evidence import Evidence
from grader.exercises import exercise, rubric
from grader.rubric import Status, judge
from tests.answers import Answer, answers, run
from tests.no_answer import printed

SPOTIFY = answers(
    "spotify-wrong-dropout", "spotify-wrong-network", "spotify-wrong-cells", "spotify-errors", "spotify-unusual"
)
CONCRETE = answers("concrete-wrong", "concrete-norm", "concrete-errors", "concrete-unusual")
PLACED = answers("placement-wrong", "placement-unusual", "vehicles-wrong", "vehicles-unusual")
STATUS = {"raised": Status.RAISED, "manual": Status.MANUAL}

IMPORTS = "import keras\nimport numpy as np\nimport pandas as pd\nfrom keras import layers\nmodel = history = None"
IMPORTS += "\nvehicles_model = vehicles_history = None"
COMPILE = {
    "spotify_model": 'if model is not None:\n    model.compile(optimizer="adam", loss="mae")',
    "concrete_model": 'if model is not None:\n    model.compile(optimizer="sgd", loss="mae")',
    "placement_model": 'if model is not None:\n    model.compile(optimizer="sgd", loss="mae")',
    "vehicles_model": (
        "if vehicles_model is not None:\n    vehicles_model.compile("
        'optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])'
    ),
}


def handed_in(answer: Answer, name: str) -> Evidence:
    """The evidence of an answer that is not trained: its cell and the one that compiles."""
    names = dict(zip(exercise(name).arrays, arrays(name), strict=True))
    given = {"imports": IMPORTS, "answer": answer.cells[0], "compile": (*answer.cells, COMPILE[name])[1]}
    raised = run(given, names)
    return Evidence.of(name, names, raised.get("answer"), raised.get("compile"))


def arrays(name: str) -> tuple:
    data = exercise(name).data()
    return data.X_train, data.y_train, data.X_valid, data.y_valid


def titled(answer: Answer) -> str:
    return f"{answer.file}: {answer.title}"


@pytest.mark.parametrize("answer", SPOTIFY + CONCRETE + PLACED, ids=titled)
def test_an_answer_gets_what_it_must(answer: Answer) -> None:
    for expected in answer.expected:
        owner, sheet = rubric(expected.rubric)
        verdict = judge(sheet, handed_in(answer, owner.name))
        said = "\n".join(finding.message for finding in verdict.findings)
        own = "\n".join(answer.cells)
        assert {word for f in verdict.findings for word in printed(owner.name, f.message, own)} == set(), said
        assert expected.named_by(verdict.misconceptions), said
        assert verdict.status == STATUS.get(expected.status, expected.status), said
        assert verdict.score == expected.score, said
        assert type(verdict.score) is float
