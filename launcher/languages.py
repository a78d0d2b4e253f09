"""The languages of a command: which it speaks, and whose notebooks it means; `--lang`, else as everywhere else."""

import argparse
import sys
from pathlib import PurePosixPath

from dropnorm.language import Language, LanguageError, _, available, listed, resolve
from dropnorm.language.catalogue import ENGLISH, SOURCE
from dropnorm.language.choice import named
from launcher.layout import CourseError

OPTION = "--lang"
BOTH = "both"  # what people type for lessons in two languages, and the folder of these


def of_environment() -> Language:
    """The language of the variable or the locale; English, and a sentence on stderr, where the variable is wrong.

    Raises LanguageError: what the course has of a language cannot be read.
    """
    available()
    try:
        return resolve()
    except LanguageError as error:
        print(error, file=sys.stderr)
        return ENGLISH


def asked(arguments: list[str], usual: Language) -> tuple[str, list[str]]:
    """Whose notebooks are meant, a language's code or "both", and the arguments without the option that says so.

    Args:
        arguments: what was typed behind the command.
        usual: the language where the option is not given.

    Raises:
        CourseError: there is no such language.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument(OPTION, nargs="?", const="", dest="asked")
    found, rest = parser.parse_known_args(arguments)
    if found.asked is None:
        return usual.code, rest
    if not found.asked:
        raise CourseError(_("Name a language behind {option}: {known}.").format(option=OPTION, known=known()))
    try:
        return (BOTH if found.asked == BOTH else named(found.asked).code), rest
    except LanguageError:
        raise CourseError(
            _('There is no language "{asked}" in this course: {option} takes {known}.').format(
                asked=found.asked, option=OPTION, known=known()
            )
        ) from None


def known() -> str:
    """What the option takes, in words."""
    return listed([*available(), BOTH], last=_(" or "))


def spoken(notebooks: str) -> Language:
    """The language that goes with notebooks, given by its code; with those in two languages, the one beside English."""
    if notebooks != BOTH:
        return named(notebooks)
    return next((language for code, language in available().items() if code != SOURCE), ENGLISH)


def of_notebook(path: str) -> str:
    """The language of a notebook, or "both", by its path: `notebooks/zh/…`, `exercises/…_zh/…`; else English."""
    folders = PurePosixPath(path).parts[:-1]
    for code in (*available(), BOTH):
        if any(folder == code or folder.endswith(f"_{code}") for folder in folders):
            return code
    return SOURCE


def distance(code: str, notebooks: str) -> int:
    """How far a notebook's language is from the one that is meant: where a name is not enough, the nearest is."""
    order = [notebooks, spoken(notebooks).code, SOURCE]
    return order.index(code) if code in order else len(order)
