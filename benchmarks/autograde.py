"""Grading a class, by the course's steps against nbgrader's own: `python -m benchmarks.autograde`.

A class of a hundred hands in dropout_and_batchnorm. Seconds a submission with nothing kept, after pretraining, and with
all kept, against nbgrader's own steps on a sample that stands for the class, half of it before the others and half
after; and what judging anew and pages of feedback take. Each is a fresh process; parts that are run alone replace
their own figures only.
"""

from __future__ import annotations

import datetime
import functools
import json
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from tqdm import tqdm

from benchmarks import a_class, results
from benchmarks.a_course import STOCK, CommandError, Course
from benchmarks.floor import floor, projection
from benchmarks.grading_figures import A_SUBMISSION, table, told, with_ratios
from benchmarks.watched import Watched
from dropnorm import datasets
from dropnorm.files import write_atomically
from tests.classroom import FIRST

PACKAGES = ("nbgrader", "distributed", "keras", "tensorflow", "numpy")
# In this order, stock before and after them.
PARTS = ("cold", "warm", "rejudge", "feedback", "pretrained", "growth", "workers")


@dataclass
class Bench:
    """One run of the benchmark: its class, its folder, and what was measured so far."""

    folder: Path
    learners: list[a_class.Learner]
    sample: list[a_class.Learner]
    sizes: list[int]
    done: dict[str, dict[str, Any]] = field(default_factory=dict)  # by part, in this run

    @functools.cached_property
    def course(self) -> Course:
        """The course of the whole class."""
        return Course.make(self.folder / "class", self.learners)

    def cold(self) -> dict[str, Any]:
        """The whole class, nothing kept."""
        return self.from_nothing(self.course, "cold")

    def warm(self) -> dict[str, Any]:
        """The whole class again, all kept."""
        self.have_graded()
        return self.told(self.course, self.course.autograde("warm", "--force"))

    def rejudge(self) -> dict[str, Any]:
        """All verdicts anew, no notebook run."""
        self.have_graded()
        done = self.course.run("rejudge", "-m", "grader", "rejudge", FIRST)
        return told(done, len(self.learners))

    def feedback(self) -> dict[str, Any]:
        """A page for each notebook, as learners get it."""
        self.have_graded()
        done = self.course.run("feedback", "-m", "nbgrader", "generate_feedback", FIRST, "--force")
        pages = [path.stat().st_size for path in self.course.folder.glob(f"feedback/*/{FIRST}/*.html")]
        return {
            **told(done, len(self.learners)),
            "pages": len(pages),
            "largest page, KiB": max(pages, default=0) // 2**10,
        }

    def pretrained(self) -> dict[str, Any]:
        """The whole class, after the instructor's command that trains beforehand."""
        self.course.ungrade()
        self.course.forget()
        before = self.course.run("pretrain", "-m", "grader", "pretrain", FIRST)
        if before.code:
            raise CommandError(f"pretrain ended with {before.code}: {before.last}")
        figures = self.told(self.course, self.course.autograde("pretrained"))
        return {**figures, "pretraining, seconds (not counted)": round(before.seconds, 1)}

    def growth(self) -> dict[str, Any]:
        """Classes of several sizes, nothing kept: seconds a submission."""
        found = {}
        for size in self.sizes:
            if size == len(self.learners) and "cold" in self.done:
                found[str(size)] = self.done["cold"]
                continue
            course = Course.make(self.folder / f"class of {size}", a_class.make(size))
            found[str(size)] = self.from_nothing(course, f"{size} learners")
        return found

    def workers(self) -> dict[str, Any]:
        """One core against two, each with its worker, all kept; and what follows for more."""
        self.have_graded()
        runs = {str(count): self.on_cores(count) for count in (1, 2)}
        for count, figures in runs.items():
            seen = figures["memory"]["workers seen"]
            if str(seen) != count:  # else two equal runs would be compared
                figures.setdefault("failed", f"{count} workers were asked for, and {seen} were seen")
        one, two = (runs[count]["seconds"] for count in ("1", "2"))
        return {
            **runs,
            "two against one": round(one / two, 2),
            "projection": projection(one, two, runs["2"]["where the time goes, seconds of service"]),
        }

    def on_cores(self, count: int) -> dict[str, Any]:
        """The class again, all kept, with so many workers on as many cores."""
        if count == os.cpu_count() and "failed" not in self.done.get("warm", {"failed": ""}):
            return dict(self.done["warm"])
        cores = os.sched_getaffinity(0)
        os.sched_setaffinity(0, sorted(cores)[:count])  # the command inherits it
        try:
            options = ("--force", f"--WarmExecute.workers={count}")
            return self.told(self.course, self.course.autograde(f"{count} workers", *options))
        finally:
            os.sched_setaffinity(0, cores)

    def from_nothing(self, course: Course, label: str) -> dict[str, Any]:
        """A class that nobody has graded, with empty caches."""
        course.ungrade()
        course.forget()
        return self.told(course, course.autograde(label))

    def have_graded(self) -> None:
        """Grade the class where that was not done yet; it is not counted."""
        if self.course.graded < len(self.learners):
            self.course.autograde("graded beforehand")

    def told(self, course: Course, done: Watched) -> dict[str, Any]:
        """The figures of a run of autograde."""
        lacking = len(course.learners) - course.graded
        figures = told(done, len(course.learners))
        if lacking:
            figures.setdefault("failed", f"{lacking} submissions were not graded")
        return {**figures, "memory": done.memory.to_dict(), "where the time goes, seconds of service": course.times()}


