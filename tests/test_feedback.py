"""The pages of feedback: what they say, and what a learner's notebook cannot make them say or do."""

from __future__ import annotations

import base64
import itertools
import re
from pathlib import Path

import numpy as np
import pytest
from feedback_course import UNIT, Course, Read, answer, cell, displayed, printed, raised, test_cell
from nbgrader.api import SubmittedNotebook
from test_rejudge import CELL, handed_in

from dropnorm import quiet
from dropnorm.curves import LearningCurves
from grader import __main__ as commands
from grader.autograde.feedback.words import block, sentence, weight, without_paths
from grader.autograde.judging import outputs
from grader.criteria import answers
from grader.handed import Retrained
from grader.judged import Judged
from grader.rubric import Finding, Status, Verdict

quiet.start()
test_cell.__test__ = False
MEBIBYTE = 1 << 20
TAGS = {
    "html",
    "head",
    "meta",
    "title",
    "style",
    "body",
    "a",
    "header",
    "main",
    "section",
    "article",
    "div",
    "p",
    "span",
}
TAGS |= {"h1", "h2", "h3", "h4", "strong", "code", "pre", "ul", "li", "table", "caption", "thead", "tbody", "tfoot"}
TAGS |= {"tr", "th", "td", "figure", "figcaption", "svg", "g", "path", "defs", "use", "clippath", "rect"}


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Course:
    monkeypatch.setenv("DROPNORM_SOURCE", "stand-in")
    return Course(tmp_path)


def rubrics_cell(done: Judged) -> object:
    return test_cell(done.rubric, "grade()", *outputs(done.rubric, done), points=done.verdict.maximum)


# What the course says


def test_a_rubric_is_told_by_criterion_with_reason_and_next_step(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 1.0}, judged=[done])
    page = Read(course.page())
    assert "1 of 2 points" in page.course
    assert "Best epoch not yet 0 of 1" in page.course and "right 1 of 1" in page.course
    assert "Next step:" in page.course and "`" not in page.course
    assert "baseline_questions: 1 of 2" not in page.yours  # the report is not repeated as a text


def test_curves_stand_beside_the_references_band(course: Course) -> None:
    falling = np.linspace(0.3, 0.19, 50)
    runs = tuple(LearningCurves(falling, falling + seed / 100, falling, seeds=(seed,)) for seed in (0, 1, 2))
    found = (Finding("converged", 0.0, 1.5, "The validation loss ends too high."),)
    done = Judged(
        "spotify_curve",
        Verdict(Status.WRONG, found, 5.0),
        {"version": 1, "exercise": "spotify_model"},
        {"": Retrained(runs)},
    )
    course.graded(rubrics_cell(done), judged=[done])
    written = course.page()
    page = Read(written)
    (drawing,) = [attributes for tag, attributes in page.tags if tag == "svg"]
    assert drawing["role"] == "img" and "validation loss at the end: 0.204" in drawing["aria-label"]
    assert "validation loss at the end 0.2045 outside at most 0.1944" in page.course
    assert "generalization gap at the end 0.01 outside at most 0.006836" in page.course
    assert "Trained anew from three seeds" in page.course


def test_curves_are_drawn_once_where_two_test_cells_rest_on_them(course: Course) -> None:
    falling = np.linspace(0.3, 0.19, 5)
    trained = {"same": Retrained((LearningCurves(falling, falling, falling, seeds=(0,)),) * 3)}
    account = {"version": 1, "exercise": "spotify_model"}
    done = [
        Judged(name, Verdict(Status.WRONG, (Finding("history", 0.0, 5.0, "Not yet."),), 5.0), account, trained)
        for name in ("spotify_curve", "spotify_own_model_loss")
    ]
    course.graded(*map(rubrics_cell, done), judged=done)
    page = Read(course.page())
    assert [tag for tag, _ in page.tags].count("svg") == 1
    assert page.course.index("Trained anew") > page.course.index("Criteria of spotify_own_model_loss")


def test_curves_that_cannot_be_drawn_cost_the_picture_only(course: Course) -> None:
    curves = LearningCurves(np.full(3, np.nan), np.full(3, np.nan), np.full(3, np.nan), seeds=(0,))
    found = (Finding("converged", 0.0, 1.5, "The losses are no numbers."),)
    for number, given in enumerate(({"stop": None}, {"stop": {"patience": "many"}}, "nothing")):
        course.notebook = f"lesson{number}"
        account = {"version": 1, "exercise": "spotify_model", "given": given}
        done = Judged("spotify_curve", Verdict(Status.WRONG, found, 5.0), account, {"": Retrained((curves,) * 3)})
        course.graded(rubrics_cell(done), judged=[done])
        assert "The losses are no numbers." in Read(course.page()).course


