"""Each attack fails; and with its defence removed it succeeds, so that it is known to be one."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from dropnorm import places
from grader.autograde import warm_kernels
from tests import ordinary_user

from .attacking import attack, batches, points
from .case import Case, Ours, Scene
from .cases import CASES
from .grounds import grounds

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="The box is made of what Linux has.")
MINE = [case for case in CASES if not case.superuser or os.geteuid() == 0]
# A handful for an ordinary user; NPROC binds no process of the superuser, whatever he calls himself.
ORDINARY = "tcp or solutions or gradebook or memory-by or environment or daemon or processes or small-files or second"


def each(mark: Callable[[Case], tuple[pytest.MarkDecorator, ...]]) -> pytest.MarkDecorator:
    """A test of every case, with the marks that it is to have."""
    marks = [mark(case) for case in MINE]
    names = [f"{case.family}-{case.name}" for case in MINE]
    return pytest.mark.parametrize(
        "case", [pytest.param(case, marks=mark, id=name) for case, mark, name in zip(MINE, marks, names, strict=True)]
    )


class Range:
    """Where attacks are run, each batch once."""

    def __init__(self) -> None:
        self._grounds, self._seen = grounds(), {}
        self.grounds = self._grounds.__enter__()

    def scene(self, case: Case, defended: bool) -> Scene:
        """What came of a case, in its batch."""
        if (case.name, defended) not in self._seen:
            batch = next(each for each in batches(MINE, defended) if case in each)
            if not defended and case.by == {Ours.VERDICT}:  # the same run, by what the kernel printed
                scene = self.scene(case, True)[0]
                scene = replace(scene, points=points(scene.cells))
                self._seen[case.name, False] = scene, case.goal.won(scene)
                return self._seen[case.name, False]
            for one, scene in zip(batch, attack(self.grounds, batch, defended), strict=True):
                self._seen[one.name, defended] = scene, one.goal.won(scene)
        return self._seen[case.name, defended]


@pytest.fixture(scope="module")
def field() -> Iterator[Range]:
    made = Range()
    yield made
    made._grounds.__exit__(None, None, None)


@each(lambda case: (pytest.mark.full,) if case.long else ())
def test_it_fails(field: Range, case: Case) -> None:
    scene, won = field.scene(case, True)
    assert scene.ran.failure is None and not won, scene.text


@each(lambda case: (pytest.mark.long,) if case.long else (pytest.mark.full,))
def test_with_its_defence_removed_it_succeeds(field: Range, case: Case) -> None:
    scene, won = field.scene(case, False)
    assert won, (scene.ran.failure, scene.text)


@pytest.mark.full
@pytest.mark.skipif(os.geteuid() != 0, reason="THESE TESTS ARE AN ORDINARY USER'S ALREADY")
def test_it_is_the_same_for_an_ordinary_user() -> None:
    """In a user namespace, without a capability, as the same tests by him."""
    command = ["-m", "pytest", "tests/hostile/test_attacks.py", "-q", "-p", "no:cacheprovider", "-k", ORDINARY]
    ran = ordinary_user.run(sys.executable, *command, cwd=places.ROOT)
    assert ran.returncode == 0 and " passed" in ran.stdout, ran.stdout + ran.stderr


def test_nothing_is_left(field: Range) -> None:
    """No process of an attack, no file; a kernel's folder goes with its run."""
    for case in MINE[:3]:
        field.scene(case, True)
    own = psutil.Process(warm_kernels.the_server().process.pid)
    assert own.children(recursive=True) == []
    assert not list(Path(tempfile.gettempdir()).glob("grading-*/work/notebook/way-out"))
    assert {path.name for path in field.grounds.root.iterdir()} <= {
        "course",
        "home",
        "other",
        "secret.txt",
        "cache",
        "terminal",
    }
