"""The pages of feedback in a real browser: on a phone, in the dark, on paper, and under attack."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser import NO_BROWSER, assert_colours_follow, chromium, keep_picture, running_browser
from feedback_course import Course, rubrics_cell
from playwright import sync_api
from test_feedback_inert import ATTACKS, attacked
from test_handed_over import told

from grader.handed import Retrained
from grader.judged import judged
from tests.hostile.attacking import train

WIDTHS = {"phone": 360, "desk": 1200}
SMALLEST = 7.0  # points of the letters in a picture


@pytest.fixture(scope="module")
def browser() -> Iterator[sync_api.Browser]:
    if chromium() is None:
        pytest.skip(NO_BROWSER)
    with running_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on a notebook that holds every attack wherever a learner can put it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPNORM_SOURCE", "stand-in")
        course = Course(tmp_path_factory.mktemp("course"))
        attacked(course, "\n".join(ATTACKS.values()).encode("utf-8", "replace").decode())
    return course.folder / f"{course.notebook}.html"


@pytest.fixture(scope="module")
def page_with_curves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page on a solved exercise whose training was judged: criteria, curves, a table of figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DROPNORM_SOURCE", "stand-in")
        course = Course(tmp_path_factory.mktemp("solved"))
        done = judged(told(), lambda spec, owner: Retrained(train([], spec, owner).runs))
        course.graded(rubrics_cell(done), scores={done.rubric: done.verdict.score}, judged=[done])
        course.page()
    return course.folder / f"{course.notebook}.html"


def opened(browser: sync_api.Browser, page: Path, width: int, scheme: str) -> sync_api.Page:
    """A page on a screen of that width and theme; it fits."""
    seen = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    seen.goto(page.as_uri())
    assert seen.evaluate("document.documentElement.scrollWidth") <= width
    return seen


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_curves_can_be_read(browser: sync_api.Browser, page_with_curves: Path, width: int, scheme: str) -> None:
    """Their words are paths: of 10 points as drawn at full width, and a picture's words shrink with it."""
    seen = opened(browser, page_with_curves, width, scheme)
    drawn = seen.locator("svg[role=img]").first
    share = drawn.bounding_box()["width"] / drawn.evaluate("each => each.viewBox.baseVal.width * 96 / 72")
    assert 10 * share >= SMALLEST
    keep_picture(seen, f"feedback-curves-{width}-{scheme}")
    seen.close()


@pytest.mark.parametrize("width", WIDTHS.values(), ids=WIDTHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_and_follows_the_theme(browser: sync_api.Browser, page: Path, width: int, scheme: str) -> None:
    seen = opened(browser, page, width, scheme)
    colours = seen.evaluate(
        "[...document.querySelectorAll('h1, td, pre, p')].map(each => getComputedStyle(each).color)"
    )
    assert_colours_follow(scheme.title(), colours)
    keep_picture(seen, f"feedback-{width}-{scheme}")
    seen.close()


def test_nothing_of_the_learners_acts(browser: sync_api.Browser, page: Path) -> None:
    seen = browser.new_page()
    asked: list[str] = []
    seen.on("request", lambda request: asked.append(request.url))
    seen.goto(page.as_uri(), wait_until="networkidle")
    assert asked == [page.as_uri()] and seen.title() == "Feedback on lesson"
    assert (
        seen.evaluate("document.querySelectorAll('script, img, iframe, link, base, object, embed, form').length") == 0
    )
    assert seen.locator("section").count() == 2
    for region in ("header", "section.course", "section.yours"):
        assert seen.locator(region).first.is_visible()
    for frame in seen.locator(".frame pre").all():  # what is in a frame is drawn in it
        assert frame.evaluate(
            "each => each.parentElement.getBoundingClientRect().right >= each.getBoundingClientRect().right"
        )
    seen.close()


def test_the_browser_would_not_run_a_script_either(browser: sync_api.Browser, page: Path, tmp_path: Path) -> None:
    written = page.read_text(encoding="utf-8")
    script = "<script>document.title = 'hit'</script><img src='x.png' onerror=\"document.title = 'hit'\">"
    broken = tmp_path / "broken.html"
    broken.write_text(written.replace("<main>", f"<main>{script}"), encoding="utf-8")
    seen = browser.new_page()
    seen.goto(broken.as_uri(), wait_until="networkidle")
    assert seen.title() == "Feedback on lesson"
    seen.close()


def test_the_keyboard_reaches_the_answers(browser: sync_api.Browser, page: Path) -> None:
    seen = browser.new_page()
    seen.goto(page.as_uri())
    seen.keyboard.press("Tab")
    assert seen.evaluate("document.activeElement.className") == "skip"
    assert seen.locator(".skip").bounding_box()["x"] >= 0
    seen.keyboard.press("Enter")
    seen.wait_for_url("**#yours")
    seen.close()


def test_paper_is_white(browser: sync_api.Browser, page: Path) -> None:
    seen = browser.new_page(color_scheme="dark")
    seen.goto(page.as_uri())
    seen.emulate_media(media="print")
    assert seen.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert not seen.locator(".skip").is_visible()
    assert seen.locator("article table").first.evaluate("table => getComputedStyle(table).breakInside") == "avoid"
    assert seen.pdf().startswith(b"%PDF")
    seen.close()
