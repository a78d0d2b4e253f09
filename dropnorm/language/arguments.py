"""Arguments of the command line by `argparse`, whose own words are in the language that is spoken, too."""

from __future__ import annotations

import argparse

from dropnorm.language.text import N_, _, ngettext

HEADINGS = ("positional arguments:", "options:")  # argparse looks them up without their colon
# What it says of itself and of what was typed, in all Pythons of the course.
ITS_OWN = (
    N_("usage: "),
    N_("show this help message and exit"),
    N_("%(prog)s: error: %(message)s\n"),
    N_("argument %(argument_name)s: %(message)s"),
    N_("the following arguments are required: %s"),
    N_("unrecognized arguments: %s"),
    N_("expected one argument"),
    N_("ignored explicit argument %r"),
    N_("invalid choice: %(value)r (choose from %(choices)s)"),
    N_("invalid %(type)s value: %(value)r"),
    N_("ambiguous option: %(option)s could match %(matches)s"),
)

# It takes these from gettext's default catalogue, by names of its own: there is no other way in.
argparse._, argparse.ngettext = _, ngettext  # type: ignore[attr-defined]


class Parser(argparse.ArgumentParser):
    """A parser, and those of its commands, that speak the language."""

    def format_help(self) -> str:
        """All of the help; the colons of its headings are the language's."""
        text = super().format_help()
        for heading in HEADINGS:
            text = text.replace(f"\n{heading}\n", f"\n{_(heading)}\n")
        return text
