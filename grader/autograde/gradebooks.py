"""A gradebook that several programs use, and that one opens often: who comes second waits, who comes again knows it."""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from nbgrader import api
from sqlalchemy import event
from sqlalchemy.engine import Engine

PATIENCE = 60  # seconds until a command gives up, and nbgrader says that it cannot access its database


def wait_for_the_gradebook() -> None:
    """From now on this process waits for a gradebook of SQLite's that another program has locked."""
    if not event.contains(Engine, "connect", _connected):
        event.listen(Engine, "connect", _connected)


def know_gradebooks() -> None:
    """From now on this process keeps what SQLAlchemy has learned of a gradebook.

    nbgrader opens it for each step of each notebook, some twenty times a submission, and closes it again: with an
    engine of its own each time, which compiles every statement anew.
    """
    if not hasattr(api.create_engine, "cache_info"):
        api.create_engine = cache(api.create_engine)


def _connected(connection: Any, _: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
