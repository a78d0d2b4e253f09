"""Languages cannot drift apart: what is missing, stale or damaged is found, and the code is the same in all."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tokenize
from pathlib import Path

import nbformat
import pytest
from babel.messages.pofile import write_po
from translated_course import copied, replaced

from dropnorm import places
from dropnorm.language import Language, available
from grader.__main__ import COMMANDS
from grader.translating import checks, glossary, making
from grader.translating.catalogues import CatalogueError, path_of, po, read
from grader.translating.notebooks import beside
from grader.translating.protected import lost
from grader.translating.sources import Sources

CHINESE = available()["zh"]
SOURCES = Sources()
SPOTIFY = "notebooks/1_spotify_dropout"


def test_every_language_is_whole() -> None:
    assert [fault for language in making.languages() for fault in checks.faults(language, SOURCES)] == []


def test_a_build_leaves_no_difference() -> None:
    assert [str(path) for path, content in making.made().items() if path.read_bytes() != content] == []
    assert making.edited() == []


def code_of(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """The tokens of each code cell, without comments."""
    skipped = (tokenize.COMMENT, tokenize.NL)
    return [
        [
            token.string
            for token in tokenize.generate_tokens(io.StringIO(cell.source).readline)
            if token.type not in skipped
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.mark.parametrize("name", SOURCES.notebooks())
def test_the_code_of_all_languages_is_the_same_token_by_token(name: str) -> None:
    path = SOURCES.notebooks()[name]
    source = nbformat.read(path, as_version=4)
    assert len(making.languages()) > 0
    for language in making.languages():
        translated = nbformat.read(making.place(path, language.code, places.ROOT), as_version=4)
        assert [(cell.cell_type, cell.id) for cell in translated.cells] == [(c.cell_type, c.id) for c in source.cells]
        ours, theirs = code_of(source), code_of(translated)
        changed = [
            (before, after)
            for cell, other in zip(ours, theirs, strict=True)
            for before, after in zip(cell, other, strict=True)
            if before != after
        ]
        assert changed == [('"en"', f'"{language.code}"')]  # the setup cell's language, and nothing else


# What a change of a source or a catalogue must bring about: each is a way in which a language could drift.


@pytest.fixture
def language(tmp_path: Path) -> Language:
    """A copy of the Chinese folder, to be damaged."""
    folder = tmp_path / "zh_CN"
    assert CHINESE.folder is not None
    shutil.copytree(CHINESE.folder, folder)
    return Language(**{**vars(CHINESE), "folder": folder})


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    return copied(tmp_path / "course")


def translated(language: Language, name: str, source: str, translation: str | None) -> None:
    """Give an entry of a catalogue another translation."""
    path = path_of(language, name)
    catalogue = read(language, name)
    entry = next(entry for entry in catalogue if isinstance(entry.id, str) and source in entry.id)
    entry.string = "" if translation is None else translation
    with path.open("wb") as file:
        write_po(file, catalogue)


def test_a_copy_that_nobody_changed_is_whole(language: Language, sources: Sources) -> None:
    assert list(checks.faults(language, sources)) == []


def test_an_english_sentence_that_was_changed_is_seen(language: Language, sources: Sources) -> None:
    replaced(sources.notebooks()[SPOTIFY], "A plain network learns", "An ordinary network learns")
    (fault,) = checks.faults(language, sources)
    assert fault.startswith("notebooks/1_spotify_dropout.po: fuzzy: “How popular is a track")


def test_a_message_of_the_code_that_was_changed_is_seen(language: Language, sources: Sources) -> None:
    replaced(
        sources.root / "grader/misconceptions/layers.py", "Run the cell that calls `compile`.", "Compile it first."
    )
    found = list(checks.faults(language, sources))
    assert "messages.po: unused: “Run the cell that calls `compile`.”" in found
    assert any(
        fault.startswith(("messages.po: missing: “Compile it", "messages.po: fuzzy: “Compile it")) for fault in found
    )


def test_a_text_of_a_figure_that_was_changed_is_seen(language: Language, sources: Sources) -> None:
    replaced(
        sources.notebooks()["notebooks/01_dropout_and_batch_normalization"],
        "the most needed first",
        "the most needed ones first",
    )
    assert any(fault.startswith("shown.po: ") for fault in checks.faults(language, sources))


def test_a_paragraph_that_was_deleted_leaves_an_unused_entry(language: Language, sources: Sources) -> None:
    path = sources.notebooks()[SPOTIFY]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.pop()
    nbformat.write(notebook, path)
    assert any("unused: " in fault for fault in checks.faults(language, sources))


def test_a_notebook_that_is_gone_leaves_a_file_that_nobody_needs(language: Language, sources: Sources) -> None:
    sources.notebooks()[SPOTIFY].unlink()
    assert "1_spotify_dropout.po: there is no such notebook any more; delete the file." in checks.faults(
        language, sources
    )


def test_a_translation_that_was_removed_is_missing(language: Language) -> None:
    translated(language, SPOTIFY, "How popular is a track", None)
    (fault,) = checks.faults(language, SOURCES)
    assert "missing: “How popular is a track" in fault


def test_a_mark_that_was_left_is_seen(language: Language) -> None:
    replaced(path_of(language, SPOTIFY), "\n#: ", "\n#, fuzzy\n#: ")
    assert any("fuzzy: " in fault for fault in checks.faults(language, SOURCES))


def test_a_term_against_the_glossary_is_seen(language: Language) -> None:
    replaced(path_of(language, "shown"), "批量归一化", "批标准化")
    assert any("is 批量归一化 in the glossary, not 批标准化" in fault for fault in checks.faults(language, SOURCES))


BROKEN = {
    "an opening quote lost": ('\nmsgctxt "', "\nmsgctxt "),
    "a closing quote lost": ('"\nmsgid "', '\nmsgid "'),
    "a bad escape": ('\nmsgctxt "', '\nmsgctxt "\\q'),
    "the mark of a merge": ("\n#: ", "\n<<<<<<< HEAD\n#: "),
    "no header": ('msgid ""\nmsgstr ""\n"', 'msgid "x"\nmsgstr ""\n"'),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_catalogue_is_told_by_its_name(language: Language, how: str) -> None:
    path = path_of(language, SPOTIFY)
    replaced(path, *BROKEN[how])
    with pytest.raises(CatalogueError, match=r"1_spotify_dropout\.po cannot be read as a PO file \(.*git anew"):
        read(language, SPOTIFY)
    assert any(fault.startswith("1_spotify_dropout.po cannot be read") for fault in checks.faults(language, SOURCES))


def test_a_paragraph_that_is_new_is_missing(language: Language, sources: Sources) -> None:
    path = sources.notebooks()[SPOTIFY]
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_markdown_cell("Quite another matter: zebras.", id="new"))
    nbformat.write(notebook, path)
    assert any("missing: “Quite another matter" in fault for fault in checks.faults(language, sources))


def test_a_paragraph_that_was_only_copied_is_in_english_still(language: Language) -> None:
    source = next(
        message for message in read(language, SPOTIFY) if message.id and "How popular is a track" in message.id
    )
    translated(language, SPOTIFY, "How popular is a track", source.id)
    (fault,) = checks.faults(language, SOURCES)
    assert "in English still" in fault


def test_a_glossary_that_is_none_is_told(language: Language) -> None:
    (language.folder / "glossary.csv").write_text("english,source\ndropout,\n", encoding="utf-8")
    assert any(fault.startswith("glossary.csv is no glossary") for fault in checks.faults(language, SOURCES))


def test_a_code_cell_that_was_changed_is_not_the_same_token_by_token() -> None:
    source = nbformat.read(SOURCES.notebooks()[SPOTIFY], as_version=4)
    changed = nbformat.from_dict(source)
    cell = next(cell for cell in changed.cells if "epochs=" in cell.source)
    cell.source = cell.source.replace("epochs=", "epochs=1 + ", 1)
    assert code_of(changed) != code_of(source)


def test_a_table_in_both_languages_keeps_its_head() -> None:
    table = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("| a word | more |\n|---|---|\n| one | 2 |")])
    told = beside(table, lambda heading, text: text.replace("word", "词").replace("one", "一"), "zh")
    assert told.cells[0].source == "| a word<br>a 词 | more |\n|---|---|\n| one<br>一 | 2 |"


LOST = {
    "a field": ("{layer} stands twice.", "有一层出现了两次。", "fields differ: {layer} missing"),
    "a field too many": ("It stands twice.", "{layer} 出现了两次。", "fields differ: {layer} added"),
    "code": ("Set `rate`.", "设置 `ratio`。", "code differ: `rate` missing; `ratio` added"),
    "a link": ("See [here](a.ipynb).", "见[这里](b.ipynb)。", "links differ: a.ipynb missing; b.ipynb added"),
    "a formula": ("So $x^2$ grows.", "所以 $x$ 变大。", "formulas differ: $x^2$ missing; $x$ added"),
    "HTML": ("A <b>word</b>.", "一个词。", "HTML differ: <b>, </b> missing"),
    "a number": ("In 150 epochs.", "训练 15 轮。", "numbers differ: 150 missing; 15 added"),
    "a number of its own": ("In some epochs.", "在 3 轮中。", "numbers differ: 3 added"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_is_protected_is_compared(what: str) -> None:
    source, translation, said = LOST[what]
    assert list(lost(source, translation)) == [said]


KEPT = {
    "a number in words": ("Eleven columns, half of them raw.", "11 列，其中一半是原始的。"),
    "a thousand's comma": ("1,599 wines", "1599 种酒"),
    "a magnitude": ("between 0.3 and 1.3 billion", "3 亿到 13 亿"),
    "another order": ("{a} of {b}", "{b} 中的 {a}"),
    "a number within code": ("`Dense(11)` has 132", "`Dense(11)` 有 132 个"),
}


@pytest.mark.parametrize("what", KEPT)
def test_what_may_differ_is_not_complained_of(what: str) -> None:
    assert list(lost(*KEPT[what])) == []


def test_a_longer_term_is_not_taken_for_a_shorter_one() -> None:
    terms = [
        glossary.Term(("rate",), ("率",), (), True, ""),
        glossary.Term(("learning rate",), ("学习速度",), (), True, ""),
    ]
    assert list(glossary.broken(terms, "The learning rate is high.", "学习速度太高。")) == []
    assert len(list(glossary.broken(terms, "The rate is high.", "太高。"))) == 1


# What a build has made.


def test_links_of_a_translated_notebook_lead_to_translated_notebooks() -> None:
    for language in making.languages():
        for path in [*places.NOTEBOOKS.glob("*/*.ipynb"), *places.ROOT.glob(f"exercises/*_{language.code}/*.ipynb")]:
            for link in making.LINK.findall(path.read_text(encoding="utf-8")):
                assert (path.parent / link[1]).resolve().is_file(), f"{path}: {link[1]}"


def test_a_catalogue_reads_as_it_was_written() -> None:
    for name in SOURCES.templates():
        content = path_of(CHINESE, name).read_bytes()
        assert po(read(CHINESE, name)) == content


@pytest.mark.parametrize(
    ("said", "linked"),
    [
        ("叫作*掩码*，它", '叫作[*掩码*](g "mask")，它'),
        ("叫作**掩码**（mask）", '叫作[**掩码**](g "mask")（mask）'),
        ("抽取掩码。", '抽取[掩码](g "mask")。'),
    ],
)
def test_a_linked_term_keeps_its_emphasis(said: str, linked: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(said)])
    glossary.linked(notebook, [glossary.Term(("mask",), ("掩码",), (), True, "")], "g")
    assert notebook.cells[0].source == linked


def test_a_page_opens_without_a_question_for_its_kernel() -> None:
    made = [nbformat.read(path, as_version=4) for path in places.ROOT.glob("notebooks/*/*.ipynb")]
    assert made and all(notebook.metadata.kernelspec.name == "python3" for notebook in made)


def test_neither_commands_nor_grading_load_what_authors_alone_need() -> None:
    places_of_commands = ", ".join(place for place, _told in COMMANDS.values())
    code = f"import sys, {places_of_commands}, grader.autograde.siblings, grader.autograde.stubs\n"
    code += "print(*{'babel', 'polib', 'fontTools', 'grader.translating'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], cwd=places.ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