def test_without_a_record_the_report_stands_among_the_learners_texts(course: Course) -> None:
    course.graded(rubrics_cell(handed_in(7)), scores={CELL: 1.0})
    page = Read(course.page())
    assert f"{CELL}: 1 of 2 points" in page.yours and "1 of 2 points" in page.course
    assert "gave this share of its points" in page.course


def test_a_record_of_another_run_says_nothing(course: Course) -> None:
    course.graded(rubrics_cell(handed_in(2)), scores={CELL: 2.0}, judged=[handed_in(7)])
    page = Read(course.page())
    assert "not yet" not in page.course and f"{CELL}: 2 of 2 points" in page.yours


def test_points_are_the_gradebooks_and_it_is_said_where_the_reasons_are_older(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 0.5}, judged=[done])
    page = Read(course.page())
    assert (
        "0.5 of 2 points" in page.course
        and "belong to an earlier score, 1: the gradebook says otherwise" in page.course
    )


def test_after_rejudging_the_page_says_what_the_gradebook_says(
    course: Course, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), scores={CELL: 1.0}, judged=[done])
    assert "right 1 of 1" in Read(course.page()).course
    monkeypatch.chdir(course.root)
    monkeypatch.setattr(answers, "OVERFITS_BY", 0.005)  # the rubric, as its author has changed it
    assert commands.main(["rejudge", UNIT, "--write"]) == 0
    page = Read(course.page())
    assert "0 of 2 points" in page.course and "right 1 of 1" not in page.course
    assert page.course.count("not yet 0 of 1") == 2 and "earlier score" not in page.course


def by_hand(notebook: SubmittedNotebook) -> None:
    """What an instructor does in formgrader."""
    (grade,) = [each for each in notebook.grades if each.name == "words"]
    grade.manual_score, grade.extra_credit = 2.0, 0.5
    (comment,) = [each for each in notebook.comments if each.name == "words"]
    comment.manual_comment = "Good: **both** losses.\n\n<script>alert(1)</script>\n\nSee [this](https://example.org)."


def test_points_and_comments_by_hand_are_shown(course: Course) -> None:
    words = answer("words", "The logged loss …", words=True, grade=True, points=3)
    course.graded(words, cell("task", "Draw it.", words=True, task=True, locked=True, points=2), change=by_hand)
    written = course.page()
    page = Read(written)
    assert "answer in words 2.5 of 3" in page.course and "set these points by hand" in page.course
    assert "task 0 of 2" in page.course and "2.5 of 5 points" in " ".join(page.texts[""].split())
    assert "<strong>both</strong>" in written and ("a", {"href": "https://example.org"}) in page.tags
    assert "script" not in {tag for tag, _ in page.tags}
    assert "The logged loss …" in page.yours


def test_what_is_open_or_late_is_said(course: Course) -> None:
    def late_and_open(notebook: SubmittedNotebook) -> None:
        notebook.late_submission_penalty = 0.25
        notebook.grades[0].needs_manual_grade = True

    course.graded(test_cell("test", "assert x == 1"), scores={"test": 1.0}, change=late_and_open)
    page = Read(course.page())
    assert "0.25 points were taken off" in page.texts[""] and "still has to look at one part" in page.texts[""]
    assert "All 0.75 of 1" in page.course


def test_what_was_repaired_or_refused_is_said_at_the_top(course: Course) -> None:
    course.graded(
        test_cell("test", "assert x == 1"),
        repaired=["The cell `test` was put back.", "<b>Full points</b>"],
        refused="The file is no notebook: hand it in again.",
    )
    page = Read(course.page())
    for said in ("The cell `test` was put back.", "<b>Full points</b>", "The file is no notebook: hand it in again."):
        assert said in page.course
    assert "test 0 of 1" in page.course and "kept as you handed it in" in page.yours
    assert page.course.index("was not graded") < page.course.index("was repaired") < page.course.index("Points by cell")


def test_what_stopped_a_notebook_is_said_at_the_top(course: Course) -> None:
    said = "Cell 'answer' of lesson: This cell took more than 2 GB of memory, so the kernel was ended."
    course.graded(test_cell("test", "assert x == 1"), stopped=[said])
    page = Read(course.page())
    assert page.course.index("was stopped before its end") < page.course.index(said)


