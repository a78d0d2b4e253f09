"""What is translated of a notebook's cell: paragraphs of prose and comments in code; all else stays where it is.

A cell is cut into pieces, of which each is text or a frame around text (a list's dash, a heading's marks, code). Put
together again, the pieces give the cell, but that the lines of a paragraph become one.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dropnorm.language import wrapped

FENCE = re.compile(r"\s*(```|~~~)")
FRAME = re.compile(r"(#{1,6} |\s*[-*+] |\s*\d+[.)] |> )")  # a heading, an item of a list, a quotation
ROW, RULE = re.compile(r"\s*\|.*\|\s*$"), re.compile(r"\s*\|[\s|:-]+\|\s*$")  # of a table
REMARK = re.compile(r"(.*\s#\s)(.+)")  # beside a command
MARK = re.compile(r"\s*#{2,3} (BEGIN|END) (SOLUTION|HIDDEN TESTS|MARK SCHEME)")  # nbgrader's own lines
COMMENT_WIDTH = 100
LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True)
class Piece:
    """A part of a cell: ``text`` is translated, with a frame before and behind it that stays; "" where nothing is."""

    before: str
    text: str = ""
    behind: str = ""


def markdown(source: str) -> list[Piece]:
    """The pieces of a markdown cell, one a line of the result."""
    pieces: list[Piece] = []
    open_: list[str] = []  # the lines of the paragraph that has begun; the first one with its frame
    fenced = False

    def close() -> None:
        if open_:
            frame = FRAME.match(open_[0])
            before = frame.group() if frame else ""
            text = " ".join(line.strip() for line in [open_[0][len(before) :], *open_[1:]])
            pieces.append(Piece(before, text) if LETTERS.search(text) else Piece(before + text))
            open_.clear()

    for line in source.split("\n"):
        fence, remark = FENCE.match(line), REMARK.match(line)
        if fenced and remark:
            pieces.append(Piece(remark[1], remark[2]))
        elif fence or fenced or not line.strip() or MARK.match(line) or RULE.match(line):
            close()
            pieces.append(Piece(line))
            fenced ^= bool(fence)
        elif ROW.match(line):
            close()
            pieces.append(Piece("| ", line.strip().strip("|").strip(), " |"))
        elif FRAME.match(line):
            close()
            open_.append(line)
            if line.startswith("#"):
                close()
        else:
            open_.append(line)
    close()
    return pieces


def translate_code(source: str, translated: Callable[[str], str]) -> str:
    """The cell with its comments put through ``translated``; the code itself stays, token by token."""
    lines = source.split("\n")
    for comment in reversed(list(comments(source))):
        text = translated(comment.text)
        first = lines[comment.line]
        if comment.alone:
            indent = first[: comment.column]
            lines[comment.line : comment.line + comment.lines] = wrapped(text, COMMENT_WIDTH, f"{indent}# ")
        else:
            lines[comment.line] = f"{first[: comment.column]}# {text}"
    return "\n".join(lines)


@dataclass(frozen=True)
class Comment:
    """A comment in code: where it begins (counted from 0), over how many lines it goes, its text in one line."""

    line: int
    column: int
    lines: int
    alone: bool
    text: str


def comments(source: str) -> Iterator[Comment]:
    """The comments of a code cell that are prose; those that are code themselves, or nbgrader's marks, are not."""
    begun: Comment | None = None
    for token in _comment_tokens(source):
        (row, column), text = token.start, token.string.lstrip("#").strip()
        alone = not token.line[:column].strip()
        if MARK.match(token.string) or not LETTERS.search(text) or _is_code(text):
            continue
        if begun and alone and begun.alone and row - 1 == begun.line + begun.lines and column == begun.column:
            begun = Comment(begun.line, column, begun.lines + 1, True, f"{begun.text} {text}")
            continue
        if begun:
            yield begun
        begun = Comment(row - 1, column, 1, alone, text)
    if begun:
        yield begun


def _comment_tokens(source: str) -> list[tokenize.TokenInfo]:
    code = "".join("pass\n" if line.lstrip().startswith(("%", "!")) else line for line in source.splitlines(True))
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return [token for token in tokens if token.type == tokenize.COMMENT]


def _is_code(text: str) -> bool:
    """Whether a comment is a line of code that was put aside, such as ``q.hint()``."""
    if text.startswith("noqa"):
        return True
    try:
        body = ast.parse(text).body
    except SyntaxError:
        return False
    return bool(body) and not (isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Name | ast.Constant))
