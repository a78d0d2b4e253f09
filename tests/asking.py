"""Notebooks that ask a test, from their boxes, whether they may go on: by a socket in a folder that boxes show."""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
from collections import Counter
from pathlib import Path

ASK = """
import socket
with socket.socket(socket.AF_UNIX) as asking:
    asking.connect({path!r})
    asking.sendall({name!r}.encode())
    asking.recv(1)
"""


class Answering:
    """Answers each notebook at once; the one that is named waits until it is let go.

    Attributes:
        folder: put it into ``PYTHONPATH``: a box shows what Python imports from.
        ran: how often each has asked.
        waits: set when the one that is named has asked.
        go: set it to let that one go.
    """

    def __init__(self, held: str) -> None:
        self._held = held
        self.folder = Path(tempfile.mkdtemp(prefix="ask-", dir="/tmp"))  # a short name, as sockets have
        self.folder.chmod(0o755)
        self.ran: Counter[str] = Counter()
        self.waits, self.go = threading.Event(), threading.Event()
        self._path = self.folder / "ask"
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(self._path))
        self._path.chmod(0o666)  # in its box a notebook may be somebody else
        self._listening.listen()
        threading.Thread(target=self._listen, daemon=True).start()

    def cell(self, name: str) -> str:
        """The lines by which a notebook asks."""
        return ASK.format(path=str(self._path), name=name)

    def close(self) -> None:
        """Nobody asks any more."""
        self._listening.close()
        shutil.rmtree(self.folder)

    def _listen(self) -> None:
        while True:
            try:
                asking, _ = self._listening.accept()
            except OSError:  # it is closed
                return
            threading.Thread(target=self._answer, args=[asking], daemon=True).start()

    def _answer(self, asking: socket.socket) -> None:
        with asking:
            name = asking.recv(100).decode()
            self.ran[name] += 1
            if name == self._held:
                self.waits.set()
                self.go.wait()
            try:
                asking.sendall(b"!")
            except OSError:  # it has been killed meanwhile
                return
