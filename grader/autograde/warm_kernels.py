"""Kernels for grading, forked from a process that is warm: 0.4 s until one answers, not 5.

`WarmKernelManager` is a kernel manager like any other; only how its process comes about differs. Where forking is not
safe, or the forking process cannot be had, ordinary kernels are started, and that is said once.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from dropnorm.language import _
from grader.autograde.box.layers import Box
from grader.autograde.fork_server import MESSAGE, THREADS
from grader.channel import VARIABLE

LAUNCHER = ["-m", "ipykernel_launcher"]
ELSEWHERE = "/"  # where a box's own program starts: no folder of a learner's
QUIET = ("-W", "ignore::RuntimeWarning:runpy")  # the package has imported the module: it is only run once
# Its own variables, and not TF_TOKEN_… or TF_VAR_…, in which Terraform's users keep what is secret.
TENSORFLOW = (
    *("TF_CPP_", "TF_NUM_", "TF_ENABLE_", "TF_DISABLE_", "TF_FORCE_", "TF_GPU_", "TF_XLA_", "TF_CUDNN_", "TF_CUDA_"),
    *("TF_DETERMINISTIC_", "TF_USE_", "TF_ONEDNN_"),
)
# Beginnings of what the forking process needs of the environment. What else is there, such as an instructor's tokens,
# is not for a process that every learner's kernel can look at.
NEEDED = (
    *("PATH", "HOME", "LANG", "LC_", "TZ", "TMP", "TEMP", "USER", "LOGNAME", "XDG_", "LD_", "PYTHON", "VIRTUAL_ENV"),
    *("CONDA_PREFIX", "JUPYTER_PATH", "JUPYTER_CONFIG_", "JUPYTER_DATA_", "JUPYTER_RUNTIME_", "IPYTHONDIR", "MPL"),
    *("DROPNORM_", "KERAS_", "XLA_", "CUDA_", "OPENBLAS_", "OMP_", "MKL_", *TENSORFLOW),
)
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Boxed:
    """A kernel's box, and the scratch folder with what a box needs (`grader.autograde.box.keeper`)."""

    box: Box
    scratch: Path

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as the forking process and a box's command read them."""
        return {"box": self.box.to_dict(), "scratch": str(self.scratch)}


class ForkServerError(Exception):
    """There is no process to fork kernels from; one sentence."""


