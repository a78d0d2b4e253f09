"""What a page says, as plain values; the template lays it out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Points:
    """Points that were given, and how many there are."""

    given: float
    of: float


@dataclass(frozen=True)
class Remark:
    """What was seen and why it matters; and the next step, where it stands apart."""

    reason: str
    step: str = ""


@dataclass(frozen=True)
class Row:
    """One criterion of a rubric: ``word`` is right, partly, not yet or open, in English; the page translates it."""

    title: str
    word: str
    points: Points
    remarks: tuple[Remark, ...] = ()


@dataclass(frozen=True)
class Figure:
    """A number of the learner's curves beside the reference's band, and whether it lies within."""

    what: str
    yours: str
    reference: str
    inside: bool


@dataclass(frozen=True)
class Picture:
    """The learner's curves as an ``<svg>`` element of the course's making; ``note`` says where they come from."""

    drawing: str
    note: str
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Reasons:
    """What a rubric's verdict says, or what is known of a test cell without one; ``status`` as the verdict has it."""

    status: str = ""
    remarks: tuple[Remark, ...] = ()
    rows: tuple[Row, ...] = ()
    picture: Picture | None = None
    stopped_at: str = ""  # the line of an ordinary test cell, as it was handed out


@dataclass(frozen=True)
class Part:
    """What the course says on one cell of the assignment.

    Attributes:
        name: its ``grade_id``.
        kind: what it is, in words.
        points: those in the gradebook; None for an answer that a test cell judges.
        notes: sentences on the points.
        reasons: None where there is nothing to say but the points.
        comment: an instructor's, as HTML that was made safe; or empty.
    """

    name: str
    kind: str
    points: Points | None
    notes: tuple[str, ...] = ()
    reasons: Reasons | None = None
    comment: str = ""

    @property
    def says(self) -> bool:
        """Whether there is more than the points."""
        return bool(self.notes or self.reasons or self.comment)


@dataclass(frozen=True)
class Text:
    """A text of the learner's: an answer, or what was printed or raised while a cell was graded."""

    name: str
    what: str
    content: str
    cut: bool = False


@dataclass(frozen=True)
class Page:
    """The feedback on one notebook.

    Attributes:
        assignment, notebook: their names.
        points: the notebook's, late penalty taken off.
        penalty: points taken off for being late.
        open: how many cells a human still has to look at.
        refused: why the notebook was not graded, or empty.
        repaired: what was mended before it was graded.
        stopped: in which cell it was stopped, why, and what to do.
        parts: what the course says.
        texts: what is the learner's.
        quiet: whether nothing is repeated that was computed in grading, because tests are hidden.
    """

    assignment: str
    notebook: str
    points: Points
    penalty: float
    open: int
    refused: str
    repaired: tuple[str, ...]
    stopped: tuple[str, ...]
    parts: tuple[Part, ...]
    texts: tuple[Text, ...]
    quiet: bool
