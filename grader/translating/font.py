"""The small font in a language's folder: the letters of its catalogues, taken from a font with a free licence.

    python -m grader.translating.font zh /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc --number 2

For authors, where new letters have come into a catalogue (`tests/test_fonts.py` says so). The font must be under the
SIL Open Font License, as Noto Sans CJK is; the licence lies beside it.
"""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from babel.messages import Catalog
from fontTools import subset
from fontTools.ttLib import TTFont

from dropnorm.files import write_atomically
from dropnorm.fonts import SUBSET
from dropnorm.language import Language, LanguageError, available
from dropnorm.language.catalogue import MESSAGES, SHOWN
from grader.translating.catalogues import messages_of, read

NAME = "Dropnorm Labels"  # a changed font may not keep the name of the one that it was made of (its licence, 3)


def letters(language: Language) -> set[str]:
    """The letters that figures may need: those of messages and of texts that notebooks show."""
    return {letter for name in (MESSAGES, SHOWN) for letter in _letters(read(language, name)) if ord(letter) > 0x7F}


def _letters(catalogue: Catalog) -> set[str]:
    texts = (message.string for message in messages_of(catalogue))
    return {letter for text in texts for form in ([text] if isinstance(text, str) else text) for letter in form}


def made(source: Path, number: int, wanted: set[str]) -> bytes:
    """The subset of a font that holds these letters, under a name of its own."""
    font = TTFont(source, fontNumber=number, lazy=True)
    chosen = subset.Options(layout_features=[], name_IDs=[0, 1, 2, 3, 4, 6, 13, 14], hinting=False, desubroutinize=True)
    chosen.drop_tables += ["vhea", "vmtx", "VORG", "GPOS", "GSUB", "GDEF", "BASE"]
    subsetter = subset.Subsetter(chosen)
    subsetter.populate(unicodes=[*map(ord, wanted), *range(0x20, 0x7F)])
    subsetter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6):
            record.string = NAME.replace(" ", "") if record.nameID == 6 else NAME
    if "CFF " in font:
        top = font["CFF "].cff
        top.fontNames = [NAME.replace(" ", "")]
    font["head"].modified = font["head"].created  # the same letters, the same file
    font.recalcTimestamp = False
    written = io.BytesIO()
    font.save(written)
    return written.getvalue()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m grader.translating.font", description=__doc__.splitlines()[0])
    parser.add_argument("language", help="its code, such as zh")
    parser.add_argument("font", type=Path, help="an .otf, .ttf or .ttc under the SIL Open Font License")
    parser.add_argument("--number", type=int, default=0, help="which font of a .ttc (default: %(default)s)")
    options = parser.parse_args()
    try:
        language = available()[options.language]
        if language.folder is None:
            raise LanguageError("The language of the source needs no font.")
        content = made(options.font, options.number, letters(language))
    except (KeyError, LanguageError, OSError) as error:
        print(f"No font was made: {error}", file=sys.stderr)
        return 1
    write_atomically(language.folder / SUBSET, content)
    print(f"{SUBSET}: {len(content) // 1024} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