class Stock:
    """nbgrader's own steps on a sample of the class, in two halves.

    What the command takes to start is measured by itself, on submissions that are graded already, and counted once a
    class and not once a half: the sample is smaller than the class.
    """

    def __init__(self, bench: Bench) -> None:
        self.bench, self.halves = bench, (bench.sample[::2], bench.sample[1::2])
        self.seconds: list[float] = []
        self.starts: list[float] = []

    def half(self, number: int) -> dict[str, Any]:
        """Grade one half of the sample, and tell what was measured so far. Raises CommandError."""
        course = Course.make(self.bench.folder / f"stock {number}", self.halves[number], STOCK)
        done, again = course.autograde(f"stock {number + 1}/2"), course.autograde("start alone")
        if done.code or course.graded < len(course.learners):
            raise CommandError(f"nbgrader's own steps ended with {done.code}: {done.last}")
        self.seconds.append(done.seconds)
        self.starts.append(again.seconds)
        start = sum(self.starts) / len(self.starts)
        graded = sum(len(half) for half in self.halves[: number + 1])
        own = (sum(self.seconds) - sum(self.starts)) / graded
        works = [
            sum(each.trainings for each in group) / len(group) for group in (self.bench.sample, self.bench.learners)
        ]
        return {
            A_SUBMISSION: round(own + start / len(self.bench.learners), 2),
            "halves, seconds": [round(each, 1) for each in self.seconds],
            "start of the command, seconds": round(start, 2),
            "sample": [describe(learner) for learner in self.bench.sample],
            "trainings of a submission, sample and class": [round(work, 2) for work in works],
        }


def describe(learner: a_class.Learner) -> str:
    """A learner of the sample in a line."""
    return ", ".join(f"{answer.kind} {answer.title}".strip() for answer in learner.answers.values())


def measured(action: Callable[[], dict[str, Any]], run: str) -> dict[str, Any]:
    """The figures of a part, with the conditions; where it fails, the reason."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else float("nan")
    try:
        figures = action()
    except Exception as error:  # whatever it is, the other parts are measured, and it is told
        figures = {"failed": f"{type(error).__name__}: {error}"}
    return {**figures, "run": run, "load before": round(load, 2)}


def measure(bench: Bench, chosen: list[str], run: str, keep: Callable[[str, dict[str, Any]], None]) -> None:
    """Measure the chosen parts one after the other, stock before and after them, and keep each once it is there."""
    parts = [part for part in PARTS if part in chosen]
    with tqdm(total=len(parts) + 2 * ("stock" in chosen), desc="parts") as bar:
        if "stock" in chosen:
            stock = Stock(bench)
            before = measured(lambda: stock.half(0), run)
            bar.update()
        for part in parts:
            bench.done[part] = measured(getattr(bench, part), run)
            keep(part, bench.done[part])
            bar.update()
        if "stock" in chosen:
            keep("stock", before if "failed" in before else measured(lambda: stock.half(1), run))
            bar.update()


def machine() -> dict[str, Any]:
    """What the figures depend on beside the code."""
    return {
        "cores": os.cpu_count(),
        "memory, GiB": round(psutil.virtual_memory().total / 2**30),
        "processor": platform.machine(),
        "python": platform.python_version(),
        "data": datasets.source("spotify"),
        **{package: version(package) for package in PACKAGES},
    }


def main() -> int:
    parser = results.arguments(__doc__)
    parser.add_argument("--learners", type=int, default=100, help="how large the class is (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=6, help="submissions that stock grades (default: %(default)s)")
    parser.add_argument("--thousand", action="store_true", help="growth up to a class of 1,000 as well")
    names = ("stock", *PARTS)
    parser.add_argument("--only", nargs="+", choices=names, metavar="NAME", help=f"of {', '.join(names)}")
    options = parser.parse_args()
    if not 2 <= options.sample <= options.learners:
        parser.error("a sample has at least two submissions, and no more than the class")
    learners, path = a_class.make(options.learners), options.results / "autograde.json"
    figures = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    run = datetime.datetime.now().astimezone().isoformat(timespec="seconds")

    def keep(name: str, part: dict[str, Any]) -> None:
        nonlocal figures
        figures = with_ratios({**figures, name: part})
        write_atomically(path, (json.dumps(figures, indent=2) + "\n").encode())

    keep("machine", machine())
    keep("class", a_class.shares(learners))
    keep("floor by arithmetic, seconds", floor(learners))
    chosen = options.only or list(names)
    sizes = sorted({10, options.learners, *([1000] if options.thousand else [])})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that commands are ended and the folder goes
    with tempfile.TemporaryDirectory(prefix="dropnorm-bench-", ignore_cleanup_errors=True) as folder:
        bench = Bench(Path(folder), learners, a_class.sample(learners, options.sample), sizes)
        measure(bench, chosen, run, keep)
    print(table(figures))
    failed = [name for name in chosen if "failed" in json.dumps(figures[name])]
    if failed:
        print(f"These did not run as they should: {', '.join(failed)}.", file=sys.stderr)
    return len(failed)


if __name__ == "__main__":
    sys.exit(main())
