"""`course.py` speaks the language that is asked for, where the terminal can print it, and opens its notebooks."""

from __future__ import annotations

import ast
import dataclasses
import io
import json
import os
import re
import shutil
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

import grader.__main__
from dropnorm.language import available, using, width
from dropnorm.language.terminal import can_print
from dropnorm.places import ROOT
from launcher import installation, progress, working_copy
from launcher.layout import CourseError, Layout

NOW = datetime(2026, 11, 29, 15, 30, 12)
LESSON = "01_dropout_and_batch_normalization"
NAMES = (
    f"notebooks/{LESSON}.ipynb",
    f"notebooks/zh/{LESSON}.ipynb",
    f"notebooks/both/{LESSON}.ipynb",
    "exercises/unit/1_spotify.ipynb",
    "exercises/unit_zh/1_spotify.ipynb",
)
WHERE = [name for name in os.environ if name.startswith(("LC_", "LANG", "DROPNORM_", "PYTHON"))]


@pytest.fixture
def bilingual(tmp_path) -> Layout:
    """A course in two languages, not yet handed out."""
    layout = Layout(tmp_path / "course")
    for name in NAMES:
        (layout.root / name).parent.mkdir(parents=True, exist_ok=True)
        (layout.root / name).write_text(f"first {name}")
    return layout


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


