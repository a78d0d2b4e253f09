"""What a learner reads is in the language of the notebook that was handed in, whatever its instructor speaks.

The Chinese here is this file's own, a catalogue of a few messages; that the committed one is whole is said elsewhere.
Where nothing may be left in English, the pseudo-language is spoken.
"""

from __future__ import annotations

import gettext
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pytest
from feedback_course import Course, Read, answer, printed, raised, test_cell
from nbgrader.preprocessors import SaveAutoGrades
from test_notebook_run import Listening, job, outputs
from test_rejudge import CELL, NOTEBOOK, handed_in
from test_two_languages import ZH, converter
from tiny_course import NOT_RUN, ONE, TWO, UNIT, TinyCourse

from dropnorm.curves import LearningCurves
from dropnorm.language import catalogue, current, using
from dropnorm.language.pseudo import ACCENTED, pseudo
from grader.autograde import handed_in as files
from grader.autograde import judging, warm_kernels
from grader.autograde.feedback import comments, pictures
from grader.autograde.feedback.words import sentence
from grader.autograde.notebook_run import run_notebook
from grader.autograde.records import Record
from grader.autograde.rejudge import changes_of
from grader.autograde.repair import REPAIRED
from grader.autograde.siblings import AutogradeHomework, GenerateHomework
from grader.autograde.why import lines
from grader.criteria import answers
from grader.handed import Retrained
from grader.judged import Judged
from grader.languages import homework_of, in_language, language_of
from grader.questions import Question
from grader.report import left_open, report
from grader.rubric import Criterion, Fault, Rubric, Status, Verdict, judge

WORDS = {
    "{rubric}: {score} of {maximum} points": "{rubric}：{score} / {maximum} 分",
    "{rubric}: {score} of {maximum} points, {open} open: {status}": "{rubric}：{score} 分，{open} 分待评：{status}",
    "{rubric}: {status} ({score} of {maximum} points)": "{rubric}：{status}（{score} / {maximum} 分）",
    "{points} of {of}": "{points} / {of}",
    "a human will look at it": "将由老师人工评阅",
    "right": "正确",
    "partly": "部分正确",
    "not yet": "还不对",
    "No response.": "没有作答。",
    "{number} %": "{number}%",
    "open": "待评",
    "First thing": "第一件事",
    "Best epoch": "最佳的轮",
    "Next step:": "下一步：",
    "Feedback on {notebook}": "{notebook} 的反馈",
    "This cell was not run: a cell above it ended the kernel.": "这个单元格没有运行：上面的某个单元格终止了内核。",
    "This cell calls `exit` or `quit`, which ends the kernel, and no cell below it was run: take the call out.": (
        "这个单元格调用了 `exit` 或 `quit`，内核因此终止：请去掉这个调用。"
    ),
    "Cell '{cell}' of {notebook}: {sentence}": "{notebook} 的单元格“{cell}”：{sentence}",
    "Nothing could be handed over here: the kernel had stopped in the cell that begins with `{line}`.": (
        "这里没有内容可交：内核在以 `{line}` 开头的单元格里已经停止。"
    ),
    "There is no kernel named {kernel} where it was to be run.": "没有名为 {kernel} 的内核。",
    files.EMPTY: "文件是空的。",
    files.AS_UTF16: "文件保存成了 {encoding}。",
    "seen: {operations}": "所见：{operations}",
    "Hint {step} of {count}: {hint}": "提示 {step} / {count}：{hint}",
}


class Words(gettext.NullTranslations):
    """The catalogue of this file."""

    def gettext(self, message: str) -> str:
        return WORDS.get(message, message)


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> None:
    def texts(folder: Path | None, name: str) -> gettext.NullTranslations:
        return Words() if folder is not None and name == "messages" else gettext.NullTranslations()

    monkeypatch.setattr(catalogue, "_texts", texts)


@pytest.mark.parametrize(
    ("assignment", "code", "homework"),
    [("a_b", "en", "a_b"), ("a_b_zh", "zh", "a_b"), ("a_en", "en", "a_en"), ("zh", "en", "zh"), ("_zh", "en", "_zh")],
)
def test_the_end_of_an_assignments_name_is_its_language(assignment: str, code: str, homework: str) -> None:
    assert (language_of(assignment).code, homework_of(assignment)) == (code, homework)
    with in_language(assignment):
        assert current().code == code


# Reports


def sheet(*faults: Fault) -> Rubric:
    return Rubric("r", (Criterion("a", "First thing", 3, lambda _: faults), Criterion("b", "Second", 1, lambda _: ())))


