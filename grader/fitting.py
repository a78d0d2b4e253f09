"""From runs to bands: tolerance limits of the reference's statistics, and what they tell apart."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from dropnorm.curves import AT_INFERENCE, VALIDATION, LearningCurves
from grader.bands import TABLE, Band

REPORT = Path(__file__).with_name("bands_report.md")
HEADER = ("exercise", "source", "statistic", "low", "high", "fitted on", "note")
# A limit is to hold for this share of all seeds, and to do so with this confidence, though it is fitted on few.
COVERAGE, CONFIDENCE = 0.9998, 0.95
SEPARATES = 0.5  # the share of some wrong model's runs that a limit must reject to be worth points


@dataclass(frozen=True, eq=False)
class Run:
    """The curves of one run of a candidate; ``right`` ones must pass, ``fresh`` ones were met by no fit."""

    exercise: str
    source: str
    model: str
    right: bool
    fresh: bool
    curves: LearningCurves


@dataclass(frozen=True)
class Judged:
    """A statistic that the judge may ask of an exercise, the runs it is fitted on, and on which sides it has limits."""

    exercise: str
    trained: str
    statistic: str
    low: bool = False
    high: bool = False


JUDGED = (
    Judged("spotify_model", "spotify_model", "gap", high=True),
    Judged("spotify_model", "spotify_model", "fall", low=True),
    Judged("spotify_model", "spotify_model", "last_val_loss", high=True),
    Judged("spotify_model", "spotify_model", "finite", low=True),
    Judged("spotify_own_model", "spotify_model", "last_val_loss", high=True),
    Judged("spotify_own_model", "spotify_model", "gap", high=True),
    Judged("concrete_model", "concrete_model", "last_val_loss", low=True, high=True),
    Judged("concrete_model", "concrete_model", "fall", low=True),
    Judged("concrete_model", "concrete_model", "finite", low=True),
    Judged("placement_model", "placement_model", "best_val_loss", low=True, high=True),
    Judged("placement_model", "placement_model", "fall", low=True),
    Judged("placement_model", "placement_model", "finite", low=True),
    Judged("vehicles_model", "vehicles_model", "gap", high=True),
    Judged("vehicles_model", "vehicles_model", "last_val_loss", high=True),
)
# What the judge may see of a statistic: the curves' own value (the mean of the last tenth of the epochs) or, where a
# history lacks the loss at inference, that of the trained model, which is the last epoch's. A band holds both.
STATISTICS: Mapping[str, Callable[[LearningCurves], tuple[float, ...]]] = {
    "last_val_loss": lambda curves: (curves.last(VALIDATION)[0], curves.val_loss[0, -1]),
    "gap": lambda curves: (curves.gap[0], curves.val_loss[0, -1] - curves.loss_at_inference[0, -1]),
    "fall": lambda curves: (curves.fall[0],),
    "finite": lambda curves: (float(curves.finite[0]),),  # its band is 1, and tells only whether it separates anything
    "loss_at_inference": lambda curves: (curves.last(AT_INFERENCE)[0], curves.loss_at_inference[0, -1]),
    "best_val_loss": lambda curves: (curves.best_val_loss[0],),
    "best_epoch": lambda curves: (float(curves.best_epoch[0]),),
    "rise_after_best": lambda curves: (curves.rise_after_best[0],),
    "logged_gap": lambda curves: (curves.logged_gap[0],),
    "still_falling": lambda curves: (curves.still_falling[0],),
}


def values(curves: LearningCurves, statistic: str) -> np.ndarray:
    """What the judge may see of a statistic of one run: ``(variants,)``, in the statistic's unit."""
    with np.errstate(invalid="ignore"):
        return np.array(STATISTICS[statistic](curves), dtype=float)


