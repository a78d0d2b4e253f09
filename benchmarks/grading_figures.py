"""What is kept of a measurement of grading: seconds a submission, ratios to stock, and a table in short."""

from __future__ import annotations

from typing import Any

from benchmarks.watched import Watched

A_SUBMISSION, AGAINST = "seconds a submission", "times as fast as stock"
RATIOS = ("cold", "pretrained", "warm")  # each held against stock


def told(done: Watched, submissions: int) -> dict[str, Any]:
    """Seconds, and whether the command failed."""
    figures: dict[str, Any] = {"failed": f"it ended with {done.code}: {done.last}"} if done.code else {}
    figures |= {"submissions": submissions, "seconds": round(done.seconds, 1)}
    return {**figures, A_SUBMISSION: round(done.seconds / submissions, 4)}


def with_ratios(figures: dict[str, Any]) -> dict[str, Any]:
    """Ratios of parts to the stock of their own run: anew where that is here, else as that run found them."""
    stock = figures.get("stock", {})
    kept = {name: value for name, value in figures.items() if not name.endswith("_ratio")}
    for name in (*RATIOS, "growth"):
        part = figures.get(name, {})
        if stock and "failed" not in stock and part.get("run") == stock["run"]:
            part = kept[name] = {**part, AGAINST: against(stock, part)}
        if part.get(AGAINST):
            kept[f"{name}_ratio"] = part[AGAINST]
    return kept


def against(stock: dict[str, Any], part: dict[str, Any]) -> Any:
    """How many times as fast as stock a part is, or each of its classes; what failed has none."""
    if A_SUBMISSION in part:
        return None if "failed" in part else round(stock[A_SUBMISSION] / part[A_SUBMISSION], 1)
    classes = {size: each for size, each in part.items() if isinstance(each, dict) and A_SUBMISSION in each}
    ratios = {size: against(stock, each) for size, each in classes.items()}
    return {size: ratio for size, ratio in ratios.items() if ratio is not None}


def table(figures: dict[str, Any]) -> str:
    """The figures in short."""
    lines = []
    for name in ("stock", *RATIOS, "rejudge", "feedback"):
        part = figures.get(name)
        if part:
            ratio = figures.get(f"{name}_ratio")
            seconds = f"{part[A_SUBMISSION]:10.3f} s a submission" if A_SUBMISSION in part else ""
            failed = f"  FAILED: {part['failed']}" if "failed" in part else ""
            lines.append(f"{name:<12}{seconds}{f'{ratio:8.1f} x' if ratio else ''}{failed}")
    for name in ("growth", "workers"):
        part = figures.get(name, {})
        for key, each in part.items():
            if isinstance(each, dict) and A_SUBMISSION in each:
                failed = f"  FAILED: {each['failed']}" if "failed" in each else ""
                lines.append(f"{name} {key:<6}{each[A_SUBMISSION]:9.3f} s a submission{failed}")
        if "failed" in part:
            lines.append(f"{name:<12}  FAILED: {part['failed']}")
    for part, seconds in figures.get("floor by arithmetic, seconds", {}).items():
        spent = figures.get("cold", {}).get("where the time goes, seconds of service", {})
        told = spent.get(part.removesuffix("s"), spent.get(part, {})).get("seconds")
        lines.append(f"floor, {part:<12}{seconds:9}{'' if told is None else f'   cold: {told} s of service'}")
    return "\n".join(lines)
