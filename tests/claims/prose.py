"""Sentences that claim something, found by their words: a measured number, a comparison, a cause.

It finds too much rather than too little: what only defines or announces something is tagged ``no-claim``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import nbformat

from claims import NO_CLAIM, slugs, tags

COUNTS = "(?:[0-9]+|no|none|one|two|three|four|five|six|seven|eight|nine|ten|all|most|some|every)"
PARTS = "(?:third|quarter|fifth|sixth|seventh|eighth|ninth|tenth|hundredth|thousandth)"
NUMBER = re.compile(
    r"\d\.\d|\d\s?(?:%|×|per ?cent)|\bminutes?\b"
    r"|\b(?:half|halves|times|twice|thrice|percent|dozens?|hundreds?|thousands?|millions?)\b"
    rf"|\b(?:a|one|two|three|four|last) {PARTS}s?\b"
    rf"|\b{COUNTS}(?: \w+)? (?:of|in|out of) (?:the )?{COUNTS}\b",
    re.IGNORECASE,
)
COMPARISONS = """
    faster fastest slower slowest sooner soonest fewer fewest less least more most better best worse worst lower lowest
    higher highest larger largest smaller smallest greater greatest bigger wider narrower deeper closer nearer longer
    shorter stronger weaker easier harder alike equally nearly almost hardly
"""
EFFECTS = """
    help hurt prevent shrink beat win rescue ruin cost rise fall grow save fail improve reduce increase decrease double
    halve close mend cure speed harm destroy protect cause outperform suffer lose gain matter stabilise stabilize
    regularise regularize undo overfit underfit diverge slow
"""
PAST = "shrank shrunk beaten won rose risen fell fallen grew grown lost undone undid better"
STATES = "stuck wild jumpy unstable useless redundant"
WORD = re.compile(
    rf"\b(?:{'|'.join([*COMPARISONS.split(), *PAST.split(), *STATES.split()])}"
    rf"|(?:{'|'.join(EFFECTS.split())})(?:s|es|d|ed|ped)?|leads? to)\b",
    re.IGNORECASE,
)
NO_MORE = re.compile(r"\b(?:any|no|once|one|what is) more\b", re.IGNORECASE)


def sentences(markdown: str) -> list[str]:
    """The sentences of a cell's prose; code, tables and where a link leads are left out."""
    text = re.sub(r"^(```|~~~).*?^\1", "", markdown, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"^\s*\|.*$", "", text, flags=re.MULTILINE)
    text = re.sub(r"`[^`]*`", "code", text)
    text = re.sub(r"\]\([^)]*\)", "]", text).replace("*", "")
    paragraphs = re.split(r"\n\s*\n|\n\s*(?=[-+] |\d+\. |#)|^#.*\n", text, flags=re.MULTILINE)
    headings = re.findall(r"^#+ (?:\d+\. )?(.*)$", text, flags=re.MULTILINE)
    found = [*headings, *(each for part in paragraphs for each in re.split(r"(?<=[.!?])\s+", " ".join(part.split())))]
    return [each for each in found if each and not each.startswith("#")]


def claiming(markdown: str) -> list[str]:
    """The sentences of a cell that read like a claim. Questions claim nothing, nor does a list of sources."""
    if re.match(r"#+ (?:Sources|Literature)\b", markdown):
        return []
    told = [each for each in sentences(markdown) if not each.rstrip(")\"'”").endswith("?")]
    return [each for each in told if NUMBER.search(each) or WORD.search(NO_MORE.sub("", each))]


def untagged(cells: Sequence[nbformat.NotebookNode]) -> list[str]:
    """Each sentence that reads like a claim, in a cell that has no claim's tag and is not said to claim nothing."""
    return [
        f"Cell {cell.id} has no tag 'claim-…' (or '{NO_CLAIM}'): {sentence}"
        for cell in cells
        if cell.cell_type == "markdown" and not slugs(cell) and NO_CLAIM not in tags(cell)
        for sentence in claiming(cell.source)
    ]
