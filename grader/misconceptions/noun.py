"""What a misconception is."""

from __future__ import annotations

from dataclasses import dataclass

from dropnorm.language import _, sentences, spaced


@dataclass(frozen=True)
class Misconception:
    """One thing that learners get wrong, and what they are told.

    Its texts are English; they are translated where they are told.

    Attributes:
        key: its name in verdicts and tests (``rate_kept``).
        seen: what was seen, with ``{fields}`` for the learner's own values.
        why: why it matters.
        step: one next step.
    """

    key: str
    seen: str
    why: str
    step: str

    def message(self, **seen: object) -> str:
        """The sentences in the language that is spoken now, the learner's own values filled in.

        The first letter is made a capital.
        """
        text = spaced(sentences(*(_(part).format(**seen) for part in (self.seen, self.why, self.step))))
        return text[:1].upper() + text[1:]