@pytest.mark.parametrize(
    ("encoding", "environment", "chinese"),
    [
        ("utf-8", {}, True),
        ("utf-8", {"LANG": "C"}, False),
        ("utf-8", {"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False),  # which Python sets itself
        ("utf-8", {"LANG": "C", "LC_CTYPE": "zh_CN.UTF-8"}, True),
        ("utf-8", {"LC_CTYPE": "C.UTF-8"}, True),
        ("utf-8", {"LANG": "C", "PYTHONUTF8": "1"}, True),
        ("utf-8", {"LANG": "C", "PYTHONIOENCODING": ":replace"}, False),
        ("utf-8", {"LANG": "zh_CN"}, True),
        ("utf-8", {"LANG": "de_DE.ISO-8859-15@euro"}, False),
        ("utf-8", {"LANG": "de_DE.no-such-thing"}, True),
        ("gbk", {"LANG": "zh_CN.GBK"}, True),
        ("latin-1", {}, False),
        ("ascii", {"LANG": "zh_CN.UTF-8"}, False),
    ],
)
@pytest.mark.skipif(os.name == "nt", reason="Windows has no such variables")
def test_what_a_stream_can_print(encoding, environment, chinese):
    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    assert can_print(available()["zh"], stream, environment) == chinese
    assert can_print(available()["en"], stream, environment)


def test_a_stream_that_is_no_terminal_can_print_all():
    for stream in (None, io.StringIO()):
        assert can_print(available()["zh"], stream, {})


@pytest.mark.parametrize("module", ["grader", "dropnorm.datasets"])
@pytest.mark.parametrize("variables", [{"LANG": "C"}, {"PYTHONIOENCODING": "ascii"}])
def test_other_programs_speak_what_the_terminal_can_print(module, variables):
    environment = {name: value for name, value in os.environ.items() if name not in WHERE}
    environment |= {"PYTHONPATH": str(ROOT), "DROPNORM_LANG": "zh"}
    done = subprocess.run(
        [sys.executable, "-m", module, "--help"], cwd=ROOT, env=environment | variables, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


@pytest.mark.parametrize(
    ("typed_behind", "status"),
    [
        ("--help", 0),
        ("why --help", 0),
        ("", 2),
        ("nothing", 2),
        ("why a b --x", 2),
        ("history a b --noted", 2),
        ("history a b --cells=x", 2),
        ("pretrain x --processes y", 2),
        ("pretrain x --process", 2),
    ],
)
def test_what_argparse_says_is_in_chinese(typed_behind, status, capsys):
    with using("zh"), pytest.raises(SystemExit) as ended:
        grader.__main__.main(typed_behind.split())
    said = "".join(capsys.readouterr())
    assert ended.value.code == status
    assert said.startswith("用法：python -m grader")
    of_argparse = (
        r"usage|positional|arguments?\b|options|error|required|invalid|choose|expected|ignored|[a-z] value|show"
    )
    assert re.findall(of_argparse, said) == []
    assert not re.search(r": |:$", said, re.MULTILINE)


def test_letters_that_a_terminal_lacks_are_escaped():
    program = "from dropnorm.language import terminal; terminal.speak_on_terminal(); print('课程')"
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("\\u8bfe\\u7a0b\n", "")


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


# --- my-course in two languages ---------------------------------------------------------------------------------------


def handed_out(layout: Layout) -> dict[str, str]:
    files = (path for path in layout.my_course.rglob("*") if path.is_file() and path.name != working_copy.MANIFEST)
    return {path.relative_to(layout.my_course).as_posix(): path.read_text() for path in files}


def test_my_course_holds_all_languages(bilingual):
    assert working_copy.bring_up_to_date(bilingual, NOW) == []
    assert handed_out(bilingual) == {name: f"first {name}" for name in NAMES}


def test_nothing_is_overwritten_in_either_language(bilingual):
    working_copy.bring_up_to_date(bilingual, NOW)
    (bilingual.my_course / "exercises/unit_zh/1_spotify.ipynb").write_text("我的")
    for name in NAMES:
        (bilingual.root / name).write_text(f"second {name}")
    with using("zh"):
        said = working_copy.bring_up_to_date(bilingual, NOW)
    assert sum(line.startswith("已更新：") for line in said) == len(NAMES) - 1
    assert [line for line in said if "你改动过" in line] == [
        "my-course/exercises/unit_zh/1_spotify.ipynb 你改动过，所以保持不变；"
        "它的新版本放在旁边：1_spotify.new-2026-11-29.ipynb"
    ]
    expected = {name: f"second {name}" for name in NAMES}
    expected["exercises/unit_zh/1_spotify.new-2026-11-29.ipynb"] = expected["exercises/unit_zh/1_spotify.ipynb"]
    assert handed_out(bilingual) == expected | {"exercises/unit_zh/1_spotify.ipynb": "我的"}


@pytest.mark.parametrize(
    ("name", "language", "path"),
    [
        ("1_spotify", "en", "exercises/unit/1_spotify.ipynb"),
        ("1_spotify", "zh", "exercises/unit_zh/1_spotify.ipynb"),
        ("1_spotify.ipynb", "both", "exercises/unit_zh/1_spotify.ipynb"),
        ("exercises/1_spotify", "zh", "exercises/unit_zh/1_spotify.ipynb"),
        (LESSON, "zh", f"notebooks/zh/{LESSON}.ipynb"),
        (LESSON, "both", f"notebooks/both/{LESSON}.ipynb"),
        ("unit/1_spotify", "zh", "exercises/unit/1_spotify.ipynb"),
        ("unit_zh/1_spotify", "en", "exercises/unit_zh/1_spotify.ipynb"),
        (f"notebooks/{LESSON}", "zh", f"notebooks/{LESSON}.ipynb"),
        (f"zh/{LESSON}", "en", f"notebooks/zh/{LESSON}.ipynb"),
        (f"my-course\\notebooks\\both\\{LESSON}.ipynb", "en", f"notebooks/both/{LESSON}.ipynb"),
        ("../my-course/exercises/unit/1_spotify.ipynb", "zh", "exercises/unit/1_spotify.ipynb"),
        ("{root}/my-course/exercises/unit/1_spotify.ipynb", "zh", "exercises/unit/1_spotify.ipynb"),
        ("{root}/exercises/unit_zh/1_spotify.ipynb", "en", "exercises/unit_zh/1_spotify.ipynb"),
    ],
)
def test_reset_takes_the_notebook_that_is_meant(bilingual, name, language, path):
    working_copy.bring_up_to_date(bilingual, NOW)
    for each in NAMES:
        (bilingual.my_course / each).write_text("my work")
    layout = dataclasses.replace(bilingual, notebooks=language)
    said = working_copy.reset(layout, name.format(root=bilingual.root.as_posix()), NOW)
    assert f"my-course/{path} is fresh." in said
    now = handed_out(bilingual)
    assert now.pop(path) == f"first {path}"
    assert set(now.values()) == {"my work"}
    assert len(now) == len(NAMES)  # the other ones, and the learner's own version of this one


def test_reset_says_which_of_several_was_taken_and_how_the_others_are_named(bilingual):
    zh = dataclasses.replace(bilingual, notebooks="zh")
    assert working_copy.reset(zh, "1_spotify", NOW).endswith(
        "Of several of this name, the one of --lang zh was taken; there is also unit/1_spotify."
    )
    assert working_copy.reset(bilingual, LESSON, NOW).endswith(
        f"the one of --lang en was taken; there is also both/{LESSON}, zh/{LESSON}."
    )
    assert "several" not in working_copy.reset(zh, "unit/1_spotify", NOW)
    with using("zh"):
        said = working_copy.reset(zh, "1_spotify", NOW)
    assert "这次取的是 --lang zh 的那一个；另外还有 unit/1_spotify。" in said


@pytest.mark.parametrize("name", ["de/1_spotify", f"unit_zh/{LESSON}", "zh/1_spotify"])
def test_reset_of_a_language_that_there_is_not_lists_the_names(bilingual, name):
    with pytest.raises(CourseError, match=f'no notebook "{name}"; there are: {LESSON}, 1_spotify'):
        working_copy.reset(bilingual, name, NOW)


def test_in_the_real_course_each_notebook_has_a_name_of_its_own():
    paths = [path.relative_to(ROOT).as_posix() for folder in Layout(ROOT).sources for path in folder_of(folder)]
    assert len({path.lower() for path in paths}) == len(paths) >= 6  # some disks take "A" and "a" for one name
    for path in paths:
        for language in (*available(), "both"):
            found, _, others = working_copy.meant(Layout(ROOT, notebooks=language), working_copy.exact_name(path))
            assert (found, others) == (path, "")


def folder_of(folder: str) -> list[Path]:
    found = (ROOT / folder).rglob("*.ipynb")
    return sorted(path for path in found if ".ipynb_checkpoints" not in path.parts)