def test_where_tests_are_hidden_it_is_not_said_which_limit_stopped_a_notebook(course: Course) -> None:
    """A learner's code could choose the limit by what it saw."""
    hidden = test_cell("test", "### BEGIN HIDDEN TESTS\nassert x == 1\n### END HIDDEN TESTS")
    course.graded(hidden, stopped=["Cell 'answer' of lesson: This cell took more than 2 GB of memory."])
    assert "2 GB" not in Read(course.page()).course


def test_what_stopped_a_notebook_in_another_form_is_not_said(course: Course) -> None:
    course.graded(test_cell("test", "assert x == 1"), stopped={"of": "another form"})
    assert "was stopped" not in Read(course.page()).course


def test_an_ordinary_test_cell_says_where_it_stopped(course: Course) -> None:
    tests = "assert square(2) == 4\nassert square(3) == 9, 'three'"
    failed = raised("AssertionError", "three", 2)
    course.graded(
        answer("answer", "def square(x): return 2 * x"),
        test_cell("test", tests, failed),
        test_cell("passed", "assert True"),
        scores={"passed": 1.0},
    )
    page = Read(course.page())
    assert "It stopped with an error" in page.course and "assert square(3) == 9, 'three'" in page.course
    assert "All of its tests passed." in page.course
    assert "AssertionError: three" in page.yours and "def square" in page.yours


LIMITS = {
    "KernelDied": "The kernel ended in this cell",
    "CellTimeoutError": "This cell took more time than a cell has",
    "NotRun": "This cell was not run",
    "NoTime": "This cell was not run",
}


@pytest.mark.parametrize("hides", [False, True], ids=["plain", "hidden"])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_limit_is_told_where_tests_are_hidden_too(course: Course, limit: str, hides: bool) -> None:
    ended = raised(limit, "More than 4 GB.", 0)
    course.graded(
        answer("answer", "while True: pass", ended), test_cell("test", TESTS if hides else "assert f()", ended)
    )
    page = Read(course.page())
    assert LIMITS[limit] in page.course
    not_run = limit in ("NotRun", "NoTime")
    if not not_run:
        assert ("answer: " + LIMITS[limit] if hides else f"answer: {limit}: More than 4 GB.") in page.yours
    assert ("More than 4 GB." in page.yours) != (hides or not_run)


# What hides


HIDDEN = "assert square(-17) == 289, 'of negative numbers'"
TESTS = f"assert square(2) == 4\n### BEGIN HIDDEN TESTS\n{HIDDEN}\n### END HIDDEN TESTS\nassert square(0) == 0"


def forms(secret: str) -> dict[str, str]:
    """A secret as a learner's code may send it out."""
    raw = secret.encode()
    return {
        "plain": secret,
        "hex": raw.hex(),
        "hex in pairs": raw.hex(" "),
        "base64": base64.b64encode(raw).decode(),
        "base64, broken": " ".join(re.findall(".{8}", base64.b64encode(raw).decode())),
        "backwards": secret[::-1],
        "repr": repr(secret),
    }


