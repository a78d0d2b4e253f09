"""What a build makes of the catalogues: PO files brought up to date, compiled ones, and the notebooks of each language.

Another language's notebooks are in ``notebooks/zh/`` and ``solutions/…_zh/``; lessons in both languages, paragraph by
paragraph, in ``notebooks/both/``. What was made carries a digest of its cells, so that a change by hand is seen.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

import nbformat
from nbformat import NotebookNode

from dropnorm import places
from dropnorm.language import SOURCE, Language, _, available, using
from dropnorm.language.catalogue import MESSAGES, SHOWN
from grader.translated import changed_by_hand, is_made, mark, marked_page
from grader.translating import glossary
from grader.translating.catalogues import mo, path_of, po, read, translator, updated
from grader.translating.notebooks import beside, translate
from grader.translating.sources import README, Sources

GLOSSARY = "glossary.ipynb"  # beside the lessons
BOTH = "both"  # the folder of the lessons in two languages
MADE = ("notebooks/*/*.ipynb", "solutions/*/*.ipynb", "exercises/*/*.ipynb")  # where translated notebooks are
LINK = re.compile(r"(\]\()([^)\s:#]+\.ipynb)")


def languages() -> list[Language]:
    """The languages that the course is translated into."""
    return [language for code, language in available().items() if code != SOURCE]


def made(root: Path = places.ROOT) -> dict[Path, bytes]:
    """Every file that a build makes of sources and catalogues, by its path. Raises CatalogueError, SourceError."""
    found: dict[Path, bytes] = {}
    sources = Sources(root)
    for language in languages():
        catalogues = {name: updated(read(language, name), each) for name, each in sources.templates().items()}
        for name, catalogue in catalogues.items():
            found[path_of(language, name)] = po(catalogue)
        for name in (MESSAGES, SHOWN):
            found[path_of(language, name).with_suffix(".mo")] = mo(catalogues[name])
        for name, path in sources.notebooks().items():
            notebook, told = sources.read(path), translator(catalogues[name])
            target = place(path, language.code, root)
            found[target] = _written(translate(notebook, told, language.code), path, target, language.code, root)
            if path.parent.name == "notebooks" and language == languages()[0]:  # as `--lang both` takes it
                target = path.parent / BOTH / path.name
                found[target] = _written(beside(notebook, told, language.code), path, target, language.code, root)
        readme, target = root / "README.md", root / f"README.{language.code}.md"
        told = translator(catalogues[README])
        (cell,) = translate(sources.readme(), told, language.code).cells
        text = _relinked(cell.source, readme, target, language.code, root)
        found[target] = marked_page(text, path_of(language, README).name).encode()
        found[root / "notebooks" / language.code / GLOSSARY] = _glossary(language)
    return found


def _glossary(language: Language) -> bytes:
    """The page to which a lesson's terms are linked."""
    with using(language.code):
        heading = _("Glossary")
    text = f"# {heading}\n\n{glossary.table(_terms(language), language)}"
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id="glossary")])
    # No code is in it, but JupyterLab asks everybody for a kernel who opens a notebook that names none.
    made.metadata.kernelspec = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    mark(made, "glossary.csv", language.code)
    return (nbformat.writes(made) + "\n").encode()


def _terms(language: Language) -> list[glossary.Term]:
    return glossary.read(language.folder / "glossary.csv") if language.folder else []


def place(source: Path, code: str, root: Path) -> Path:
    """Where the translation of a notebook is."""
    if source.parent == root / "notebooks":
        return source.parent / code / source.name
    return source.parent.parent / f"{source.parent.name}_{code}" / source.name


def edited(root: Path = places.ROOT) -> list[Path]:
    """Files of other languages that a build has made and that were changed by hand since, exercises among them.

    Raises SourceError.
    """
    codes = [language.code for language in languages()]
    pages = [root / f"README.{code}.md" for code in codes] + [root / "notebooks" / code / GLOSSARY for code in codes]
    found = {*_notebooks(root), *pages, *root.glob(f"notebooks/{BOTH}/*.ipynb"), *sourceless(root)}
    return sorted(path for path in found if path.exists() and changed_by_hand(path))


def sourceless(root: Path = places.ROOT) -> list[Path]:
    """Notebooks that a build has made of what is there no more. Raises SourceError."""
    wanted = {*_notebooks(root), *(path.parent / BOTH / path.name for path in root.glob("notebooks/*.ipynb"))}
    wanted |= {root / "notebooks" / language.code / GLOSSARY for language in languages()}
    there = [path for pattern in MADE for path in root.glob(pattern)]
    return sorted(path for path in there if path not in wanted and is_made(path))


def _notebooks(root: Path) -> set[Path]:
    """Where the translated notebooks are, and the exercises that are made of them."""
    sources, solutions = Sources(root).notebooks().values(), root / "solutions"
    found = {place(source, language.code, root) for source in sources for language in languages()}
    return found | {root / "exercises" / path.relative_to(solutions) for path in found if solutions in path.parents}


def _written(notebook: NotebookNode, source: Path, target: Path, code: str, root: Path) -> bytes:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = _relinked(cell.source, source, target, code, root)
    if target.parent.name == code:  # a lesson
        glossary.linked(notebook, _terms(available()[code]), GLOSSARY)
    mark(notebook, source.relative_to(root).as_posix(), code)
    return (nbformat.writes(notebook) + "\n").encode()


def _relinked(text: str, source: Path, target: Path, code: str, root: Path) -> str:
    return LINK.sub(lambda link: link[1] + _link(link[2], source, target, code, root), text)


def _link(link: str, source: Path, target: Path, code: str, root: Path) -> str:
    """A link from a translated notebook: to the translation of what the source links to."""
    there = Path(os.path.normpath(source.parent / link))
    in_source = (
        root / "solutions" / there.relative_to(root / "exercises") if root / "exercises" in there.parents else there
    )
    leads_to = place(there, code, root) if in_source.exists() else there
    if target.parent.name == BOTH and there.parent == source.parent:
        leads_to = target.parent / there.name
    return PurePosixPath(os.path.relpath(leads_to, target.parent)).as_posix()
