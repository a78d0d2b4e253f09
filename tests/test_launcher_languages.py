"""`course.py` speaks the language that is asked for, where the terminal can print it, and opens its notebooks."""

from __future__ import annotations

import ast
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dropnorm.language import using, width
from dropnorm.places import ROOT
from launcher import installation, progress
from launcher.layout import Layout

LESSON = "01_dropout_and_batch_normalization"
NAMES = (
    f"notebooks/{LESSON}.ipynb",
    f"notebooks/zh/{LESSON}.ipynb",
    f"notebooks/both/{LESSON}.ipynb",
    "exercises/unit/1_spotify.ipynb",
    "exercises/unit_zh/1_spotify.ipynb",
)
WHERE = [name for name in os.environ if name.startswith(("LC_", "LANG", "DROPNORM_", "PYTHON"))]


def in_two_languages(root: Path) -> Layout:
    """A course in two languages, not yet handed out."""
    layout = Layout(root)
    for name in NAMES:
        (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / name).write_text(f"first {name}")
    return layout


@pytest.fixture
def bilingual(tmp_path) -> Layout:
    return in_two_languages(tmp_path / "course")


@pytest.fixture
def typed(bilingual):
    """Type a command of `course.py` in that course, whose environment is a script that says how it was started."""
    if os.name == "nt":
        pytest.skip("a shell script stands for Python: not tried on Windows")
    for name in ("launcher", "dropnorm/language", "dropnorm/translations"):
        shutil.copytree(ROOT / name, bilingual.root / name, ignore=shutil.ignore_patterns("__pycache__", "*.po"))
    for name in ("course.py", "dropnorm/__init__.py", "pyproject.toml", "requirements.lock"):
        shutil.copy(ROOT / name, bilingual.root / name)
    bilingual.scripts.mkdir(parents=True)
    bilingual.python.write_text('#!/bin/sh\nif [ "$1" = -c ]; then echo 11; else echo "$DROPNORM_LANG: $@"; fi\n')
    bilingual.python.chmod(0o755)
    wanted = installation._wanted(bilingual, "learner")
    bilingual.stamp.write_text(json.dumps({"root": str(bilingual.root), "learner": wanted}))

    def run(*arguments: str, encoding: str = "utf-8", **variables: str) -> tuple[int, str, str]:
        environment = {name: value for name, value in os.environ.items() if name not in WHERE}
        done = subprocess.run(
            [sys.executable, "-B", "course.py", *arguments],
            cwd=bilingual.root,
            env=environment | {"DROPNORM_DATA": "elsewhere"} | variables,
            capture_output=True,
            encoding=encoding,
        )
        return done.returncode, done.stdout, done.stderr

    return run


def opened(said: str) -> tuple[str, str, list[str]]:
    """Of what JupyterLab was started with: the language, the page, and what the user gave it."""
    language, command = said.splitlines()[-1].split(": ")
    _, _, _, page, *options = command.split()
    return language, page.removeprefix("--LabApp.default_url=/lab/tree/"), options


@pytest.mark.parametrize(
    ("options", "variables", "folder", "language"),
    [
        ("", {}, "", "en"),
        ("--lang zh", {}, "zh/", "zh"),
        ("--lang=zh_CN", {}, "zh/", "zh"),
        ("--lang both", {}, "both/", "zh"),
        ("--lang en", {"LANG": "zh_CN.UTF-8"}, "", "en"),
        ("--lang zh", {"DROPNORM_LANG": "en"}, "zh/", "zh"),
        ("", {"DROPNORM_LANG": "zh"}, "zh/", "zh"),
        ("", {"DROPNORM_LANG": "en", "LANG": "zh_CN.UTF-8"}, "", "en"),
        ("", {"LANG": "zh_CN.UTF-8"}, "zh/", "zh"),
        ("", {"LANG": "zh_TW.UTF-8"}, "zh/", "zh"),
        ("", {"LANG": "de_DE.UTF-8"}, "", "en"),
        ("", {"LANG": "de_DE.UTF-8", "LC_MESSAGES": "zh_CN.UTF-8"}, "zh/", "zh"),
        ("", {"LANG": "zh_CN.UTF-8", "LC_ALL": "C.UTF-8"}, "", "en"),
    ],
)
def test_lab_opens_the_lesson_in_the_language(typed, options, variables, folder, language):
    status, said, wrong = typed("lab", *options.split(), "--no-browser", "--allow-root", **variables)
    assert (status, wrong) == (0, "")
    assert opened(said) == (language, f"notebooks/{folder}{LESSON}.ipynb", ["--no-browser", "--allow-root"])


def test_without_its_translation_the_lesson_opens_in_english(typed, bilingual):
    shutil.rmtree(bilingual.root / "notebooks" / "zh")
    _, said, _ = typed("lab", "--lang", "zh", "--allow-root")
    assert opened(said) == ("zh", f"notebooks/{LESSON}.ipynb", ["--allow-root"])


def test_the_data_sets_are_fetched_in_the_language(typed):
    _, said, _ = typed("lab", "--lang", "zh", DROPNORM_DATA="")
    assert "zh: -m dropnorm.datasets fetch" in said
    assert "zh: -m dropnorm.datasets status" in said
    assert "正在查找官方数据集" in said


def test_formgrader_speaks_it_too(typed):
    _, said, _ = typed("formgrader", "--lang", "zh", "--allow-root")
    assert said.startswith("zh: -m jupyterlab")
    assert "--lang" not in said