PLACES = {
    "printed in an answer": lambda text: answer("answer", "x = 1", printed(text)),
    "printed in a plain cell": lambda text: cell("plain", "x = 1", printed(text)),
    "printed in a test cell": lambda text: test_cell("another", "assert f()", printed(text)),
    "a share in a test cell": lambda text: test_cell("another", "f()", displayed(text_plain=text)),
    "raised in an answer": lambda text: answer("answer", "x = 1", raised("ValueError", text, 1, text)),
    "raised in a test cell": lambda text: test_cell("another", "assert f()", raised("ValueError", text, 1, text)),
    "the name of an error": lambda text: test_cell("another", "assert f()", raised(text, "", 1)),
    "displayed": lambda text: answer("answer", "x = 1", displayed(text_html=f"<p>{text}</p>", text_markdown=text)),
    "drawn": lambda text: answer("answer", "x = 1", displayed(image_png=text, image_svg_xml=f"<svg>{text}</svg>")),
    "metadata": lambda text: answer("answer", "x = 1", comment=text, score=text),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_form_of_a_hidden_test_gets_out(course: Course, place: str) -> None:
    for number, (form, text) in enumerate(forms(HIDDEN).items()):
        course.notebook = f"lesson{number}"
        failed = raised("AssertionError", "of negative numbers", 3, HIDDEN)
        course.graded(test_cell("test", TESTS, failed, points=2), PLACES[place](text))
        page = Read(course.page())
        everything = " ".join(" ".join(page.texts.values()).split())
        assert "stopped at a test that is not shown" in page.course
        for piece in (text, HIDDEN, "-17", "of negative", "HIDDEN TESTS"):
            assert piece not in everything, form


def test_a_line_that_is_not_hidden_is_shown_beside_one_that_is(course: Course) -> None:
    course.graded(test_cell("test", TESTS, raised("AssertionError", "", 5)))
    page = Read(course.page())
    assert "assert square(0) == 0" in page.course and "289" not in page.course


def test_tests_hidden_in_one_notebook_silence_the_others(course: Course) -> None:
    course.graded(test_cell("test", TESTS))
    course.notebook = "second"
    course.graded(answer("answer", "x = 1", raised("ValueError", "6173736572742073", 1)))
    assert "6173736572742073" not in course.page()


def test_where_tests_are_hidden_a_verdict_has_the_courses_words_alone(course: Course) -> None:
    said = "`best` is '-17 289', one less than the epoch's number."
    found = (
        Finding("baseline_best_epoch", 0.5, 1.0, said, "epoch_from_zero"),
        Finding("baseline_overfits", 0.0, 1.0, "What -17 289 gives."),
    )
    done = Judged(CELL, Verdict(Status.WRONG, found, 2.0), handed_in(7).account)
    course.graded(test_cell("test", TESTS), rubrics_cell(done), scores={CELL: 0.5}, judged=[done])
    page = Read(course.page())
    assert "289" not in page.course and "… is …, one less" in page.course
    assert "one less than the epoch's number" in page.course and "What has to be added" in page.course
    assert "some of its tests are hidden" in page.course


def test_other_words_may_hide_as_well(course: Course) -> None:
    course.settings = {"ClearHiddenTests": {"begin_test_delimeter": "VON HIER", "end_test_delimeter": "BIS HIER"}}
    tests = f"# VON HIER\n{HIDDEN}\n# BIS HIER"
    course.graded(test_cell("test", tests, raised("AssertionError", "289", 2), printed("289")))
    assert "289" not in "".join(Read(course.page()).texts.values())


def test_solutions_and_marking_guides_are_cut_out_of_whatever_is_shown(course: Course) -> None:
    guide = "### BEGIN SOLUTION\n**Marking guide**\n### END SOLUTION\nmine\n=== BEGIN MARK SCHEME ===\n1 point: 289"
    course.graded(answer("words", guide, words=True, grade=True, points=3))
    page = Read(course.page())
    assert "mine" in page.yours and "Marking guide" not in page.yours and "289" not in page.yours


PATHS = [
    ("No such file: '/home/ada.lovelace/course/gradebook.db'", "No such file: '[a path]'"),
    ("File /opt/venv/lib/python3.11/site-packages/keras/x.py:12, in f", "File [a path]:12, in f"),
    (r"C:\Users\teacher\course\x.csv is missing", "[a path] is missing"),
    ("see ~teacher/notes", "see [a path]"),
    ("file:///srv/course", "file://[a path]"),
    ("2f6f70742f636f757273652f736974652d7061636b61676573", "[…]"),
    ("L29wdC9jb3Vyc2Uvc2l0ZS1wYWNrYWdlcy9ncmFkZXI=", "[…]"),
    ("train/valid, 1/2 and data/tracks.csv stay", "train/valid, 1/2 and data/tracks.csv stay"),
    ("`baseline_best_epoch` and restore_best_weights stay", "`baseline_best_epoch` and restore_best_weights stay"),
]


@pytest.mark.parametrize(("said", "shown"), PATHS)
def test_paths_of_the_machine_are_taken_out(said: str, shown: str) -> None:
    assert without_paths(said) == shown


@pytest.mark.parametrize("said", [said for said, shown in PATHS if said != shown])
def test_paths_stand_nowhere_on_a_page(course: Course, said: str) -> None:
    found = (Finding("baseline_best_epoch", 0.0, 1.0, said), Finding("baseline_overfits", 0.0, 1.0))
    done = Judged(CELL, Verdict(Status.WRONG, found, 2.0), handed_in(7).account)
    course.graded(
        answer("answer", "open(name)", raised("OSError", said, 1, said)),
        test_cell("test", "assert f()", printed(said), raised("OSError", said, 1, said)),
        rubrics_cell(done),
        judged=[done],
        repaired=[said],
    )
    written = course.page()
    course.notebook = "refused"
    course.graded(answer("answer", "x = 1"), refused=said)
    written += course.page()
    assert said not in written and "site-packages" not in written
    assert str(course.root) not in written and str(Path.home()) + "/" not in written


# What is inert


ATTACKS = {
    "script": "<script>document.title='hit'</script>",
    "closes its frame": "</code></pre></div></section><section class='course'><h2>All 100 of 100</h2>",
    "handler": "<img src=x onerror=\"document.title='hit'\">",
    "svg": "<svg onload=\"document.title='hit'\"><script>document.title='hit'</script></svg>",
    "link": "[points](javascript:document.title='hit') <a href=\"javascript:document.title='hit'\">here</a>",
    "beacon": "<img src='http://127.0.0.1:9/beacon.png'> ![](http://127.0.0.1:9/beacon.png)",
    "style": "<style>header, .course { display: none } .yours::before { content: 'All 100 of 100' }</style>",
    "import": "<link rel=stylesheet href='http://127.0.0.1:9/x.css'><iframe src='file:///etc/passwd'></iframe>",
    "frame": "<meta http-equiv=refresh content='0;url=http://127.0.0.1:9/'><base href='http://127.0.0.1:9/'>",
    "template": "{{ page.__class__ }} {% include '/etc/passwd' %} {{ 7 * 191 }}",
    "verdict": "spotify_structure: 10 of 10 points\n  right   Kinds of layers and their order  1 of 1",
    "turned round": "\u202e001 fo 001\u202c \u2066x\u2069",
    "control characters": "a\x00b\x07c\x1b]0;title\x07\x1b[2Jd\ud800e\U000e0041f",
    "entities": "&lt;script&gt; &#60;script&#62; &amp;lt;",
    "comment": "<!-- <!--> --!> <![CDATA[ <script>document.title='hit'</script> ]]>",
}


def attacked(course: Course, text: str, **metadata: object) -> str:
    """The page on a notebook that holds the text wherever a learner can put it."""
    every = displayed(text_html=text, text_markdown=text, image_svg_xml=text, application_javascript=text)
    found = (Finding("baseline_best_epoch", 0.0, 1.0, text), Finding("baseline_overfits", 0.0, 1.0, f"`{text}`"))
    done = Judged(CELL, Verdict(Status.WRONG, found, 2.0), handed_in(7).account)
    course.graded(
        answer("answer", text, printed(text), raised(text, text, 1, text), every),
        answer("words", text, words=True, grade=True, points=3),
        test_cell("test", "assert f()", printed(text), raised(text, text, 1, text), every),
        rubrics_cell(done),
        judged=[done],
        repaired=[text],
        title=text,
        kernelspec={"name": "python3", "display_name": text},
        language_info={"name": text},
        **metadata,
    )
    return course.page()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("refused", [False, True], ids=["graded", "refused"])
def test_what_a_learner_writes_is_text(course: Course, attack: str, refused: bool) -> None:
    text = ATTACKS[attack].encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    page = Read(attacked(course, text, **({"refused": text} if refused else {})))
    assert {tag for tag, _ in page.tags} <= TAGS
    attributes = [(name, value) for _, own in page.tags for name, value in own.items()]
    assert not [name for name, _ in attributes if name.startswith("on") or name in ("src", "srcset", "action")]
    assert all(value.startswith("#") for name, value in attributes if name in ("href", "xlink:href"))
    assert [own["class"] for tag, own in page.tags if tag == "section"] == ["course", "yours"]
    everything = "".join(page.texts.values())
    assert "1337" not in everything and not re.search("[\x00-\x08\x0b-\x1f\u202a-\u202e\u2066-\u2069]", everything)
    assert "All 100 of 100" not in page.course.replace(" ".join(ATTACKS[attack].split()), "")


def test_a_forged_verdict_stands_in_the_learners_frame(course: Course) -> None:
    forged = ATTACKS["verdict"]
    course.graded(answer("answer", forged), test_cell("spotify_structure", "grade()", printed(forged), points=10))
    page = Read(course.page())
    assert "0 of 10 points" in page.course and " 10 of 10" not in page.course and "10 of 10" in page.yours


def test_a_page_asks_no_host_and_says_so_to_the_browser(course: Course) -> None:
    course.graded(answer("answer", "x = 1"))
    written = course.page()
    policy = next(own["content"] for tag, own in Read(written).tags if own.get("http-equiv"))
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert not re.search(r"https?:|url\(|@import|//", written.replace("http://www.w3.org/", ""))


FLOODS = {
    "one line": "<" * 1_200_000,
    "lines": "&\n" * 200_000,
    "bells": "\x07" * 300_000,
    "slashes": "/a" * 200_000,
    "tildes": "~" * 300_000,
}


@pytest.mark.parametrize("flood", FLOODS)
def test_a_flood_is_cut(course: Course, flood: str) -> None:
    assert len(attacked(course, FLOODS[flood]).encode()) < MEBIBYTE


def test_many_floods_are_cut_as_well(course: Course) -> None:
    course.graded(*(answer(f"answer{number}", FLOODS["one line"][:50_000]) for number in range(40)))
    written = course.page()
    assert len(written.encode()) < MEBIBYTE and "The rest is left out here." in written


@pytest.mark.parametrize("text", ["<" * 500, '"' * 500, "\x07" * 500, "ж" * 500, "&\n" * 250])
def test_a_text_takes_no_more_room_than_it_is_given(text: str) -> None:
    for size in (0, 1, 7, 100):
        shown, cut = block(text, size)
        assert cut and weight(shown) <= size
        assert weight(sentence(text, size)) <= size + len("…".encode())


# What goes along


def test_files_that_were_written_in_grading_stay_with_the_instructor(course: Course) -> None:
    course.graded(answer("answer", "x = 1"))
    graded, submitted = (course.root / name / "ada" / "unit" for name in ("autograded", "submitted"))
    submitted.mkdir(parents=True)
    for folder, name, content in (
        (submitted, "mine.txt", "mine"),
        (submitted, "changed.txt", "before"),
        (submitted, "forged.html", "mine"),
        (graded, "mine.txt", "mine"),
        (graded, "changed.txt", "after"),
        (graded, "seen.txt", HIDDEN),
        (graded, "forged.html", "mine"),
        (graded, "lesson.html", HIDDEN),
        (graded, "timestamp.txt", "2026-01-01 00:00:00 UTC"),
    ):
        (folder / name).write_text(content)
    (submitted / "linked.txt").symlink_to(graded / "seen.txt")
    (graded / "linked.txt").write_text(HIDDEN)
    assert "289" not in course.page()
    assert {path.name for path in course.folder.iterdir()} == {"lesson.html", "mine.txt", "timestamp.txt"}


def test_a_page_that_was_written_in_grading_does_not_take_anothers_place(course: Course) -> None:
    course.graded(answer("answer", "x = 1"))
    course.page()
    (course.root / "autograded" / "ada" / "unit" / "lesson.html").write_text("All 100 of 100")
    course.notebook = "second"
    course.graded(answer("answer", "x = 1"))
    course.settings = {"CourseDirectory": {"notebook_id": "second"}}
    course.page()
    assert {path.name for path in course.folder.iterdir()} == {"second.html"}


# How it looks


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_text_can_be_read_in_light_in_dark_and_on_paper(course: Course) -> None:
    course.graded(answer("answer", "x = 1"))
    themes = re.findall(r":root \{(.+?)\}", course.page(), re.DOTALL)
    assert len(themes) == 3
    for theme in themes:
        colours = dict(re.findall(r"--(\w+): (#\w{6})", theme))
        grounds = [luminance(colours.pop(name)) for name in ("ground", "panel")]
        colours.pop("line")
        for name, colour in colours.items():
            for ground in grounds:
                lighter, darker = sorted((luminance(colour), ground), reverse=True)
                assert (lighter + 0.05) / (darker + 0.05) >= 4.5, (name, colour)


def test_headings_and_tables_are_told_to_those_who_do_not_see_them(course: Course) -> None:
    done = handed_in(7)
    course.graded(rubrics_cell(done), answer("answer", "x = 1"), scores={CELL: 1.0}, judged=[done])
    tags = Read(course.page()).tags
    assert tags[0] == ("html", {"lang": "en"})
    levels = [int(tag[1]) for tag, _ in tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert all("scope" in own for tag, own in tags if tag == "th")
    names = [tag for tag, _ in tags]
    assert names.count("caption") == names.count("table") > 0
    known = [own["id"] for _, own in tags if own.get("id")]
    assert len(known) == len(set(known))
    links = {own["href"][1:] for tag, own in tags if tag == "a"}
    assert links <= set(known) and {own.get("aria-labelledby") for _, own in tags} - {None} <= set(known)
