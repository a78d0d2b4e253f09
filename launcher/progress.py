"""How far an installation is: read from what pip prints, shown as one line that moves or, in a log, as a few lines."""

import re
import shutil
import time
from dataclasses import dataclass
from typing import TextIO

from dropnorm.language import _, width

FETCHING, INSTALLING = "fetching", "installing"
_LINE_A_LOG_MAY_WAIT = 30.0  # seconds: a log shows that the installation lives


@dataclass
class PipLog:
    """What pip has done so far, by the lines that it printed.

    Attributes:
        total: packages that the lock names, less those that pip says this machine does not need.
        done: how many of them it has come to in this phase.
        phase: `FETCHING` or `INSTALLING`.
        name: the package that it is at.
        size: how large that one is, or how much of it has come, where pip says it.
    """

    total: int
    done: int = 0
    phase: str = FETCHING
    name: str = ""
    size: str = ""

    @property
    def package(self) -> str:
        """The package that it is at, with its size where pip says it."""
        return _("{package}, {size}").format(package=self.name, size=self.size) if self.size else self.name

    def feed(self, line: str) -> None:
        """Take in one line of pip's output; lines that say nothing of progress change nothing."""
        if line.startswith("Ignoring "):
            self.total -= 1
        elif match := re.match(r"(?:Collecting|Requirement already satisfied:|Processing) (\S+)", line):
            self.done = min(self.done + 1, self.total)
            self.name, self.size = _name(match[1]), ""
        elif match := re.match(r"\s*Downloading (\S+\.(?:whl|tar\.gz)) \(([^)]*)\)", line):
            self.name, self.size = _name(match[1]), match[2]
        elif match := re.match(r"Progress (\d+) of (\d+)", line):
            done, total = int(match[1]) // 10**6, int(match[2]) // 10**6
            self.size = _("{done} of {total} MB").format(done=done, total=total)
        elif line.startswith("Installing collected packages:"):
            self.phase, self.done, self.name, self.size = INSTALLING, 0, "", ""
            self.total = line.count(",") + 1


def _name(requirement: str) -> str:
    """A package's name, of a requirement (`six==1.17.0`), a wheel's file name or its path."""
    return re.split(r"[=<>!~;\[]|-\d", re.split(r"[\\/]", requirement)[-1])[0]


class Bar:
    """One line of progress on `stream`: redrawn in place on a terminal, a new line now and then elsewhere."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.live = stream.isatty()
        self._started = self._said_at = time.monotonic()
        self._said: tuple[str, int] = ("", -1)

    def show(self, log: PipLog) -> None:
        """Say where `log` is."""
        now = time.monotonic()
        tenth = 10 * log.done // max(log.total, 1)
        fetching = _("fetching {done} of {total} packages, {minutes}")
        told = fetching if log.phase == FETCHING else _("installing {done} of {total} packages, {minutes}")
        text = told.format(done=log.done, total=log.total, minutes=self.elapsed())
        if self.live:
            filled = 20 * log.done // max(log.total, 1)
            line = f"[{'#' * filled}{'.' * (20 - filled)}] {text}  {log.package}"
            while width(line) >= shutil.get_terminal_size().columns:
                line = line[:-1]
            self.stream.write("\r\x1b[K" + line)
        elif (log.phase, tenth) != self._said or now - self._said_at > _LINE_A_LOG_MAY_WAIT:
            self._said, self._said_at = (log.phase, tenth), now
            self.stream.write(f"  {text}\n")
        self.stream.flush()

    def elapsed(self) -> str:
        """The time since the start, as minutes:seconds."""
        minutes, seconds = divmod(int(time.monotonic() - self._started), 60)
        return f"{minutes}:{seconds:02d}"

    def end(self, last_words: str) -> None:
        """Put `last_words` in the place of the moving line."""
        self.stream.write(("\r\x1b[K" if self.live else "  ") + last_words + "\n")
        self.stream.flush()
