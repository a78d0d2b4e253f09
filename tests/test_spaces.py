"""Spaces in messages in Chinese, whose fields may begin and end with Chinese or with code."""

from __future__ import annotations

import pytest

from dropnorm.language import spaced, using
from grader.misconceptions.noun import Misconception


@pytest.mark.parametrize(
    ("filled", "set_well"),
    [
        ("损失是`mse`。", "损失是 `mse`。"),
        ("损失是 均方误差 。", "损失是均方误差。"),
        ("有2 个 单元", "有 2 个单元"),
        ("丢弃70%的输入", "丢弃 70% 的输入"),
        ("relu和tanh", "relu 和 tanh"),
        ("形状是(3, 1)，不是 (1,)", "形状是 (3, 1)，不是 (1,)"),
        ("是'三epochs'，也是`x = '一a'`。 真的", "是 '三epochs'，也是 `x = '一a'`。真的"),
        ("a 、b", "a、b"),
        ("值 -1 与+2", "值 -1 与 +2"),
    ],
)
def test_a_space_parts_chinese_from_the_rest(filled: str, set_well: str) -> None:
    with using("zh"):
        assert spaced(filled) == set_well
        assert spaced(set_well) == set_well


def test_english_keeps_its_spaces() -> None:
    with using("en"):
        assert spaced("there is nothing called 三epochs here") == "there is nothing called 三epochs here"


def test_a_misconception_is_told_with_such_spaces() -> None:
    entry = Misconception("key", "你给了{given}。", "", "看看 {there}。")
    with using("zh"):
        assert entry.message(given="`x`", there="那里") == "你给了 `x`。看看那里。"