def test_a_report_is_in_the_language_that_is_spoken_and_its_columns_stay_columns() -> None:
    wrong = sheet(Fault("看到了。" * 30, 1.0))
    with using("zh"):
        said = report(wrong, judge(wrong, None)).splitlines()
    assert (
        said[:2] == ["r：1 / 4 分", "  还不对\u3000 第一件事  0 / 3"]
        and said[-1] == "  正确\u3000\u3000 Second    1 / 1"
    )
    told = said[2:-1]
    assert "".join(line.strip() for line in told) == "看到了。" * 30
    assert len(told) > 1 and all(line[:11].isspace() and line[11] != "。" and len(line) <= 11 + 42 for line in told)


def test_a_report_left_open_is_known_in_every_language() -> None:
    gate = Rubric("r", (), lambda _: (Status.MANUAL, Fault("No data.", 1.0, manual=True)))
    for asked in (sheet(Fault("Odd.", 1.0, manual=True)), gate):
        with using("zh"):
            chinese = report(asked, judge(asked, None))
        english = report(asked, judge(asked, None))
        assert "人工" in chinese and "human" in english
        assert left_open(f"…\n{chinese}", "r") and left_open(f"…\n{english}", "r")
        with using("zh"):
            assert left_open(english, "r") and left_open(chinese, "r")
        assert not left_open(chinese, "another") and not left_open(chinese, "")
    wrong = sheet(Fault("Wrong.", 1.0))
    with using("zh"):
        assert not left_open(report(wrong, judge(wrong, None)), "r")


def test_a_hint_is_told_in_the_language_that_is_spoken(capsys: pytest.CaptureFixture[str]) -> None:
    with using("zh"):
        Question("spotify_model", None).hint()
    assert capsys.readouterr().out.startswith("提示 1 / 3：Begin")


# Pages


def wrong_in(code: str) -> object:
    with using(code):
        return handed_in(7)


def page(folder: Path, unit: str) -> str:
    """The page on a notebook of one wrong verdict, a test that stopped, an answer and its output; its process: ours."""
    done = wrong_in(language_of(unit).code)
    with in_language(unit):
        said = judging.outputs(CELL, done)
    course = Course(folder, unit=unit)
    course.graded(
        test_cell(CELL, "grade()", *said, points=2),
        answer("function", "def f(): ..."),
        test_cell("tests", "assert f() == 1", printed("7"), raised("AssertionError", "", 1)),
        nbformat.v4.new_code_cell("1 / 0", outputs=[raised("ZeroDivisionError", "0", 1)], id="x"),
        scores={CELL: 1.0},
        judged=[done],
        repaired=["…"],
        stopped=["…"],
    )
    return course.page()


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")


@pytest.mark.usefixtures("drawn")
def test_the_page_of_a_chinese_assignment_is_chinese(tmp_path: Path) -> None:
    found = page(tmp_path, "unit_zh")
    assert '<html lang="zh">' in found and "<title>lesson 的反馈</title>" in found
    read = Read(found)
    assert "最佳的轮" in read.course and "还不对" in read.course and "1 / 2" in read.course
    assert ("span", {"class": "word not"}) in read.tags and ("span", {"class": "word right"}) in read.tags
    assert "下一步：" in read.course  # the step is the last sentence of the verdict's reason, in Chinese too


@pytest.mark.usefixtures("drawn")
def test_shares_beside_a_picture_are_written_as_the_language_writes_them() -> None:
    falling = np.linspace(30.0, 3.0, 100)
    trained = {"": Retrained((LearningCurves(falling, falling, falling, seeds=(0,)),) * 3)}
    account = {"version": 1, "exercise": "concrete_model"}
    done = Judged("concrete_curve", Verdict(Status.RIGHT, (), 5.0), account, trained)
    told = {}
    for code in ("en", "zh"):
        with using(code):
            drawn = pictures.picture(done)
        (told[code],) = [each.yours for each in drawn.figures if "%" in each.yours]
    assert told["zh"] == told["en"].replace(" %", "%") != told["en"]


def test_what_nbgrader_notes_beside_an_untouched_answer_is_told_in_chinese() -> None:
    assert comments.NO_RESPONSE in inspect.getsource(SaveAutoGrades)
    with using("zh"):
        assert "没有作答。" in comments.as_html(comments.NO_RESPONSE)
        assert "Good." in comments.as_html("Good.")  # what a person wrote stays


@pytest.mark.usefixtures("drawn")
def test_an_english_page_is_english_whatever_its_instructor_speaks(tmp_path: Path) -> None:
    with using("zh"):
        found = page(tmp_path, "unit")
    assert '<html lang="en">' in found and "Best epoch" in found and not re.search(r"[\u4e00-\u9fff]", found)


