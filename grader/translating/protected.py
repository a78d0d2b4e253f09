"""What a translation must keep of its source: fields, code, formulas, links, HTML and numbers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

CODE = re.compile(r"(`+)(.+?)\1")
FORMULA = re.compile(r"\$[^$]+\$")
ADDRESS = re.compile(r"\]\(([^)\s]+)[^)]*\)|https?://[^\s)>]+")
TAG = re.compile(r"</?[a-zA-Z][^>]*>")
FIELD = re.compile(r"\{[^{}]*\}")
NUMBER = re.compile(r"(?:(?<![^\s(（“])[-−+])?\d+(?:[.,]\d+)*(?:\s?%)?")
MAGNITUDES = {"thousand": 1e3, "million": 1e6, "billion": 1e9, "万": 1e4, "亿": 1e8}
MAGNITUDE = re.compile(
    rf"(?:(?P<one>\d+(?:\.\d+)?) (?:and|to) )?(?P<two>\d+(?:\.\d+)?)\s?(?P<word>{'|'.join(MAGNITUDES)})"
)
# Numbers in words, which a translation may write in digits.
COUNTED = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen twenty"
)
WORDS = {word: number for number, word in enumerate(COUNTED.split())}
WORDS |= {"once": 1, "first": 1, "twice": 2, "second": 2, "half": 2, "third": 3, "thirds": 3, "fourth": 4, "quarter": 4}
WORDS |= {"fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "tenth": 10, "thirty": 30, "forty": 40, "fifty": 50}
WORDS |= {"sixty": 60, "hundred": 100, "hundredth": 100, "thousand": 1000, "thousandth": 1000, "million": 1000000}


def lost(source: str, translation: str) -> Iterator[str]:
    """What the translation of a text has lost, added or changed, a sentence each."""
    for what, found in (("fields", FIELD), ("code", CODE), ("formulas", FORMULA), ("links", ADDRESS), ("HTML", TAG)):
        before, after = Counter(_found(found, source)), Counter(_found(found, translation))
        if before != after:
            yield f"{what} differ: {_named(before - after, 'missing')}{_named(after - before, 'added')}".rstrip("; ")
    before, after = Counter(_numbers(source)), Counter(_numbers(translation))
    added = [number for number in (after - before).elements() if number not in _in_words(source)]
    if before - after or added:
        yield f"numbers differ: {_named(before - after, 'missing')}{_named(Counter(added), 'added')}".rstrip("; ")


def bare(text: str) -> str:
    """The text without all that is protected."""
    for protected in (CODE, FORMULA, ADDRESS, TAG, FIELD):
        text = protected.sub(" ", text)
    return text


def _found(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    if pattern is not CODE:
        text = CODE.sub(" ", text) if pattern is not FIELD else text
    for match in pattern.finditer(text):
        yield next(filter(None, match.groups()), match.group()) if pattern is ADDRESS else match.group()


def _numbers(text: str) -> Iterator[str]:
    """The numbers of a text; with a word of magnitude behind it, one or two numbers are what they are with it."""
    plain = bare(text)
    for magnitude in MAGNITUDE.finditer(plain):
        scale = MAGNITUDES[magnitude["word"]]
        yield from (f"{round(float(number) * scale):d}" for number in magnitude.group("one", "two") if number)
    for number in NUMBER.finditer(MAGNITUDE.sub(" ", plain)):
        yield number.group().replace(",", "").replace(" ", "").replace("\u2212", "-")


def _in_words(text: str) -> set[str]:
    return {str(WORDS[word]) for word in re.findall(r"[a-z]+", text.lower()) if word in WORDS}


def _named(found: Counter[str], how: str) -> str:
    return f"{', '.join(found.elements())} {how}; " if found else ""