def fit(samples: np.ndarray) -> Band:
    """The band of a statistic from the reference's runs, rounded outwards to four digits.

    One-sided normal tolerance limits (by the non-central t distribution) at either end, of the variant that reaches
    further: mean ± k standard deviations, where k covers `COVERAGE` of all seeds with `CONFIDENCE`. With 40 runs k
    is 4.4.

    Args:
        samples: ``(runs, variants)``, at least two runs, all finite.
    """
    runs = len(samples)
    k = stats.nct.ppf(CONFIDENCE, runs - 1, stats.norm.ppf(COVERAGE) * math.sqrt(runs)) / math.sqrt(runs)
    mean, deviation = samples.mean(axis=0), samples.std(axis=0, ddof=1)
    low, high = (mean - k * deviation).min(), (mean + k * deviation).max()
    return Band(_outwards(low, math.floor), _outwards(high, math.ceil))


def rejected(runs: Sequence[Run], statistic: str, band: Band) -> float:
    """The share of the runs of which the judge, seeing any variant of the statistic, would say that it is outside."""
    return float(np.mean([not all(band.holds(value) for value in values(run.curves, statistic)) for run in runs]))


def told_apart(runs: Sequence[Run], statistic: str, band: Band) -> float:
    """The share of the runs that this statistic rejects: a training that broke down is rejected by `finite` alone."""
    return sum(rejected([run], statistic, band) for run in runs if _has_number(run, statistic)) / len(runs)


def results(runs: Sequence[Run]) -> dict[Path, str]:
    """The contents of the table and of the report, with what they hold of other exercises and sources kept."""
    rows = {(row["exercise"], row["source"], row["statistic"]): row for row in _read_table()}
    sections = _read_sections()
    for trained, source in dict.fromkeys((run.exercise, run.source) for run in runs):
        chosen = [run for run in runs if (run.exercise, run.source) == (trained, source)]
        bands = {judged: _judged_band(judged, chosen) for judged in JUDGED if judged.trained == trained}
        for judged, band in bands.items():
            rows.pop((judged.exercise, source, judged.statistic), None)
            if band != Band(None, None):
                rows[judged.exercise, source, judged.statistic] = _row(judged, band, chosen)
        sections[f"{trained}, {source} data"] = _section(bands, chosen)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row for _, row in sorted(rows.items()))
    report = "".join(f"\n## {title}\n\n{sections[title].strip()}\n" for title in sorted(sections))
    return {TABLE: buffer.getvalue(), REPORT: PREFACE + report}


def _judged_band(judged: Judged, runs: Sequence[Run]) -> Band:
    """The band with the limits that separate something; the others are None."""
    whole = fit(np.array([values(run.curves, judged.statistic) for run in _reference(runs)]))
    low, high = Band(whole.low, None), Band(None, whole.high)
    wrong = _by_model(run for run in runs if not run.right)

    def separates(band: Band) -> bool:
        return any(told_apart(those, judged.statistic, band) >= SEPARATES for those in wrong.values())

    return Band(
        whole.low if judged.low and separates(low) else None, whole.high if judged.high and separates(high) else None
    )


def _row(judged: Judged, band: Band, runs: Sequence[Run]) -> dict[str, object]:
    fresh = [run for run in runs if run.fresh]
    failures = round(rejected(fresh, judged.statistic, band) * len(fresh)) if fresh else 0
    return {
        "exercise": judged.exercise,
        "source": runs[0].source,
        "statistic": judged.statistic,
        "low": "" if band.low is None else f"{band.low:g}",
        "high": "" if band.high is None else f"{band.high:g}",
        "fitted on": f"{len(_reference(runs))} seeds",
        "note": f"{failures} of {len(fresh)} fresh seeds outside",
    }


PREFACE = """# What the bands are fitted on, and what they tell apart

Written by `python -m grader.calibration`; the table that it explains is `bands.csv`. A limit is the reference's mean
plus or minus so many standard deviations that, by a normal tolerance limit, 99.98 % of all seeds lie within it (with
95 % confidence). It is kept if it rejects at least half of the runs of some wrong model; else the statistic separates
nothing and has no points. Shares are of the curve alone: the structure of most of these models is judged as well.

`finite` is 1 where all losses are numbers, else 0. What broke down gets nothing for the shape of its curve, but no
other statistic counts as rejecting it: their means are of numbers, and a dash stands where there is none. Points for a
small gap are given only where the last validation loss is within its limits too: what has learned nothing has no gap.
"""