class ForkServer:
    """The process `grader.autograde.fork_server`, started by this one, and the channel to it.

    Raises:
        ForkServerError: it does not start, or could not fork safely.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()  # one question at a time, from whichever thread
        own, others = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with others:
            command = [sys.executable, *QUIET, "-m", "grader.autograde.fork_server", str(others.fileno())]
            folder = str(Path(__file__).resolve().parents[2])
            paths = [folder, *filter(None, [os.environ.get("PYTHONPATH")])]
            env = {name: value for name, value in os.environ.items() if name.startswith(NEEDED)}
            env |= dict.fromkeys(THREADS, "1") | {"PYTHONPATH": os.pathsep.join(paths)}
            self.process = subprocess.Popen(command, env=env, pass_fds=[others.fileno()], stdin=subprocess.DEVNULL)
        self._channel = own
        threads = self._answer()["threads"]
        if threads != 1:
            self.close()
            told = _("the process to fork from has {threads} threads, and one would be safe")
            raise ForkServerError(told.format(threads=threads))

    def fork(
        self,
        argv: list[str],
        cwd: str,
        env: dict[str, str],
        inherited: int | None = None,
        boxed: Boxed | None = None,
    ) -> ForkedKernel:
        """A new kernel with these arguments of its launcher, and a descriptor that it and no other one inherits.

        Its box has those of the layers asked for that this system has.
        """
        question = {"fork": {"argv": argv, "cwd": cwd, "env": env, "boxed": boxed and boxed.to_dict()}}
        return ForkedKernel(self, self._ask(question, [] if inherited is None else [inherited])["pid"])

    def ended(self, pid: int) -> int | None:
        """A kernel's exit code, None while it runs."""
        return self._ask({"poll": pid})["code"]

    @property
    def usable(self) -> bool:
        """Whether the process is still there."""
        return self.process.poll() is None

    def close(self) -> None:
        """End it, and the kernels that still run."""
        self._channel.close()
        self.process.wait()

    def _ask(self, question: dict[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        with self._lock:
            try:
                socket.send_fds(self._channel, [json.dumps(question).encode()], descriptors)
            except OSError as error:
                told = _("the process to fork from is gone ({reason})")
                raise ForkServerError(told.format(reason=error)) from error
            return self._answer()

    def _answer(self) -> dict[str, Any]:
        try:
            message = self._channel.recv(MESSAGE)
        except ConnectionResetError:  # it was killed with a question unread
            message = b""
        if not message:
            told = _("the process to fork from ended with exit code {code}")
            raise ForkServerError(told.format(code=self.process.wait()))
        return json.loads(message)


class ForkedKernel:
    """A kernel's process, with as much of `subprocess.Popen` as jupyter_client asks for."""

    stdin = stdout = stderr = None

    def __init__(self, server: ForkServer, pid: int) -> None:
        self.server, self.pid, self.returncode = server, pid, None

    def poll(self) -> int | None:
        """The exit code, None while it runs. Without its server a kernel ends itself: that counts as killed."""
        if self.returncode is None:
            try:
                self.returncode = self.server.ended(self.pid)
            except ForkServerError:
                self.kill()
                self.returncode = -signal.SIGKILL
        return self.returncode

    def wait(self) -> int | None:
        """The exit code of a kernel that has ended; the provisioner polls before."""
        return self.poll()

    def send_signal(self, number: int) -> None:
        """Send it, or the keeper of its box, a signal; nothing happens where it has ended."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def kill(self) -> None:
        """End it at once, with what it has started."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class WarmProvisioner(LocalProvisioner):
    """Launches a kernel of this Python by forking; any other one, and where that cannot be, as ever."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Launch it. ``cmd`` is the kernel's command line."""
        inherited = self.parent.inherited
        env = {name: value for name, value in dict(kwargs.get("env") or os.environ).items() if name != VARIABLE}
        if inherited is not None:
            kwargs["pass_fds"] = [inherited]
            env[VARIABLE] = str(inherited)
        kwargs["env"] = env
        if not (cmd[0] == sys.executable and cmd[1:3] == LAUNCHER and safe_to_fork()):
            return await super().launch_kernel(**in_a_box(cmd, self.parent.boxed, kwargs))
        try:
            cwd = str(kwargs.get("cwd") or Path.cwd())
            self.process = the_server().fork(cmd[3:], cwd, env, inherited, self.parent.boxed)
        except ForkServerError as error:
            said_once(_("Kernels are started one by one: {reason}.").format(reason=error))
            return await super().launch_kernel(**in_a_box(cmd, self.parent.boxed, kwargs))
        self.pid = self.pgid = self.process.pid
        self.cwd = cwd
        return self.connection_info


class WarmKernelManager(AsyncKernelManager):
    """A kernel manager whose kernels are forked from a warm process.

    Attributes:
        inherited: a descriptor that its kernel is to inherit, the channel's end; jupyter_client hands on no argument of
            a launch that it does not know.
        boxed: the box that its kernel runs in; None for none.
    """

    inherited: int | None = None
    boxed: Boxed | None = None

    async def _async_pre_start_kernel(self, **kwargs: Any) -> tuple[list[str], dict[str, Any]]:
        if self.provisioner is None:
            self.provisioner = WarmProvisioner(kernel_id=self.kernel_id, kernel_spec=self.kernel_spec, parent=self)
        return await super()._async_pre_start_kernel(**kwargs)


def in_a_box(cmd: list[str], boxed: Boxed | None, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What launches a command line in a box, by `grader.autograde.box.__main__`; only Linux has any.

    The box's own program does not start in the notebook's folder: where ``PYTHONPATH`` or the linker's path has an
    empty entry, it would load what was handed in, before the walls stand.
    """
    if boxed is None or sys.platform != "linux":
        return kwargs | {"cmd": cmd}
    told = json.dumps(boxed.to_dict() | {"folder": str(kwargs.get("cwd") or Path.cwd())})
    command = [sys.executable, *QUIET, "-P", "-m", "grader.autograde.box", told, *cmd]
    return kwargs | {"cmd": command, "cwd": ELSEWHERE}


_server: ForkServer | None = None
_starting = threading.Lock()


def the_server() -> ForkServer:
    """This process's fork server, started when it is first asked for and again where it was killed.

    Raises:
        ForkServerError: there cannot be one.
    """
    global _server
    with _starting:
        if _server is None or not _server.usable:
            _server = ForkServer()
        return _server


def safe_to_fork() -> bool:
    """Whether this system can fork a process that has loaded such libraries: Linux; said once where it cannot."""
    if sys.platform == "linux":
        return True
    said_once(_("Kernels are started one by one: only on Linux is it safe to fork them from a warm process."))
    return False


@cache
def said_once(sentence: str) -> None:
    """Log a sentence, the first time that it is said."""
    log.warning(sentence)
