"""A third language: its description is checked, its code is kept whole, and it is set as Chinese is if it says so."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages import Message

from dropnorm.language import Language, LanguageError, available, catalogue, choice, spaced, using
from dropnorm.language.choice import named, resolve
from grader.languages import homework_of, language_of
from grader.translating import checks

BRAZILIAN = 'code = "pt_BR"\nname = "Português (Brasil)"\n'
PORTUGUESE = 'code = "pt_PT"\nname = "Português"\n'
FRENCH = 'code = "fr"\nname = "Français"\nbefore_last = " et "\n'


def folder(translations: Path, locale: str, description: str) -> Path:
    path = translations / locale / "language.toml"
    path.parent.mkdir(parents=True)
    path.write_text(description, encoding="utf-8")
    return path


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Language]:
    """A course in English, French and two kinds of Portuguese."""
    for locale, description in (("pt_BR", BRAZILIAN), ("pt_PT", PORTUGUESE), ("fr_FR", FRENCH)):
        folder(tmp_path, locale, description)
    languages = available(tmp_path)
    for module in (choice, "grader.languages"):
        monkeypatch.setattr(f"{getattr(module, '__name__', module)}.available", lambda: languages)
    return languages


BROKEN = {
    "no TOML": ("code = zh\n", "Invalid value"),
    "the mark of a merge": (f"<<<<<<< HEAD\n{FRENCH}", "Invalid"),
    "a key too few": ('code = "fr"\n', "`name` is missing"),
    "a key too many": (f'{FRENCH}colour = "blue"\n', "`colour` is no key of it"),
    "a number for a text": (FRENCH.replace('" et "', "5"), "`before_last` is a text"),
    "a text for a list": (f'{FRENCH}fonts = "Arial"\n', "`fonts` is a list of texts"),
    "a text for a switch": (f'{FRENCH}set_as_chinese = "no"\n', "`set_as_chinese` is true or false"),
    "a code that is none": (FRENCH.replace('"fr"', '"../fr"'), "`code` is .* such as"),
    "a code that is taken": (FRENCH.replace('"fr"', '"en"'), "`code` .*'en'.* taken"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_description_that_is_broken_is_told_in_a_sentence(tmp_path: Path, how: str) -> None:
    description, told = BROKEN[how]
    folder(tmp_path, "fr_FR", description)
    with pytest.raises(
        LanguageError, match=rf"fr_FR/language\.toml does not describe a language \(.*{told}.*\): mend it"
    ):
        available(tmp_path)


def test_two_folders_of_one_code_are_refused(tmp_path: Path) -> None:
    folder(tmp_path, "fr_FR", FRENCH)
    folder(tmp_path, "fr_CA", FRENCH)
    with pytest.raises(LanguageError, match=r"fr_FR/language\.toml .*'fr'.* taken"):
        available(tmp_path)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("pt_BR", "pt_BR"), ("pt-br", "pt_BR"), ("pt_PT.UTF-8", "pt_PT"), ("pt_PT@euro", "pt_PT"), ("pt", "pt_BR"),
        ("pt_AO", "pt_BR"), ("fr", "fr"), ("fr_CA.UTF-8", "fr"), ("fr-Latn-FR", "fr"),
        ("en_GB", "en"), ("qps-ploc", "qps"),
    ],
)  # fmt: skip
@pytest.mark.usefixtures("three")
def test_a_code_is_kept_whole_where_there_are_several_of_a_language(asked: str, found: str) -> None:
    assert named(asked).code == found
    assert resolve({"DROPNORM_LANG": asked}).code == found
    if found != "qps":
        assert resolve({"LANG": asked}).code == found


@pytest.mark.usefixtures("three")
def test_what_is_no_language_of_the_course_is_none() -> None:
    for asked in ("p", "f", "de", "", "_", "fra"):
        with pytest.raises(LanguageError):
            named(asked)
    assert resolve({"LANG": "de_DE.UTF-8"}).code == resolve({"LANG": "C"}).code == "en"


@pytest.mark.parametrize(
    ("assignment", "homework", "code"),
    [("a_b_pt_BR", "a_b", "pt_BR"), ("a_pt_PT", "a", "pt_PT"), ("a_fr", "a", "fr"),
     ("a_BR", "a_BR", "en"), ("_fr", "_fr", "en")],
)  # fmt: skip
@pytest.mark.usefixtures("three")
def test_an_assignment_ends_in_the_whole_code(assignment: str, homework: str, code: str) -> None:
    assert (homework_of(assignment), language_of(assignment).code) == (homework, code)


def test_french_is_not_set_as_chinese_is(three: dict[str, Language]) -> None:
    # What Chinese must not have: a Chinese title and a Latin one side by side, and half-width punctuation.
    message = Message("See 网络Keras, 中文.", "Voir 网络Keras, 中文.")
    assert list(checks.of_message(message, [], three["fr"])) == []
    told = list(
        checks.of_message(
            Message("See Keras, a book.", "见网络Keras, 中文."), [], available(catalogue.TRANSLATIONS)["zh"]
        )
    )
    assert [fault.partition(" at ")[0] for fault in told] == [
        "no space between Chinese and Latin",
        "half-width punctuation",
    ]


def test_a_language_without_spaces_between_sentences_is_not_set_as_chinese_for_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder(tmp_path, "ja_JP", 'code = "ja"\nname = "日本語"\nbetween_sentences = ""\n')
    languages = available(tmp_path)
    monkeypatch.setattr(choice, "available", lambda: languages)
    with using("ja"):
        assert spaced("層が5つ") == "層が5つ"
