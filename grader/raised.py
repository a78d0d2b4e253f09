"""An exception as far as it is spoken of: plain values, taken where it was raised and read elsewhere."""

from __future__ import annotations

import re
import traceback
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Raised:
    """What is known of an exception.

    Attributes:
        kind: its class's name.
        file: the file that raised it, without folders and ending; ``nowhere`` where that is not known.
        said: its text, without colours.
        units: the text that a Dense layer was given as its width, as it was written, or None; Keras' own message shows
            it without its quotes.
        units_kind: the type of a width that was an array's number or a tensor, or None.
        line, code, reason: of a SyntaxError, else None.
    """

    kind: str
    file: str
    said: str
    units: str | None = None
    units_kind: str | None = None
    line: int | None = None
    code: str | None = None
    reason: str | None = None

    @classmethod
    def of(cls, error: BaseException) -> Raised:
        """What is known of an exception, its traceback included."""
        frames = list(traceback.walk_tb(error.__traceback__))
        name = Path(frames[-1][0].f_code.co_filename).stem if frames else "nowhere"
        given = frames[-1][0].f_locals.get("units") if frames else None
        units = repr(given) if isinstance(given, str) else None
        units_kind = type(given).__name__ if hasattr(given, "dtype") else None
        said = re.sub(r"\x1b\[[0-9;]*m", "", str(error))
        known = cls(type(error).__name__, re.sub(r"\W", "_", name), said, units, units_kind)
        if not isinstance(error, SyntaxError):
            return known
        return replace(known, line=error.lineno, code=error.text, reason=error.msg or "invalid syntax")
