"""In which language an assignment is: ``dropout_and_batchnorm`` in English, ``dropout_and_batchnorm_zh`` in Chinese.

Both are one homework. The process of an instructor speaks the instructor's language; what goes into a learner's
notebook or page is in the language of what was handed in.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from dropnorm import language
from dropnorm.language import Language, available
from dropnorm.language.catalogue import SOURCE
from dropnorm.language.choice import named
from dropnorm.language.pseudo import PSEUDO


def language_of(assignment: str) -> Language:
    """The language whose code the assignment's name ends in; English where it ends in none."""
    return named(_parts(assignment)[1])


def homework_of(assignment: str) -> str:
    """The name of the homework, which is that of the assignment in English."""
    return _parts(assignment)[0]


def in_all_languages(assignment: str) -> list[str]:
    """An assignment and its translations, whether they are there or not; of a translation itself alone."""
    others = [code for code in available() if code != SOURCE] if homework_of(assignment) == assignment else []
    return [assignment, *(f"{assignment}_{code}" for code in others)]


def titled(name: str, assignment: str) -> str:
    """A name, told apart from the same one in another language: ``1_placement``, ``1_placement (zh)``."""
    code = _parts(assignment)[1]
    return name if code == SOURCE else f"{name} ({code})"


def in_language(assignment: str) -> AbstractContextManager[Language]:
    """Speak the assignment's language within a block, in this thread; others, and other processes, have to be told."""
    return language.using(language_of(assignment).code)


def _parts(assignment: str) -> tuple[str, str]:
    """The name of the homework and the code of the language."""
    for code in (*available(), PSEUDO.code):
        homework = assignment.removesuffix(f"_{code}")
        if code != SOURCE and homework not in ("", assignment):
            return homework, code
    return assignment, SOURCE
