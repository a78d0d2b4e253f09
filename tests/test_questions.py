"""Questions and test cells, asked in an IPython shell as a notebook asks them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell

from dropnorm import places, quiet
from grader import cells, question, questions
from grader.attempts import Attempts, assigned, watch
from grader.errors import QuestionError
from grader.exercises import EXERCISES

RIGHT = """
model = keras.Sequential([
    keras.Input((18,)),
    keras.layers.Dense(128, activation="relu"), keras.layers.Dropout(0.3),
    keras.layers.Dense(64, activation="relu"), keras.layers.Dropout(0.3),
    keras.layers.Dense(1),
])
model.compile(optimizer="adam", loss="mae")
"""


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """A shell that has just been started, in which `grader` finds itself."""
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    monkeypatch.setattr(InteractiveShell, "_instance", None)
    monkeypatch.setattr(InteractiveShell, "history_manager", None, raising=False)
    made = InteractiveShell.instance()
    yield made
    InteractiveShell.clear_instance()


def run(shell: InteractiveShell, code: str) -> None:
    assert shell.run_cell(code).success


# The errors of the learner's own cells


@pytest.mark.parametrize(
    ("cell", "names"),
    [
        ("model = 1", {"model"}),
        ("model, history = 1, 2", {"model", "history"}),
        ("for rate in (1, 2):\n    model = rate", {"rate", "model"}),
        ("model.add(1)", {"model"}),
        ("model.layers.insert(1, 2)", {"model"}),
        ("if (model := 1): pass", {"model"}),
        ("def model(): pass", {"model"}),
        ("class model: pass", {"model"}),
        ("print(model == 1)", set()),
        ("if model is not None:\n    model.compile(loss='mae')", {"model.compile"}),
        ("model.compile(optimizer='adam' loss='mae')", {"model.compile"}),
        ("model = keras.Sequential([", {"model"}),
        ("x == 1\nmodel: int = (", {"model"}),
        ("%matplotlib inline\nmodel = 1", {"model"}),
    ],
)
def test_the_names_that_a_cell_gives_a_value(cell: str, names: set[str]) -> None:
    assert assigned(cell) == names


def test_looking_at_a_cell_warns_of_nothing(recwarn: pytest.WarningsRecorder) -> None:
    assert assigned(r"model = '\d'") == {"model"}
    assert not recwarn.list


def test_an_error_is_kept_until_the_name_gets_a_value(shell: InteractiveShell) -> None:
    attempts = watch(shell)
    assert watch(shell) is attempts
    shell.run_cell("model = 1 / 0")
    assert isinstance(attempts.error(["model"]), ZeroDivisionError)
    assert attempts.error(["history"]) is None
    shell.run_cell("print(1 / 0)")
    assert isinstance(attempts.error(["model"]), ZeroDivisionError)
    shell.run_cell("model = (")
    assert isinstance(attempts.error(["model"]), SyntaxError)
    shell.run_cell("history = undefined")
    assert isinstance(attempts.error(["model", "history"]), NameError)
    shell.run_cell("model = 1")
    assert attempts.error(["model"]) is None


def test_an_error_before_any_answer_is_that_of_the_cell_behind_the_one_that_clears(shell: InteractiveShell) -> None:
    attempts = watch(shell)
    shell.run_cell("first = second = None")
    shell.run_cell("losses = {}['val_los']\nprint(losses)")
    assert isinstance(attempts.error_behind(["first", "second"]), KeyError)
    shell.run_cell("1 / 0")
    assert isinstance(attempts.error_behind(["first"]), KeyError), "cells further down are others"
    shell.run_cell("first, second = 1, True")
    shell.run_cell("print(first)")
    assert attempts.error_behind(["first", "second"]) is None


@pytest.mark.parametrize(
    ("fit", "answers", "said"),
    [
        (
            "history = None",
            "losses = {}['val_los']",
            "your cell raised an error (0 of 2 points) Your cell",
        ),
        (
            "history = None",
            "best_epoch, gap = (3, ",
            "your cell raised an error (0 of 2 points) Your cell",
        ),
        (
            "history = undefined",
            "pass",
            "your cell raised an error (0 of 2 points) The cell that trains",
        ),
        ("history = None", "pass", "not started (0 of 2 points)"),
    ],
)
def test_an_error_of_an_answers_cell_or_of_the_training_is_not_called_not_started(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], fit: str, answers: str, said: str
) -> None:
    run(shell, "from grader import question\nq = question('spotify_model')")
    for cell in (fit, "best_epoch = gap = None", answers):
        shell.run_cell(cell)
    capsys.readouterr()
    run(shell, "from grader.cells import grade\ngrade('spotify_questions')")
    assert " ".join(capsys.readouterr().out.split()).startswith(f"spotify_questions: {said}")


# Questions


def test_an_unknown_question_gets_one_sentence_and_no_traceback(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.run_cell("from grader import question\nquestion('spotfy')")
    assert capsys.readouterr().out.splitlines() == [
        f"There is no question named 'spotfy'; the course has {', '.join(EXERCISES)}."
    ]


def test_a_question_outside_a_notebook_says_where_to_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(InteractiveShell, "_instance", None)
    with pytest.raises(QuestionError, match="in a notebook"):
        question("spotify_model")


def test_check_says_what_the_test_cell_says(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    quiet.start()
    run(shell, "import keras\nfrom grader import question\nmodel = history = None\nq = question('spotify_model')")
    said, scores = {}, {}
    for name, code in {
        "untouched": "",
        "right": RIGHT,
        "one layer missing": RIGHT.replace(
            "keras.layers.Dropout(0.3),\n    keras.layers.Dense(1)", "keras.layers.Dense(1)"
        ),
        "kept, not dropped": RIGHT.replace("0.3", "0.7"),
    }.items():
        run(shell, code)
        capsys.readouterr()
        run(shell, "q.check()")
        check = capsys.readouterr().out
        run(shell, "from grader.cells import grade\nscore = grade('spotify_structure')")
        graded = capsys.readouterr().out
        assert check == graded, name
        said[name], scores[name] = check, shell.user_ns["score"]
        assert type(shell.user_ns["score"]) is float
    assert said["untouched"].startswith("spotify_structure: not started")
    assert scores["untouched"] == 0.0 and scores["right"] == 10.0
    assert 0.0 < scores["one layer missing"] < 10.0 and 0.0 < scores["kept, not dropped"] < 10.0
    assert "70 %" in said["kept, not dropped"]


def test_an_error_of_the_learners_cell_is_explained(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet.start()
    run(shell, "import keras\nfrom grader import question\nmodel = history = None\nq = question('spotify_model')")
    shell.run_cell(RIGHT.replace("0.3", "30"))
    capsys.readouterr()
    run(shell, "q.check()")
    said = capsys.readouterr().out
    assert said.startswith("spotify_structure: your cell raised an error")
    assert "30" in said and "share" in said


def test_an_error_of_the_given_cell_that_compiles_is_told(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet.start()
    run(shell, "import keras\nfrom grader import question\nmodel = history = None\nq = question('spotify_model')")
    making, _, compiling = RIGHT.rpartition("\nmodel.compile")
    compiling = f"model.compile{compiling}"
    run(shell, making)
    shell.run_cell(compiling.replace("adam", "adma"))
    capsys.readouterr()
    run(shell, "q.check()")
    said = " ".join(capsys.readouterr().out.split())
    assert "The cell that compiles raised an error" in said and "adma" in said and "9.5 of 10 points" in said
    run(shell, compiling)
    capsys.readouterr()
    run(shell, "q.check()")
    assert "10 of 10 points" in capsys.readouterr().out
    shell.run_cell(compiling.replace("adam", "adma"))
    capsys.readouterr()
    run(shell, "q.check()")
    said = " ".join(capsys.readouterr().out.split())
    assert "10 of 10 points" in said and "What is judged here is how `model` is compiled now." in said


def test_an_error_of_the_cell_that_trains_is_told_beside_the_structure(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    quiet.start()
    run(shell, "import keras\nfrom grader import question\nmodel = history = None\nq = question('spotify_model')")
    run(shell, RIGHT)
    shell.run_cell("history = model.fit(X_trian, y_train)")
    capsys.readouterr()
    run(shell, "q.check()")
    said = " ".join(capsys.readouterr().out.split())
    assert "spotify_structure: 10 of 10 points" in said
    assert "spotify_curve: your cell raised an error (0 of 5 points) The cell that trains raised an error" in said
    assert "`X_trian`" in said and "`model`" not in said
    shell.run_cell(RIGHT.replace("0.3", "30") + "history = model.fit()")
    capsys.readouterr()
    run(shell, "q.check()")
    assert "The cell that trains" not in capsys.readouterr().out, "one cell, one error"


def test_without_its_data_check_says_what_is_missing_and_no_more(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet.start()
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    monkeypatch.setenv("DROPNORM_DATA", str(Path(__file__).parent))
    run(shell, f"import keras\nfrom grader import question\nhistory = None\nq = question('spotify_model')\n{RIGHT}")
    capsys.readouterr()
    run(shell, "q.check()")
    said = capsys.readouterr().out
    assert said.count("\n") == 1 and said.startswith("DROPNORM_DATA names ") and "DataError" not in said


def test_what_stands_on_stderr_does_not_reach_the_test_cell(
    shell: InteractiveShell, capfd: pytest.CaptureFixture[str]
) -> None:
    quiet.start()
    run(shell, "import keras, os, sys\nfrom grader.cells import grade\nhistory = None")
    run(
        shell,
        """
