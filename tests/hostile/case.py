"""What an attack is: the learner's cells, what must hold, and what stops it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from grader.autograde.box.layers import Box, Layer, Limits

if TYPE_CHECKING:
    from nbformat.notebooknode import NotebookNode

    from grader.autograde.notebook_run import Ran

    from .grounds import Grounds


class Family(StrEnum):
    """What an attack is about."""

    FORGE = "forge"
    READ = "read"
    WRITE = "write"
    NET = "net"
    RUN = "run"
    BROKEN = "broken"
    FEEDBACK = "feedback"


class Ours(StrEnum):
    """Defences that are no layers of the box; `defences` can take each away."""

    VERDICT = "the verdict is reached outside of the kernel"
    FIRST = "of a test cell the first account counts"
    NO_SCORE = "an account holds no points"
    EXERCISE = "an account is judged as what its test cell is about"
    TRAINED_ANEW = "what is judged is trained anew"
    SPEC = "a spec holds known layers and settings only"
    WORK = "no training beyond ten times the exercise's own"
    FITS = "a notebook asks for 32 trainings"
    DEPTH = "an account has 20 levels"
    MESSAGE = "a message on the channel has a mebibyte"
    START = "the process that kernels are forked from has no secret in its environment"
    ELSEWHERE = "a box's own program does not start in a learner's folder"
    LINKS = "a link is not followed when files are brought back"
    BOX = "the whole box"
    TIME = "a cell and a notebook have their time"
    KEPT = "what ran before is kept when a kernel ends"
    FLOOD = "what is printed is cut"
    READING = "a hand-in is repaired or refused before it is graded"
    PAGE = "a page of feedback holds nothing that was computed beside hidden tests, and no file"
    MESSAGES = "messages that no kernel sends end the kernel, and nothing else"


Defence = Layer | Ours
REPRODUCED = "succeeds (reproduced)"  # with stock nbgrader itself
SEEN = "succeeds (seen here, defence removed)"  # stock has none of it
GRADE = 'from grader.cells import grade\n\ngrade("spotify_structure")'
STRUCTURE = {"spotify_structure": GRADE}


@dataclass(frozen=True)
class Scene:
    """What the trusted side sees after an attack.

    Attributes:
        grounds: what it was after.
        ran: what the run has brought; other attacks may have been in it.
        cells: those of this attack, with their outputs.
        points: what its test cells would bring into the gradebook; nan where nbgrader itself would stop.
        trained: the specs that the trusted side was made to train.
        word: what this attack says where it sends something.
        seconds: how long the run took.
    """

    grounds: Grounds
    ran: Ran
    cells: list[NotebookNode]
    points: float
    trained: list[Any]
    word: str
    seconds: float

    @property
    def text(self) -> str:
        """All that its cells said, as JSON would hold it."""
        return "".join(str(cell.get("outputs", "")) for cell in self.cells)

    @property
    def printed(self) -> str:
        """What they printed: without tracebacks, in which a cell itself stands."""
        found = (output for cell in self.cells for output in cell.get("outputs", ()))
        return "".join(str(output.get("text", "")) for output in found)


@dataclass(frozen=True)
class Goal:
    """What an attack wants, told as what must hold, and how it is seen that it got it."""

    holds: str
    won: Callable[[Scene], bool]


@dataclass(frozen=True)
class Case:
    """One attack.

    Attributes:
        name, family: its own.
        tries: what it does, in a few words.
        cells: what the learner writes; ``$name`` stands for a place or number of `Grounds.names`.
        goal: what must hold.
        by: the defences that stop it; with all of them removed it succeeds.
        stock: what comes of it in stock nbgrader, and how that is known.
        tests: test cells below the learner's, by ``grade_id``.
        tags: of the test cells.
        files: beside the notebook; ``$name`` as in cells.
        limits, settings: of the box, and of nbgrader's ``Execute``.
        alone: whether it needs a kernel of its own.
        cold: whether that starts by itself, as where forking is not safe, on a machine whose settings name the folder
            in which it starts.
        long: whether it takes so long that only the full tests run it, and the long ones without its defence.
        superuser: whether only the superuser could lose anything by it.
    """

    name: str
    family: Family
    tries: str
    cells: tuple[str, ...]
    goal: Goal
    by: frozenset[Defence]
    stock: str = SEEN
    tests: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    settings: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False
    cold: bool = False
    long: bool = False
    superuser: bool = False

    @property
    def layers(self) -> frozenset[Layer]:
        """Those of its defences that are layers of the box."""
        return frozenset(each for each in self.by if isinstance(each, Layer))

    @property
    def ours(self) -> frozenset[Ours]:
        """Those that are not."""
        return frozenset(each for each in self.by if isinstance(each, Ours))

    def box(self, defended: bool) -> Box:
        """The box that it is in."""
        return Box(limits=self.limits).without(() if defended else self.layers)


SECRET_KEPT = Goal("the secret is in nothing that comes back", lambda scene: scene.grounds.token in scene.text)
NOTHING_HEARD = Goal("the listener hears nothing", lambda scene: scene.word in scene.grounds.heard())
REFUSED = Goal("it is refused", lambda scene: "got through" in scene.printed)
STOPPED = Goal("it is stopped, and the cells above keep their results", lambda scene: "went on" in scene.printed)
NO_POINTS = Goal("no point for what was not done", lambda scene: scene.points != 0)