def test_another_programs_options_are_its_own(typed):
    assert typed("run", "-m", "program", "--lang", "de")[:2] == (0, ": -m program --lang de\n")


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        ("lab --lang de", {}, 'There is no language "de" in this course: --lang takes en, zh or both.'),
        ("reset --lang de 1_spotify", {}, 'There is no language "de" in this course: --lang takes en, zh or both.'),
        ("lab --lang", {}, "Name a language behind --lang: en, zh or both."),
        ("lab --lang --no-browser", {}, "Name a language behind --lang: en, zh or both."),
        ("lab --lang=de", {"LANG": "zh_CN.UTF-8"}, "本课程没有语言“de”：--lang 可以用 en、zh 或 both。"),
    ],
)
def test_an_unknown_language_is_one_sentence(typed, bilingual, arguments, variables, sentence):
    assert typed(*arguments.split(), **variables) == (1, "", f"{sentence}\n")
    assert not bilingual.my_course.exists()


def test_a_language_that_is_badly_described_is_one_sentence(typed, bilingual):
    path = bilingual.root / "dropnorm/translations/zh_CN/language.toml"
    path.write_text(f"<<<<<<< HEAD\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    status, said, wrong = typed("build", DROPNORM_LANG="zh")
    assert (status, said, wrong.count("\n")) == (1, "", 1)
    assert wrong.startswith(f"{path} does not describe a language (") and "mend it" in wrong


def test_an_unknown_language_in_the_variable_is_said_and_english_opens(typed):
    status, said, wrong = typed("lab", "--allow-root", DROPNORM_LANG="xx", LANG="zh_CN.UTF-8")
    assert (status, opened(said)[:2]) == (0, ("en", f"notebooks/{LESSON}.ipynb"))
    assert wrong.count("\n") == 1
    assert "'xx'" in wrong
    assert "en, zh" in wrong


# --- what a terminal can print ----------------------------------------------------------------------------------------

ENGLISH = "my-course/exercises/unit_zh/1_spotify.ipynb is fresh."
CHINESE = "my-course/exercises/unit_zh/1_spotify.ipynb 已重新发放。"


@pytest.mark.parametrize(
    ("variables", "encoding", "told"),
    [
        ({}, "utf-8", CHINESE),
        ({"LANG": "zh_CN.UTF-8"}, "utf-8", CHINESE),
        ({"LANG": "en_US.UTF-8"}, "utf-8", CHINESE),
        ({"PYTHONIOENCODING": "gb18030"}, "gb18030", CHINESE),
        ({"LANG": "C", "PYTHONIOENCODING": "utf-8"}, "utf-8", CHINESE),
        ({"LANG": "C"}, "ascii", ENGLISH),
        ({"LC_ALL": "POSIX", "LANG": "zh_CN.UTF-8"}, "ascii", ENGLISH),
        ({"LANG": "de_DE.ISO-8859-1"}, "ascii", ENGLISH),
        ({"PYTHONIOENCODING": "ascii"}, "ascii", ENGLISH),
        ({"PYTHONIOENCODING": "latin-1:strict"}, "ascii", ENGLISH),
    ],
)
def test_a_terminal_that_cannot_print_chinese_gets_english(typed, variables, encoding, told):
    """The notebook is the one of the language that was asked for: it is read in a browser."""
    variables = variables | {"DROPNORM_LANG": "zh"}
    status, said, wrong = typed("reset", "1_spotify", encoding=encoding, **variables)
    assert (status, wrong) == (0, "")
    assert said.startswith(told)
    status, said, wrong = typed("lab", "--allow-root", encoding=encoding, **variables)
    assert (status, wrong, opened(said)[:2]) == (0, "", ("zh", f"notebooks/zh/{LESSON}.ipynb"))
    status, said, wrong = typed("nothing", encoding=encoding, **variables)
    assert (status, said) == (2, "")
    assert ("There is no command" in wrong) == (told == ENGLISH)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_line_of_progress_is_no_wider_than_the_terminal(language, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    log = progress.PipLog(total=4)
    for line in ("Collecting tensorflow==2.21.0", "Progress 310000000 of 620000000"):
        log.feed(line)
    for columns in (200, 60, 50, 41, 40):
        monkeypatch.setenv("COLUMNS", str(columns))
        terminal = Terminal()
        with using(language):
            progress.Bar(terminal).show(log)
        line = terminal.getvalue().removeprefix("\r\x1b[K")
        assert width(line) < columns
        assert line.startswith("[#####...............] ")
    assert width(line) >= 38  # and no more is cut off than must be: a wide letter


# --- the launcher's own texts -----------------------------------------------------------------------------------------


def test_the_launcher_starts_without_an_environment():
    """With no package but the standard library's, and without what of the course needs one."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import launcher.commands; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", program], capture_output=True, text=True)
    assert done.stderr == ""
    loaded = {name for name in done.stdout.split() if name.partition(".")[0] not in sys.stdlib_module_names}
    assert {name for name in loaded if not name.startswith("launcher")} == {
        "dropnorm",
        *(name for name in loaded if name.startswith("dropnorm.language")),
        "__main__",
    }
    assert "dropnorm.language.text" in loaded


def test_whatever_the_launcher_says_can_be_translated():
    shown = ("print", "CourseError", "Sign")
    for path in sorted((ROOT / "launcher").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in shown:
                texts = [each for each in node.args if isinstance(each, ast.Constant | ast.JoinedStr | ast.BinOp)]
                bare = [ast.unparse(each) for each in texts if not isinstance(getattr(each, "value", ""), bool)]
                assert bare == [], f"{path.name}, line {node.lineno}"
