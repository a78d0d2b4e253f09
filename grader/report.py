"""The text of a verdict, as `check` and the test cells print it: the score, each criterion, and the reasons."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from dropnorm.language import N_, _, available, padded, width, wrapped
from dropnorm.language.text import MESSAGES
from grader.rubric import GATE, Finding, Rubric, Status, Verdict

WIDTH = 96
OPEN, RIGHT, PARTLY, NOT_YET = N_("open"), N_("right"), N_("partly"), N_("not yet")


def report(rubric: Rubric, verdict: Verdict) -> str:
    """The verdict on one rubric in plain text, several lines, without a line break at the end."""
    return "\n".join(_lines(rubric, verdict))


def left_open(text: str, name: str) -> bool:
    """Whether a report on the rubric of that name, somewhere in ``text``, in any language, leaves points to a human."""
    said = {each.texts(MESSAGES).gettext(Status.MANUAL) for each in available().values()}
    begins = re.compile(rf"{re.escape(name)}(?:: |：)")
    return any(begins.match(line) and any(each in line for each in said) for line in text.splitlines())


def number(points: float) -> str:
    """Points as people write them: 3, 2.5 or 0.33."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def standing(findings: Sequence[Finding], points: float, of: float) -> str:
    """How a criterion stands, in a word or two that are translated where they are shown: open, right, …"""
    if any(finding.manual for finding in findings):
        return OPEN
    if points >= of:
        return RIGHT
    return PARTLY if points > 0 else NOT_YET


def _lines(rubric: Rubric, verdict: Verdict) -> Iterator[str]:
    told = {
        "rubric": rubric.name,
        "score": number(verdict.score),
        "maximum": number(verdict.maximum),
        "status": _(verdict.status),
    }
    if all(finding.criterion == GATE for finding in verdict.findings):
        yield _("{rubric}: {status} ({score} of {maximum} points)").format(**told)
        for finding in verdict.findings:
            yield from wrapped(finding.message, WIDTH, "  ")
        return
    if verdict.status is Status.MANUAL:
        told["open"] = number(sum(finding.of - finding.points for finding in verdict.findings if finding.manual))
        yield _("{rubric}: {score} of {maximum} points, {open} open: {status}").format(**told)
    else:
        yield _("{rubric}: {score} of {maximum} points").format(**told)
    titles = {key: _(title) for key, title in rubric.titles().items()}
    first = 1 + max(width(_(word)) for word in (OPEN, RIGHT, PARTLY, NOT_YET))
    second = max(map(width, titles.values()))
    for key, title in titles.items():
        findings = [finding for finding in verdict.findings if finding.criterion == key]
        points, of = sum(f.points for f in findings), sum(f.of for f in findings)
        stands = padded(_(standing(findings, points, of)), first)
        given = _("{points} of {of}").format(points=number(points), of=number(of))
        yield f"  {stands}{padded(title, second)}  {given}"
        for finding in findings:
            yield from wrapped(finding.message, WIDTH, " " * (2 + first))
