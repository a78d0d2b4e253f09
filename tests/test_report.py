"""The report of a judgement, as learners read it and as nbgrader's log keeps it."""

from __future__ import annotations

import pytest

from grader.report import left_open, number, report
from grader.rubric import Criterion, Fault, Rubric, Status, judge


def rubric(*faults: Fault) -> Rubric:
    return Rubric("r", (Criterion("a", "First thing", 3, lambda _: faults), Criterion("b", "Second", 1, lambda _: ())))


@pytest.mark.parametrize(
    ("faults", "lines"),
    [
        ((), ["r: 4 of 4 points", "  right   First thing  3 of 3", "  right   Second       1 of 1"]),
        (
            (Fault("Seen.", 0.5), Fault("Also seen.", 0.25)),
            ["r: 1.75 of 4 points", "  partly  First thing  0.75 of 3", "          Seen.", "          Also seen.",
             "  right   Second       1 of 1"],
        ),
        (
            (Fault("Too wide.", 1.0),),
            ["r: 1 of 4 points", "  not yet First thing  0 of 3", "          Too wide.",
             "  right   Second       1 of 1"],
        ),
        (
            (Fault("By the way.", 0.0),),
            ["r: 4 of 4 points", "  right   First thing  3 of 3", "          By the way.",
             "  right   Second       1 of 1"],
        ),
        (
            (Fault("A layer of your own.", 1.0, manual=True),),
            ["r: 1 of 4 points, 3 open: a human will look at it", "  open    First thing  0 of 3",
             "          A layer of your own.", "  right   Second       1 of 1"],
        ),
    ],
)  # fmt: skip
def test_the_report_names_every_criterion(faults: tuple[Fault, ...], lines: list[str]) -> None:
    shown = rubric(*faults)
    assert report(shown, judge(shown, None)).splitlines() == lines


def test_a_report_tells_whether_points_are_left_open() -> None:
    for fault, wanted in ((Fault("Odd.", 1.0, manual=True), True), (Fault("Odd.", 0.0, manual=True), True),
                          (Fault("Wrong.", 1.0), False)):  # fmt: skip
        shown = rubric(fault)
        said = "a line of the learner's\n" + report(shown, judge(shown, None))
        assert left_open(said, "r") is wanted
        assert not left_open(said, "another")
    gate = Rubric("r", (), lambda _: (Status.MANUAL, Fault("No data.", 1.0, manual=True)))
    assert left_open(report(gate, judge(gate, None)), "r")


@pytest.mark.parametrize(("points", "text"), [(0.0, "0"), (10.0, "10"), (2.5, "2.5"), (1 / 3, "0.33")])
def test_points_read_as_people_write_them(points: float, text: str) -> None:
    assert number(points) == text
