"""What a notebook's own code prints and shows, in the language that is spoken."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from dropnorm.language import shown, using
from dropnorm.language.in_notebooks import print_shown, shown_table

TEXTS = {
    "as it stands": ("share of zeros", "零的比例"),
    "a name in code": ("relu", "relu"),
    "what nobody knows": ("of mine alone", "of mine alone"),
    "nothing": ("", ""),
    "spaces around": (" share of zeros ", " 零的比例 "),
    "lines": ("share of zeros\nrelu", "零的比例\nrelu"),
    "items": ("share of zeros, relu", "零的比例、relu"),
    "one's own items": ("a share of mine, raw", "a share of mine, raw"),
    "one's own sentence": ("they live far apart", "they live far apart"),
    "a name and a template": ("SpatialDropout2D\nfeature map 2", "SpatialDropout2D\n特征图 2"),
    "a short template": ("rate 0.3", "暂退率 0.3"),
    "more than a notebook has": ("share of zeros\n" * 50, "share of zeros\n" * 50),
}


@pytest.mark.parametrize("what", TEXTS)
def test_a_text_is_looked_up(what: str) -> None:
    text, told = TEXTS[what]
    with using("zh"):
        assert shown(text) == told
    assert shown(text) == text


def test_the_fields_of_a_template_are_translated_in_their_turn() -> None:
    with using("zh"):
        told = shown("standardised best 0.466 at epoch 37, gap +0.1, logged gap -0.2")
    assert told.startswith("标准化 ") and "0.466" in told and "37" in told and "best" not in told


def test_printed_columns_stay_columns(capsys: pytest.CaptureFixture[str]) -> None:
    with using("zh"):
        for name in ("raw         ", "standardised"):
            print_shown(f"{name} best 0.466 at epoch 37, gap +0.1, logged gap -0.2")
    first, second = capsys.readouterr().out.splitlines()
    assert len(first.encode("gbk")) == len(second.encode("gbk"))  # where a Chinese letter is two bytes, as two columns


def test_what_goes_into_a_file_is_not_translated(tmp_path: Path) -> None:
    with using("zh"), (tmp_path / "mine.txt").open("w", encoding="utf-8") as file:
        print_shown("share of zeros", file=file)
    assert (tmp_path / "mine.txt").read_text(encoding="utf-8") == "share of zeros\n"


def test_a_table_is_translated_and_its_numbers_stay() -> None:
    table = pd.DataFrame({"network": ["neither", "both"], "rate": pd.Series([0, 0.3], dtype=object), "n": [1, 2]})
    table.index = pd.Index(["raw", 0], dtype=object, name="inputs")
    with using("zh"):
        told = shown_table(table)
    assert [type(value) for value in told.iloc[:, 1]] == [int, float]
    assert told.iloc[0, 0] == shown_in_chinese("neither") != "neither"
    assert told.index.tolist() == [shown_in_chinese("raw"), 0]
    assert table.iloc[0, 0] == "neither"  # the learner's own is as it was


def test_the_keys_of_a_history_are_names() -> None:
    keys = ["loss", "val_loss", "loss_at_inference", "accuracy", "val_accuracy"]
    with using("zh"):
        assert shown_table(pd.DataFrame([[0.5] * len(keys)], columns=keys)).columns.tolist() == keys


def shown_in_chinese(text: str) -> str:
    with using("zh"):
        return shown(text)
