"""Why a learner has these points: every criterion, what was seen, and the curves that were judged as a picture."""

from __future__ import annotations

import argparse
import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from dropnorm import fonts
from dropnorm.curves import LearningCurves
from dropnorm.datasets import DataError
from dropnorm.fonts import label
from dropnorm.language import N_, Language, _, current, using
from dropnorm.language.terminal import printable
from grader.autograde.courses import coursedir
from grader.autograde.handed_in import REFUSED
from grader.autograde.journal import GRADED
from grader.autograde.records import Record, records
from grader.exercises import exercise, rubric
from grader.facts import Operation
from grader.handed import facts_of
from grader.judged import Judged, judged
from grader.languages import in_all_languages, language_of, titled
from grader.report import report

PICTURES = Path(".grading") / "why"
EPOCH, LOSS, LIMIT = N_("epoch"), N_("loss"), N_("limit {limit}")  # labels of the pictures
VALIDATION, TRAINING = N_("validation"), N_("training, at inference")


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("student", help=_("the learner's id"))
    parser.add_argument("assignment", help=_("its name"))


def main(options: argparse.Namespace) -> int:
    """Say why; returns the exit code."""
    root = Path(coursedir().root)
    found = list(records(options.assignment, options.student, root))
    refused = list(refusals(root, options.assignment, options.student))
    if not found and not refused:
        known = sorted({each.student for each in records(options.assignment, course=root) if isinstance(each, Record)})
        if known:
            told = _("No verdicts are kept on '{student}' in '{assignment}': there are verdicts on {students}.")
        else:
            told = _("No verdicts are kept on '{student}' in '{assignment}': nobody's was graded here yet.")
        students = current().between_items.join(known)
        print(told.format(student=options.student, assignment=options.assignment, students=students))
        return 1
    for record in found:
        if isinstance(record, Path):
            print(_("{file} is damaged: grade that notebook again.").format(file=record))
            continue
        title = titled(record.notebook, record.assignment)
        if record.outdated:
            told = _("{notebook} was graded by another version, or on other data: grade it again.")
            print(told.format(notebook=title))
            continue
        print(f"{title}\n{'=' * len(title)}")
        own = language_of(record.assignment)
        language = printable(own)
        for each in record.judged:
            print("\n".join(lines(each if language == own else retold(each, language), language)), end="\n\n")
        if record.silent:
            print(_("Its other test cells: {reason}").format(reason=record.silent), end="\n\n")
        pictured = [each for each in record.judged if each.trainings]
        if pictured:
            path = root / PICTURES / record.assignment / record.student / f"{record.notebook}.png"
            print(_("The curves: {file}").format(file=draw(pictured, path)) + "\n")
    for title, sentence in refused:
        print(f"{title}\n{'=' * len(title)}\n{sentence}\n")
    return 0


def refusals(course: Path, assignment: str, student: str) -> Iterator[tuple[str, str]]:
    """The notebooks of a learner that were refused: each by its title, with the reason."""
    for each in in_all_languages(assignment):
        for path in sorted((course / GRADED / student / each).glob("*.ipynb")):
            with contextlib.suppress(OSError, ValueError):  # whoever wrote it: no verdict is told by it
                metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
                if REFUSED in metadata:
                    yield titled(path.stem, each), metadata[REFUSED]


def retold(old: Judged, language: Language) -> Judged:
    """A verdict in another language: judged once more from what is kept; as it was where that comes out otherwise."""
    with using(language.code):
        new = judged(old.account, lambda spec, exercise: old.trainings[spec.digest])
    return new if _points(new) == _points(old) else old


def _points(judged: Judged) -> tuple[object, ...]:
    """A verdict without its words."""
    return judged.verdict.status, [replace(finding, message="") for finding in judged.verdict.findings]


def lines(judged: Judged, language: Language) -> list[str]:
    """A verdict: its report in a language, then what was seen of the model and of its training."""
    with using(language.code):
        said = [report(rubric(judged.rubric)[1], judged.verdict)]
    facts = judged.account.get("facts")
    if isinstance(facts, dict) and "observed" in facts:
        try:
            operations = " → ".join(map(_named, facts_of(facts["observed"]).operations))
            said.append("  " + _("seen: {operations}").format(operations=operations or _("no layer")))
        except Exception:  # a kernel may have handed over anything
            said.append("  " + _("seen: what was handed over of the model cannot be read"))
    for each in judged.trainings.values():
        curves = each.counted()
        ends = [f"{float(value):.3g}" for value in (curves.val_loss[0, -1], np.nanmin(curves.val_loss[0]))]
        told = _("trained anew: validation loss {at_end} at the end, {lowest} at its lowest")
        said.append("  " + told.format(at_end=ends[0], lowest=ends[1]))
    return said


def _named(operation: Operation) -> str:
    """An operation as one would write it: Dense 128, Dropout 0.3, relu."""
    settings = operation.settings
    what = settings.get("function") or operation.kind.replace("_", " ")
    value = settings.get("units", settings.get("rate"))
    return str(what) if value is None else f"{what} {value}"


def draw(pictured: list[Judged], path: Path) -> Path:
    """The judged curves of a notebook, a panel for each test cell: three runs, the one that counts drawn thick."""
    import matplotlib

    matplotlib.use("agg")
    with matplotlib.rc_context(fonts.settings()):
        return _drawn(pictured, path)


def _drawn(pictured: list[Judged], path: Path) -> Path:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(pictured), figsize=(5 * len(pictured), 3.6), layout="constrained", squeeze=False)
    for ax, each in zip(axes.flat, pictured, strict=True):
        for training in each.trainings.values():
            for curves in training.runs:
                counts = curves is training.counted() or training.counted().seeds == curves.seeds
                _plot(ax, curves, 2.0 if counts else 0.8)
        limit = _limit(each)
        if limit is not None:
            ax.axhline(limit, color="gray", linestyle="--", label=label(LIMIT).format(limit=f"{limit:g}"))
        ax.set(title=each.rubric, xlabel=label(EPOCH), ylabel=label(LOSS))
        ax.legend(fontsize="small")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    return path


def _plot(ax, curves: LearningCurves, width: float) -> None:
    epochs = np.arange(1, curves.epochs + 1)
    parts = ((VALIDATION, curves.val_loss, "C1"), (TRAINING, curves.loss_at_inference, "C0"))
    for name, series, colour in parts:
        if series is not None:
            ax.plot(epochs, series[0], colour, linewidth=width, label=label(name) if width > 1 else None)


def _limit(judged: Judged) -> float | None:
    """The highest last validation loss that the reference's band allows, where there is one."""
    from grader.bands import BandError, band

    owner = exercise(str(judged.account["exercise"]))
    try:
        limits = band(owner.name, owner.source(), "last_val_loss")
    except (BandError, DataError):
        return None
    return None if limits is None else limits.high
