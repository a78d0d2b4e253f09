"""The commands' arguments: what argparse says of them is in the language that is spoken."""

from __future__ import annotations

import re

import pytest

import grader.__main__
from dropnorm.language import using


@pytest.mark.parametrize(
    ("typed_behind", "status"),
    [
        ("--help", 0),
        ("why --help", 0),
        ("", 2),
        ("nothing", 2),
        ("why a b --x", 2),
        ("history a b --noted", 2),
        ("history a b --cells=x", 2),
        ("pretrain x --processes y", 2),
        ("pretrain x --process", 2),
    ],
)
def test_what_argparse_says_is_in_chinese(typed_behind, status, capsys):
    with using("zh"), pytest.raises(SystemExit) as ended:
        grader.__main__.main(typed_behind.split())
    said = "".join(capsys.readouterr())
    assert ended.value.code == status
    assert said.startswith("用法：python -m grader")
    of_argparse = (
        r"usage|positional|arguments?\b|options|error|required|invalid|choose|expected|ignored|[a-z] value|show"
    )
    assert re.findall(of_argparse, said) == []
    assert not re.search(r": |:$", said, re.MULTILINE)
