"""What the modules of a package declare: a new one is found by itself, no list names it."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def declared(package: str, attribute: str, name: Callable[[Any], str], plural: str) -> dict[str, Any]:
    """Everything that the package's modules list under ``attribute``, by name and in the order of the modules' names.

    A module without that attribute is left alone.

    Args:
        package: its dotted name.
        attribute: what a module calls its list.
        name: of a declaration.
        plural: what several of them are called.

    Raises:
        ValueError: two of them have one name, so that one would never be found.
    """
    found: dict[str, Any] = {}
    for module in sorted(entry.name for entry in iter_modules(import_module(package).__path__)):
        for declaration in getattr(import_module(f"{package}.{module}"), attribute, ()):
            key = name(declaration)
            if key in found:
                raise ValueError(f"Two {plural} are called {key!r}; one is in {package}.{module}.")
            found[key] = declaration
    return found
