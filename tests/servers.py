"""Asking a JupyterLab that a test has started."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from subprocess import Popen

import pytest

PATIENCE = 60  # seconds for one answer


def read_until_ready(server: Popen[str], port: int) -> str:
    """What JupyterLab prints until it has named its address; the test fails where it ends before that."""
    said = ""
    for line in server.stdout:
        said += line
        if f"http://localhost:{port}/lab" in line:
            return said
    pytest.fail(f"JupyterLab did not start:\n{said}")


def asked(request: urllib.request.Request) -> bytes:
    """What JupyterLab answers; it names its address a moment before it takes the first connection."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return answer.read()
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
