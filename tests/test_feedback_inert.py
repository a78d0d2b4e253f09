"""The pages of feedback: what a learner's notebook cannot make them say or do."""

from __future__ import annotations

import re

import feedback_course
import pytest
from feedback_course import (
    HIDDEN,
    Course,
    Read,
    answer,
    displayed,
    printed,
    raised,
    rubrics_cell,
    test_cell,
)
from test_rejudge import CELL, handed_in

from dropnorm import quiet
from grader.autograde.feedback.words import block, sentence, weight
from grader.judged import Judged
from grader.rubric import Finding, Status, Verdict

quiet.start()
course = feedback_course.course
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
