"""One homework in two languages, ``unit`` and ``unit_zh``: its rows in the export, of gradebooks written by hand."""

from __future__ import annotations

import csv
import logging
from pathlib import Path

import pytest
from feedback_course import empty_gradebook
from nbgrader.api import Gradebook
from nbgrader.plugins import CsvExportPlugin
from test_two_languages import ZH
from tiny_course import ONE, UNIT

from grader.autograde.export import ExportHomework


def exported(
    folder: Path, scores: dict[str, dict[str, float]], *, plugin: type = ExportHomework, open_: bool = False, **options
) -> list[dict[str, str]]:
    """The rows of a gradebook in which these assignments were handed in for these scores."""
    (folder / "gradebook.db").write_bytes(empty_gradebook())
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for unit in {unit: None for handed in scores.values() for unit in handed}:
            gradebook.add_assignment(unit)
            gradebook.add_notebook(ONE, unit)
            gradebook.add_grade_cell("test", ONE, unit, max_score=3, cell_type="code")
        for learner, handed in scores.items():
            gradebook.add_student(learner)
            for unit, score in handed.items():
                gradebook.add_submission(unit, learner)
                grade = gradebook.find_grade("test", ONE, unit, learner)
                grade.auto_score, grade.needs_manual_grade = score, open_
        gradebook.db.commit()
        export = plugin(to=str(folder / "grades.csv"), **options)
        export.export(gradebook)
    with (folder / "grades.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def in_short(rows: list[dict[str, str]]) -> list[tuple[str, str, float]]:
    return [(row["assignment"], row["student_id"], float(row["score"])) for row in rows]


BOTH = {"ada": {UNIT: 2.0, ZH: 1.0, "other": 1.0}, "bai": {ZH: 3.0}, "cleo": {UNIT: 0.0, ZH: 0.5}}


def test_the_better_one_counts_under_the_homeworks_name(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rows = exported(tmp_path, BOTH)
    assert in_short(rows) == [
        ("other", "ada", 1.0), ("other", "bai", 0.0), ("other", "cleo", 0.0),
        ("unit", "ada", 2.0), ("unit", "bai", 3.0), ("unit", "cleo", 0.5),
    ]  # fmt: skip
    assert {row["max_score"] for row in rows} == {"3.0"}
    assert [each for each in map(logging.LogRecord.getMessage, caplog.records) if "more than once" in each] == [
        f"ada handed in unit more than once: unit with 2 of 3 points counts, not {ZH} with 1 of 3 points.",
        f"cleo handed in unit more than once: {ZH} with 0.5 of 3 points counts, not unit with 0 of 3 points.",
    ]
    assert "by hand" not in caplog.text


def test_stocks_options_choose_rows(tmp_path: Path) -> None:
    assert in_short(exported(tmp_path, BOTH, assignment=["other"])) == [
        ("other", learner, score) for learner, score in (("ada", 1.0), ("bai", 0.0), ("cleo", 0.0))
    ]
    for asked in (UNIT, ZH):  # one homework, by whatever name
        rows = exported(tmp_path, BOTH, assignment=[asked], student=["bai", "cleo"])
        assert in_short(rows) == [("unit", "bai", 3.0), ("unit", "cleo", 0.5)]


def test_of_equals_the_sources_language_counts_and_open_points_are_said(tmp_path: Path, caplog) -> None:
    exported(tmp_path, {"ada": {ZH: 1.0, UNIT: 1.0}}, open_=True)
    assert f": {UNIT} with 1 of 3 points counts, not {ZH}" in caplog.text
    assert "still open there" in caplog.text


def test_without_translations_the_table_is_stocks_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scores = {"ada": {UNIT: 2.0, "other": 1.0}, "bai": {"other": 0.5}}
    own, stocks = (tmp_path / name for name in ("own", "stocks"))
    for folder, plugin in ((own, ExportHomework), (stocks, CsvExportPlugin)):
        folder.mkdir()
        exported(folder, scores, plugin=plugin)
    assert (own / "grades.csv").read_bytes() == (stocks / "grades.csv").read_bytes()
    assert "more than once" not in caplog.text


def test_only_a_translation_has_the_homeworks_name_as_well(tmp_path: Path) -> None:
    assert in_short(exported(tmp_path, {"bai": {ZH: 3.0}})) == [("unit", "bai", 3.0)]
