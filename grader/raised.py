"""An exception as far as it is spoken of: plain values, taken where it was raised and read elsewhere."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Raised:
    """What is known of an exception.

    Attributes:
        kind: its class's name.
        file: the file that raised it, without folders and ending; ``nowhere`` where that is not known.
        said: its text, without colours.
        units: what a Dense layer was given as its width, where that was neither a number of Python nor nothing, in
            words; Keras' own message shows text without its quotes.
        line, code, reason: of a SyntaxError, else None.
    """

    kind: str
    file: str
    said: str
    units: str | None = None
    line: int | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """What is known of an exception, its traceback included."""
        frames = list(traceback.walk_tb(error.__traceback__))
        name = Path(frames[-1][0].f_code.co_filename).stem if frames else "nowhere"
        given = frames[-1][0].f_locals.get("units") if frames else None
        syntax = (
            (error.lineno, error.text, error.msg or "invalid syntax")
            if isinstance(error, SyntaxError)
            else (None, None, None)
        )
        said = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        return cls(type(error).__name__, re.sub(r"\W", "_", name), said, _units(given), *syntax)


def _units(given: Any) -> str | None:
    if isinstance(given, str):
        text = " ".join(repr(given).split())
        return f"the text {text if len(text) <= 40 else text[:39] + '…'}"
    return f"{given} (of the kind {type(given).__name__})" if hasattr(given, "dtype") else None
