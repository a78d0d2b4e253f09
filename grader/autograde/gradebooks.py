"""A gradebook that several programs use, and that one opens often: who comes second waits, who comes again knows it."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from collections.abc import Iterator
from functools import cache
from typing import Any

from nbgrader import api
from nbgrader.converters.base import NbGraderException
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

from dropnorm.language import N_, _

PATIENCE = 60  # seconds until a command gives up
LOCKED = N_(
    "The gradebook is in use by another program: close that, and type the same command again: it goes on where it "
    "stood."
)


def wait_for_the_gradebook() -> None:
    """From now on this process waits for a gradebook of SQLite's that another program has locked."""
    if not event.contains(Engine, "connect", _connected):
        event.listen(Engine, "connect", _connected)


@contextlib.contextmanager
def told_where_locked(log: logging.Logger) -> Iterator[None]:
    """Say it in a sentence where a gradebook stays locked: nbgrader speaks of an upgrade then, or lets Python speak.

    Raises:
        NbGraderException: that it was.
    """
    try:
        yield
    except (NbGraderException, OperationalError) as error:
        if not any("locked" in str(each) for each in (error, error.__context__)):
            raise
        log.error("%s", _(LOCKED))
        raise NbGraderException(_(LOCKED)) from None


def know_gradebooks() -> None:
    """From now on this process keeps what SQLAlchemy has learned of a gradebook.

    nbgrader opens it for each step of each notebook, some twenty times a submission, and closes it again: with an
    engine of its own each time, which compiles every statement anew.
    """
    if not hasattr(api.create_engine, "cache_info"):
        api.create_engine = cache(api.create_engine)


def _connected(connection: Any, record: Any) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
