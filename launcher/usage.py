"""What `course.py --help` says, and what it says of a command that it does not have."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dropnorm.language import _, current, listed, padded
from launcher import languages
from launcher.layout import Layout

COLUMNS = 12  # of a command's name, and of what stands before an explanation


@dataclass(frozen=True)
class Command:
    """A command of `course.py`.

    Attributes:
        run: does it, given what was typed behind its name, and returns its exit status; None is success.
        told: what the help says of it, marked for translation.
        speaks: whether it takes `--lang`; what is typed behind the others may be another program's.
    """

    run: Callable[[Layout, list[str]], int | None]
    told: str
    speaks: bool = False


def usage() -> str:
    """How a command is typed, in one line."""
    return _("usage: course.py [-h] COMMAND ...")


def explained(commands: Mapping[str, Command]) -> str:
    """All of the help."""
    with_language = _("{commands} take {option}: {known}.").format(
        commands=listed((name for name, command in commands.items() if command.speaks), last=_(" and ")),
        option=languages.OPTION,
        known=languages.known(),
    )
    return "\n".join(
        [
            usage(),
            "",
            _("A course on dropout and batch normalization."),
            "",
            _("positional arguments:"),
            f"  {padded('COMMAND', COLUMNS)}{_('one of the commands below')}",
            f"  {padded('...', COLUMNS)}{_('what the command is given')}",
            "",
            _("options:"),
            f"  {padded('-h, --help', COLUMNS)}{_('show this help message and exit')}",
            "",
            *(f"{padded(name, COLUMNS)}{_(command.told)}" for name, command in commands.items()),
            "",
            with_language,
        ]
    )


def unknown(name: str, commands: Mapping[str, Command]) -> str:
    """That there is no such command, or that none was named, and which there are."""
    names = current().between_items.join(commands)
    told = _('There is no command "{name}"; there are: {names}.') if name else _("Name a command; there are: {names}.")
    return f"{usage()}\n{told.format(name=name, names=names)}"