class Loud(keras.Model):
    def __init__(self):
        super().__init__()
        self.out = keras.layers.Dense(1)
    def call(self, x, training=None):
        print("python", file=sys.stderr)
        os.write(2, b"native")
        return self.out(x)
model = Loud()
""",
    )
    capfd.readouterr()
    run(shell, "grade('spotify_structure')")
    assert capfd.readouterr().err == ""


def test_what_cannot_be_judged_is_left_to_a_human(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet.start()
    monkeypatch.setenv("DROPNORM_SOURCE", "official")
    monkeypatch.setenv("DROPNORM_DATA", str(Path(__file__).parent))
    run(shell, f"import keras\nfrom grader.cells import grade\nhistory = None\n{RIGHT}")
    capsys.readouterr()
    run(shell, "score = grade('spotify_structure')")
    said = capsys.readouterr().out
    assert said.startswith("spotify_structure: a human will look at it (0 of 10 points)")
    assert "DROPNORM_SOURCE" in said or "official" in said


def test_an_unknown_test_cell_gets_one_sentence(shell: InteractiveShell) -> None:
    with pytest.raises(QuestionError, match="no test cell named 'spotify'"):
        cells.grade("spotify")


def test_hints_go_further_and_end(shell: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("spotify_model", "spotify_own_model", "concrete_model", "placement_model", "vehicles_model"):
        q = question(name)
        said = []
        for _ in range(4):
            q.hint()
            said.append(capsys.readouterr().out)
        assert [text[:11] for text in said] == ["Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3", "Hint 3 of 3"]
        assert len(set(said[:3])) == 3 and "last hint" in said[3]


def test_the_solution_is_what_the_source_notebook_holds(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("spotify_model", "spotify_own_model", "concrete_model", "placement_model", "vehicles_model"):
        question(name).solution()
        code = capsys.readouterr().out
        compile(code, name, "exec")
        assert f"{EXERCISES[name].model_name} = keras.Sequential" in code
        assert "SOLUTION" not in code


def test_without_solutions_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SOLUTIONS", tmp_path / "solutions")
    assert "holds no solution of spotify_model" in questions.solution("spotify_model")
    (tmp_path / "solutions" / "a").mkdir(parents=True)
    (tmp_path / "solutions" / "a" / "damaged.ipynb").write_text("{", encoding="utf-8")
    nbformat.write(nbformat.v4.new_notebook(), tmp_path / "solutions" / "a" / "empty.ipynb")
    assert "holds no solution of spotify_model" in questions.solution("spotify_model")


def test_a_question_says_what_it_can_be_asked(shell: InteractiveShell) -> None:
    assert repr(question("spotify_model")) == (
        "The question spotify_model: ask .check(), .hint() (three steps) or .solution()."
    )


def test_asking_for_a_question_does_not_start_tensorflow() -> None:
    code = "import grader, sys; grader.question; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_attempts_know_nothing_at_first() -> None:
    assert Attempts().error(["model"]) is None


def test_while_a_notebook_is_graded_check_leaves_it_to_the_test_cells(shell, monkeypatch, capsys):
    run(shell, "from grader import question\nq = question('spotify_model')\nmodel = 'none'")
    monkeypatch.setattr(questions, "drivers_channel", lambda: object())
    monkeypatch.setattr(questions, "verdict_of", lambda *_: pytest.fail("it is judged here"))
    run(shell, "q.check()")
    assert capsys.readouterr().out == f"{questions.GRADED}\n"
