"""The one channel between a kernel that grades and the process that drives it: messages of JSON, each with a blob.

What comes from a kernel comes from a learner's code: a message has a bounded size, and what is damaged ends the
channel. The kernel's end is inherited; its number stands in the environment variable `VARIABLE`.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
from collections.abc import Iterator
from functools import cache
from typing import Any

VARIABLE = "DROPNORM_CHANNEL"
TEXT, BLOB = 2**20, 2**28  # bytes, at most: a message's JSON, and what goes with it
_HEAD = struct.Struct("!II")  # lengths of the JSON and of the blob


class ChannelError(Exception):
    """What came is damaged or too large; one sentence."""


class Channel:
    """One end of the channel, over a connected stream socket.

    Args:
        connection: the socket; it belongs to the channel from now on.
        blob: how many bytes a blob that comes in may have; a kernel sends none.
    """

    def __init__(self, connection: socket.socket, blob: int = BLOB) -> None:
        self._connection, self._blob = connection, blob

    def send(self, message: dict[str, Any], blob: bytes = b"") -> None:
        """Send a message. Raises ChannelError where nobody listens any more."""
        text = json.dumps(message).encode()
        try:
            self._connection.sendall(_HEAD.pack(len(text), len(blob)) + text + blob)
        except OSError as error:
            raise ChannelError(f"The other end of the channel is closed ({error}).") from None

    def receive(self) -> tuple[dict[str, Any], bytes] | None:
        """The next message and its blob; None where the other end is closed. Raises ChannelError."""
        head = self._read(_HEAD.size)
        if head is None:
            return None
        text, blob = _HEAD.unpack(head)
        if text > TEXT or blob > self._blob:
            raise ChannelError(f"A message of {text} and {blob} bytes is larger than it may be.")
        content, attached = self._read(text), self._read(blob)
        if content is None or attached is None:
            raise ChannelError("A message breaks off.")
        try:
            message = json.loads(content)
        except (ValueError, RecursionError):
            raise ChannelError("A message is no JSON.") from None
        if not isinstance(message, dict):
            raise ChannelError("A message is no JSON object.")
        return message, attached

    def __iter__(self) -> Iterator[tuple[dict[str, Any], bytes]]:
        """The messages until the other end is closed. Raises ChannelError."""
        while (received := self.receive()) is not None:
            yield received

    def ask(self, message: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Send a message and wait for the one that answers it. Raises ChannelError."""
        try:
            self.send(message)
            answer = self.receive()
        except BaseException:  # interrupted in between: the next question would read the answer to this one
            self.close()
            raise
        if answer is None:
            raise ChannelError("The other end of the channel is closed.")
        return answer

    def close(self) -> None:
        """Close this end, and wake up who waits at it."""
        with contextlib.suppress(OSError):  # the other end is gone already
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def _read(self, size: int) -> bytes | None:
        """So many bytes; None where the channel ends before them."""
        parts, missing = [], size
        while missing:
            try:
                part = self._connection.recv(min(missing, 2**16))
            except OSError:
                return None
            if not part:
                return None
            parts.append(part)
            missing -= len(part)
        return b"".join(parts)


@cache
def drivers_channel() -> Channel | None:
    """The channel to the process that drives this kernel; None where this is no kernel that grades."""
    number = os.environ.get(VARIABLE, "")
    if not number.isdigit():
        return None
    try:
        return Channel(socket.socket(fileno=int(number)))
    except OSError:  # a number that names no socket: the notebook runs as it would at home
        return None
