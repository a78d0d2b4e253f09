"""The text of a verdict, as `check` and the test cells print it: the score, each criterion, and the reasons."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from grader.rubric import GATE, Finding, Rubric, Status, Verdict

WIDTH = 96
_WORD = 8  # the longest word of the first column: "not yet"
_INDENT = " " * (2 + _WORD)


def report(rubric: Rubric, verdict: Verdict) -> str:
    """The verdict on one rubric in plain text, several lines, without a line break at the end."""
    return "\n".join(_lines(rubric, verdict))


def left_open(text: str, name: str) -> bool:
    """Whether a report on the rubric of that name, somewhere in ``text``, leaves points to a human."""
    return any(line.startswith(f"{name}: ") and str(Status.MANUAL) in line for line in text.splitlines())


def number(points: float) -> str:
    """Points as people write them: 3, 2.5 or 0.33."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _lines(rubric: Rubric, verdict: Verdict) -> Iterator[str]:
    score = f"{number(verdict.score)} of {number(verdict.maximum)} points"
    if all(finding.criterion == GATE for finding in verdict.findings):
        yield f"{rubric.name}: {verdict.status} ({score})"
        for finding in verdict.findings:
            yield from _wrapped(finding.message, "  ")
        return
    open_points = sum(finding.of - finding.points for finding in verdict.findings if finding.manual)
    still_open = f", {number(open_points)} open: {Status.MANUAL}" if verdict.status is Status.MANUAL else ""
    yield f"{rubric.name}: {score}{still_open}"
    titles = rubric.titles()
    width = max(len(title) for title in titles.values())
    for key, title in titles.items():
        findings = [finding for finding in verdict.findings if finding.criterion == key]
        points, of = sum(f.points for f in findings), sum(f.of for f in findings)
        yield f"  {_word(findings, points, of):<{_WORD}}{title:<{width}}  {number(points)} of {number(of)}"
        for finding in findings:
            yield from _wrapped(finding.message, _INDENT)


def _word(findings: Sequence[Finding], points: float, of: float) -> str:
    if any(finding.manual for finding in findings):
        return "open"
    if points >= of:
        return "right"
    return "partly" if points > 0 else "not yet"


def _wrapped(message: str, indent: str) -> list[str]:
    return textwrap.wrap(message, WIDTH, initial_indent=indent, subsequent_indent=indent)
