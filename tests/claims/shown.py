"""What people see of a cell's outputs: the numbers, and words that are in English still."""

from __future__ import annotations

import html
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import nbformat

from dropnorm import places
from dropnorm.language import available
from dropnorm.symptoms import Problem

PROGRESS = re.compile(r"\d+/\d+ |%\|")  # it tells seconds
NUMBER = re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*(?:e[-+]\d+)?(?: ?%)?")
WORD = re.compile(r"(?<![\w`.-])[A-Za-z]{3,}(?![\w`(.-])")
NAMES = {"Adam", "Keras", "NaN", "NumPy", "SGD", "Spotify", "TensorFlow", "UCI", "nan", *Problem}
# Words of libraries: an error of Keras that a lesson prints, and what pandas writes below a series.
OF_LIBRARIES = re.compile(r"Invalid value received for argument|(?:Name: \w+, )?dtype: ")
WORDS_OF_NUMBERS = 20  # up to here a number may be a word in one language and digits in the other


def texts(outputs: list[Any]) -> Iterator[str]:
    """The texts of outputs as a page shows them: printed lines, tables, what a figure says to a screen reader."""
    for output in outputs:
        data = output.get("data", {})
        page = data.get("text/html", "")
        if "application/vnd.jupyter.widget-view+json" in data:
            continue  # `tests/test_lab_in_chinese.py` looks at the labs
        if output.get("name") == "stdout":
            yield from output.text.splitlines()
        elif "<svg" in page:
            yield from (html.unescape(label) for label in re.findall(r'aria-label="([^"]+)"', page))
        elif "<table" in page:
            yield from (html.unescape(cell).strip() for cell in re.findall(r"<t[hd][^>]*>([^<]*)</t[hd]>", page))
        else:
            yield from data.get("text/plain", "").splitlines()


def numbers(outputs: list[Any]) -> list[str]:
    """The numbers that a cell shows, sorted; small whole ones, which may be words, and times are left out."""
    shown = [text for text in texts(outputs) if not PROGRESS.search(text)]
    found = [number for text in shown for number in NUMBER.findall(text)]
    return sorted(
        number.replace(" ", "") for number in found if not (number.isdecimal() and int(number) <= WORDS_OF_NUMBERS)
    )


def english_in(outputs: list[Any], notebook: nbformat.NotebookNode) -> list[str]:
    """Texts with English words that are neither names in the notebook's code nor kept by the catalogue."""
    known = names(notebook)
    shown = [text for text in texts(outputs) if not (PROGRESS.search(text) or OF_LIBRARIES.match(text))]
    return [text for text in shown if [word for word in WORD.findall(text) if word not in known]]


def sources() -> Iterator[str]:
    """Where the data are from, and the names of their columns: citations and names in every language."""
    for table in tomllib.loads(places.SOURCES.read_text(encoding="utf-8")).values():
        yield str(table)


def names(notebook: nbformat.NotebookNode) -> set[str]:
    """Words of the code that are names: identifiers, columns, and texts whose translation is the text itself."""
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    identifiers = set(re.findall(r"[A-Za-z_]+", re.sub(r"([\"']).*?\1", "", code)))
    columns = {word for header in sources() for word in re.findall(r"[A-Za-z]+", header)}
    kept = getattr(available()["zh"].texts("shown"), "_catalog", {})
    kept_words = {word for text, told in kept.items() if text == told for word in re.findall(r"[A-Za-z]+", text)}
    return NAMES | identifiers | columns | kept_words