@pytest.mark.usefixtures("drawn")
def test_no_word_of_the_course_on_a_page_is_left_in_english(tmp_path: Path) -> None:
    read = Read(page(tmp_path, "unit_qps"))
    said = f"{read.course} {read.yours}"
    theirs = (CELL, "baseline_best_epoch", "baseline_history", "baseline_overfits", "function", "tests", "lesson")
    theirs += ("x: ", "ZeroDivisionError: 0", "AssertionError:", "assert f() == 1", "def f(): ...")
    for name in theirs:
        said = said.replace(name, "")
    assert pseudo("Next step:") in said
    plain = [word for word in re.findall(r"[^\W\d_]{2,}", said) if set(word) & set(map(chr, ACCENTED))]
    assert plain == []


def test_a_path_ends_where_chinese_punctuation_begins() -> None:
    assert sentence("找不到 /home/ada/a.csv，请重新下载。") == "找不到 [a path]，请重新下载。"
    assert sentence("在 ~/unit/a.csv。请看（/opt/x/y）。") == "在 [a path]。请看（[a path]）。"


# What a run and its verdicts say


def test_a_verdict_is_judged_anew_in_its_assignments_language(monkeypatch: pytest.MonkeyPatch) -> None:
    old = wrong_in("qps")
    record = Record("unit_qps", "ada", NOTEBOOK, (old,))
    assert list(changes_of(record)) == []
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)
    change = next(changes := changes_of(record))
    assert current().code == "en" and list(changes) == []
    assert "ē" in change.new.verdict.findings[0].message


def test_why_tells_the_verdict_as_its_learner_reads_it() -> None:
    said, *_ = lines(wrong_in("zh"), language_of("unit_zh"))
    assert said.startswith(f"{CELL}：1 / 2 分")


def test_where_nothing_was_handed_over_the_page_says_so_in_chinese(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # what is judged is kept there
    nb = nbformat.v4.new_notebook(cells=[test_cell(CELL, "grade()", points=2)])
    step, names = judging.JudgeOutside(), {"assignment": "unit_zh", "student": "ada", "notebook": "one"}
    step.preprocess(nb, {"nbgrader": names, judging.JUDGED: []})
    assert left_open(nb.cells[0].outputs[0].text, CELL) and "将由老师人工评阅" in nb.cells[0].outputs[0].text


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    yield
    if sys.platform == "linux":
        warm_kernels.the_server().close()


@pytest.mark.usefixtures("server")
def test_a_run_speaks_its_assignments_language_and_a_failure_the_instructors() -> None:
    speaks = "from dropnorm.language import current\nprint(current().code)"
    for unit, code in ((ZH, "zh"), (UNIT, "en")):
        ran = run_notebook(replace(job(speaks), assignment=unit), Listening())
        assert outputs(ran)[0][0]["text"].strip() == code
    ran = run_notebook(replace(job("exit()", "grade()"), assignment=ZH), Listening())
    assert outputs(ran)[1][0]["evalue"].startswith("这个单元格没有运行")
    assert ran.notes[0].startswith("one 的单元格“") and "请去掉这个调用。" in ran.notes[0]
    with in_language(ZH):
        assert judging.nothing(nbformat.reads(ran.notebook, as_version=4)).startswith(
            "这里没有内容可交：内核在以 `exit()`"
        )
    lost = replace(job("1"), assignment=ZH)
    lost = replace(lost, content=lost.content.replace('"python3"', '"nothing"'))
    assert run_notebook(lost, Listening()).failure == "There is no kernel named nothing where it was to be run."


def test_a_refusal_and_a_repair_are_told_in_the_assignments_language(tmp_path: Path) -> None:
    course = TinyCourse(tmp_path, settings=NOT_RUN)
    course.make({})
    (course.root / "source" / UNIT).rename(course.root / "source" / ZH)
    converter(course, GenerateHomework, ZH).start()
    for name in (ONE, TWO):
        course.hand_in("bai", name, "answer = 42", ZH)
    folder = course.root / "submitted" / "bai" / ZH
    (folder / f"{ONE}.ipynb").write_bytes(b"")
    (folder / f"{TWO}.ipynb").write_text((folder / f"{TWO}.ipynb").read_text(), encoding="utf-16")
    converter(course, AutogradeHomework, ZH).start()
    empty, wide = (
        nbformat.read(course.root / "autograded" / "bai" / ZH / f"{name}.ipynb", as_version=4) for name in (ONE, TWO)
    )
    assert empty.metadata[files.REFUSED] == "文件是空的。"
    assert empty.cells[1].outputs[0].text == "文件是空的。\n"
    assert wide.metadata[REPAIRED] == ["文件保存成了 UTF-16。"]
