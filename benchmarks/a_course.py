"""A course's folder with a class in it, and the instructor's commands in that folder, each as a fresh process.

The folder holds a copy of the course's code and data, which is what the commands use: the caches are the copy's own,
and what is edited in the clone while a benchmark runs changes nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.a_class import Learner
from benchmarks.watched import Watched, watch
from dropnorm import places
from grader import build
from tests.classroom import FIRST

STOCK = places.ROOT / "benchmarks" / "stock_config.py"
COPIED = ("dropnorm", "grader", "solutions", "data")
KEPT = ("trainings", "sweeps", "calibration")  # in data/cache; data sets stay
TIMING = Path(".grading") / "timing.jsonl"


class CommandError(Exception):
    """A command that a part of the benchmark needs did not succeed; one sentence."""


@dataclass(frozen=True)
class Course:
    """A course's folder.

    Attributes:
        folder: where it is.
        learners: who has handed in.
    """

    folder: Path
    learners: tuple[Learner, ...]

    @classmethod
    def make(cls, folder: Path, learners: Iterable[Learner], config: Path = places.ROOT / build.CONFIG) -> Course:
        """A new course in which the assignment is generated and these learners have handed in.

        Raises:
            CommandError: nbgrader cannot generate the assignment.
        """
        course = cls(folder, tuple(learners))
        left_out = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints", *KEPT)
        for name in COPIED:
            shutil.copytree(places.ROOT / name, folder / name, ignore=left_out)
        shutil.copy(config, folder / build.CONFIG)
        done = course.run("generate", "-m", "nbgrader", "generate_assignment", FIRST)
        if done.code:
            raise CommandError(f"The assignment was not generated: {done.last}")
        shutil.copy(course.gradebook, course.gradebook.with_suffix(".empty"))
        for learner in course.learners:
            learner.hand_in(folder / "exercises" / FIRST, folder / "submitted" / learner.name / FIRST)
        return course

    @property
    def gradebook(self) -> Path:
        """The file of the gradebook."""
        return self.folder / "gradebook.db"

    @property
    def graded(self) -> int:
        """How many submissions have been graded."""
        return len(list(self.folder.glob(f"autograded/*/{FIRST}")))

    def ungrade(self) -> None:
        """As it was before anything was graded; trainings stay."""
        for name in ("autograded", TIMING.parent):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for left in self.folder.glob("gradebook.db-*"):
            left.unlink()
        shutil.copy(self.gradebook.with_suffix(".empty"), self.gradebook)

    def forget(self) -> None:
        """Nothing is kept any more: trainings and what else is computed once."""
        for name in KEPT:
            shutil.rmtree(self.folder / "data" / "cache" / name, ignore_errors=True)

    def autograde(self, label: str, *options: str, **variables: str) -> Watched:
        """nbgrader's own command on the whole class."""
        (self.folder / TIMING).unlink(missing_ok=True)
        return self.run(label, "-m", "nbgrader", "autograde", FIRST, *options, **variables)

    def run(self, label: str, *command: str, **variables: str) -> Watched:
        """A command of this Python's in the folder, by the copy of the course that is there."""
        own = str(self.folder / "jupyter")
        foreign = ("DROPNORM_", "GRADER_", "JUPYTER_", "PYTHONDONTWRITEBYTECODE")
        env = {name: value for name, value in build.environment().items() if not name.startswith(foreign)}
        env |= {name: os.environ[name] for name in ("DROPNORM_DATA", "DROPNORM_SOURCE") if name in os.environ}
        env |= {"PYTHONPATH": str(self.folder), "JUPYTER_CONFIG_DIR": own, "JUPYTER_DATA_DIR": own, **variables}
        began = time.time()

        def done() -> int:
            return sum(graded.stat().st_mtime >= began for graded in self.folder.glob("autograded/*/*"))

        return watch([sys.executable, *command], self.folder, env, label, len(self.learners), done)

    def times(self) -> dict[str, dict[str, float]]:
        """What the last `autograde` logged of its times: by part the seconds of all notebooks, how many, the longest.

        The parts of a notebook's run are those of `grader.autograde.notebook_run` (in ``cells`` it may wait for a
        training); ``waited`` is how long nbgrader waited for it.
        """
        found: dict[str, list[float]] = defaultdict(list)
        path = self.folder / TIMING
        for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
            told = json.loads(line)
            for part, seconds in {**told["seconds"], "waited": told["waited"]}.items():
                found[part].append(seconds)
        return {
            what: {"seconds": round(sum(each), 2), "count": len(each), "longest": round(max(each), 2)}
            for what, each in found.items()
        }
