"""What the box around a grading kernel costs an honest class: the same notebooks with it and without, in turn.

Thirty learners' notebooks run one after the other, each in the box and without one, in an order that changes with each;
all trainings are kept before. The scores must be the same.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from benchmarks import a_class, results
from dropnorm import quiet
from dropnorm.places import EXERCISES
from grader import trainings
from grader.autograde import warm_kernels
from grader.autograde.box.layers import Box, lacking_here
from grader.autograde.notebook_run import Job, Ran, run_notebook
from grader.autograde.reception import Reception
from grader.judged import Judged
from tests.classroom import FIRST

BOXES = {"in the box": Box(), "without": Box(frozenset())}
SETTINGS = {"timeout": 300}


def jobs(learners: list[a_class.Learner], folder: Path) -> list[Job]:
    """The notebooks that a class hands in."""
    found = []
    for learner in learners:
        learner.hand_in(EXERCISES / FIRST, folder / learner.name)
        for path in sorted((folder / learner.name).glob("*.ipynb")):
            found.append(Job(FIRST, learner.name, path.stem, path.read_text(encoding="utf-8"), settings=SETTINGS))
    return found


def scores(ran: Ran) -> list[float]:
    """The points of a notebook's test cells."""
    return [Judged.from_dict(each).verdict.score for each in ran.accounts or ()]


def run(job: Job, box: Box) -> Ran:
    """Run one notebook."""
    return run_notebook(job, Reception(lambda spec, exercise: trainings.kept(spec, exercise)), box=box)


def main() -> None:
    parser = results.arguments(__doc__)
    parser.add_argument("--learners", type=int, default=30, help="how many hand in (default: %(default)s)")
    options = parser.parse_args()
    quiet.start()
    with tempfile.TemporaryDirectory() as folder:
        wanted = jobs(a_class.make(options.learners), Path(folder))
    times: dict[str, list[dict[str, float]]] = {name: [] for name in BOXES}
    same = 0
    for place, job in enumerate(tqdm(wanted, unit="notebook")):
        run(job, Box(frozenset()))  # trainings are kept from now on
        found = {}
        for name in list(BOXES) if place % 2 else list(BOXES)[::-1]:
            ran = run(job, BOXES[name])
            times[name].append(dict(ran.seconds))
            found[name] = scores(ran)
        same += len({tuple(each) for each in found.values()}) == 1
    whole = {name: [sum(each.values()) for each in told] for name, told in times.items()}
    figures = {
        "notebooks": len(wanted),
        "of the same scores": same,
        "time in the box to time without": round(sum(whole["in the box"]) / sum(whole["without"]), 3),
        **{
            f"seconds {name}": {
                "median": round(float(np.median(whole[name])), 3),
                "of which start": round(float(np.median([each["start"] for each in times[name]])), 3),
                "all": round(sum(whole[name]), 1),
            }
            for name in BOXES
        },
        "layers lacking": dict(lacking_here()),
    }
    warm_kernels.the_server().close()
    results.write(options.results, "box", figures)


if __name__ == "__main__":
    main()
