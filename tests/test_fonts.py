"""The labels of figures in another language: a font of the system, else the packaged one, else English and one line."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import matplotlib as mpl
import pytest
from fontTools.ttLib import TTFont
from matplotlib import font_manager
from matplotlib.figure import Figure

from dropnorm import fonts
from dropnorm.figures import svg
from dropnorm.language import available, using
from grader.translating import font

CHINESE = available()["zh"]


@pytest.fixture
def no_system_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with matplotlib's own fonts alone."""
    own = [each for each in font_manager.fontManager.ttflist if mpl.get_data_path() in each.fname]
    assert own
    monkeypatch.setattr(font_manager.fontManager, "ttflist", own)
    fonts.family_for.cache_clear()
    yield
    fonts.family_for.cache_clear()


def drawn() -> str:
    """A figure with words in all places that have any, as plain Matplotlib writes them."""
    figure = Figure(layout="constrained")
    ax = figure.subplots()
    ax.plot(["raw", "standardised"], [1, 2], label="validation")
    ax.set(title="dropout after the output", xlabel="rate", ylabel="share of zeros", xticks=["raw", "standardised"])
    ax.legend()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a letter that no font has is a warning
        return svg(figure, alt="The share of zeros equals the rate; the mean stays at 1 for every rate.")


def test_the_packaged_font_has_every_letter_of_the_catalogues() -> None:
    packaged = TTFont(CHINESE.folder / fonts.SUBSET).getBestCmap()
    own = TTFont(font_manager.findfont("DejaVu Sans")).getBestCmap()
    assert {letter for letter in font.letters(CHINESE) if ord(letter) not in packaged | own} == set()


def test_without_a_font_of_the_system_the_packaged_one_is_taken(no_system_font: None) -> None:
    with using("zh"):
        assert fonts.family_for(CHINESE) == (font.NAME,)
        assert "零的比例" in drawn()  # the words for a screen reader; that all letters are drawn, no warning says


def test_a_font_of_the_system_comes_first(no_system_font: None, monkeypatch: pytest.MonkeyPatch) -> None:
    known = font_manager.fontManager.ttflist[0]
    theirs = font_manager.FontEntry(fname=known.fname, name=CHINESE.fonts[1])
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*font_manager.fontManager.ttflist, theirs])
    assert fonts.family_for(CHINESE) == (CHINESE.fonts[1],)


def test_without_any_font_labels_stay_english_and_one_line_says_why(
    no_system_font: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(fonts, "SUBSET", "nowhere.otf")
    with using("zh"):
        drawn()
        drawn()
        assert not fonts.can_write(CHINESE)
        assert fonts.label("epoch") == "epoch"
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("图中的标签保留英文：") and CHINESE.fonts[0] in line


def test_english_needs_no_font() -> None:
    assert fonts.family_for(available()["en"]) == ()