def _section(bands: Mapping[Judged, Band], runs: Sequence[Run]) -> str:
    kept = {judged: band for judged, band in bands.items() if band != Band(None, None)}
    lines = ["| statistic | limits | reference: mean ± sd | least … most | fresh outside |", "|---|---|---|---|---|"]
    fresh = [run for run in runs if run.fresh]
    for judged, band in bands.items():
        samples = np.array([values(run.curves, judged.statistic)[0] for run in _reference(runs)])
        outside = (
            f"{round(rejected(fresh, judged.statistic, band) * len(fresh))} of {len(fresh)}" if fresh else "none yet"
        )
        lines.append(
            f"| {judged.statistic} ({judged.exercise}) | {_limits(band)} | {samples.mean():.4g} ± "
            f"{samples.std(ddof=1):.2g} | {samples.min():.4g} … {samples.max():.4g} | {outside} |"
        )
    lines += ["", "Rejected by the curve alone, and the mean of each statistic:", ""]
    names = [f"{judged.statistic} ({judged.exercise})" for judged in bands]
    lines += ["| model | runs | " + " | ".join(names) + " |", "|---|---|" + "---|" * len(names)]
    for model, those in _by_model(runs).items():
        cells = []
        for judged in bands:
            told = [run for run in those if _has_number(run, judged.statistic)]
            mean = np.mean([values(run.curves, judged.statistic)[0] for run in told]) if told else None
            share = f"{told_apart(those, judged.statistic, kept[judged]):.0%}, " if judged in kept and told else ""
            cells.append("–" if mean is None else f"{share}{mean:.4g}")
        mark = "" if not those[0].right or model == "reference" else " (right)"
        lines.append(f"| {model}{mark} | {len(those)} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "Looked at and not used: the wrong models that a band of it would reject in at least half of their runs.",
        "",
    ]
    used = {judged.statistic for judged in kept}
    for statistic in (name for name in STATISTICS if name not in used):
        band = fit(np.array([values(run.curves, statistic) for run in _reference(runs)]))
        told = [
            model
            for model, those in _by_model(run for run in runs if not run.right).items()
            if told_apart(those, statistic, band) >= SEPARATES
        ]
        lines.append(f"- {statistic}, {_limits(band)}: {'; '.join(told) or 'none'}")
    return "\n".join(lines)


def _has_number(run: Run, statistic: str) -> bool:
    judged = statistic == "finite" or bool(run.curves.finite[0])
    return judged and bool(np.isfinite(values(run.curves, statistic)).all())


def _reference(runs: Sequence[Run]) -> list[Run]:
    return [run for run in runs if run.model == "reference" and not run.fresh]


def _by_model(runs: Sequence[Run]) -> dict[str, list[Run]]:
    groups: dict[str, list[Run]] = {}
    for run in runs:
        groups.setdefault(run.model, []).append(run)
    return groups


def _limits(band: Band) -> str:
    if band == Band(None, None):
        return "none: separates nothing"
    return " and ".join(
        f"{word} {limit:g}" for word, limit in (("at least", band.low), ("at most", band.high)) if limit is not None
    )


def _outwards(value: float, rounded: Callable[[float], int]) -> float:
    if value == 0:
        return 0.0
    digits = 3 - math.floor(math.log10(abs(value)))
    return round(rounded(value * 10.0**digits) / 10.0**digits, max(digits, 0))


def _read_table() -> list[dict[str, str]]:
    if not TABLE.exists():
        return []
    with TABLE.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _read_sections() -> dict[str, str]:
    if not REPORT.exists():
        return {}
    parts = REPORT.read_text(encoding="utf-8").split("\n## ")[1:]
    return {title: text for title, _, text in (part.partition("\n") for part in parts)}
