"""JupyterLab: on the learner's copy, or on the whole course for an instructor."""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from dropnorm.language import _
from dropnorm.language.choice import VARIABLE
from launcher import languages
from launcher.layout import CourseError, Layout, environment

LAST_PORT = 65535


def open_lab(layout: Layout, folder: Path, page: str, arguments: list[str]) -> NoReturn:
    """Become JupyterLab, with `folder` as what it shows, at `page`, and with the user's own options after ours.

    The folder of a learner is `my-course`: what is done in JupyterLab stays in it, and the clone stays clean.

    Raises:
        CourseError: a port is asked for that cannot be had.
    """
    check_port(arguments)
    command = [
        str(layout.python),
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={folder}",
        f"--LabApp.default_url=/lab{page}",
        *arguments,
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and "--allow-root" not in arguments:
        print(_("You are root here, as is usual in a container: JupyterLab is started with --allow-root."))
        command.append("--allow-root")
    env = speaking(layout)
    # nbgrader looks for its configuration here, whichever folder its commands are typed in.
    env["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, [str(layout.root), env.get("JUPYTER_CONFIG_PATH")]))
    os.chdir(layout.root)
    sys.stdout.flush()
    if layout.windows:  # exec would give the prompt back at once
        process = subprocess.Popen(command, env=env)
        while True:
            try:
                sys.exit(process.wait())
            except KeyboardInterrupt:  # JupyterLab has had it too, and asks before it stops
                continue
    os.execve(command[0], command, env)


def speaking(layout: Layout) -> dict[str, str]:
    """The variables for a program that speaks the language of the notebooks, whatever the terminal can print."""
    return environment(layout) | {VARIABLE: languages.spoken(layout.notebooks).code}


def check_port(arguments: list[str]) -> None:
    """Complain of a port, named in JupyterLab's options, that another program has: JupyterLab would take the next.

    Raises:
        CourseError: no number, out of range, not permitted or in use.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--port", "--ServerApp.port", dest="port")
    parser.add_argument("--ip", "--ServerApp.ip", dest="ip", default="localhost")
    named = parser.parse_known_args(arguments)[0]
    if named.port is None:
        return
    if not named.port.isdecimal() or not 0 <= int(named.port) <= LAST_PORT:
        raise CourseError(
            _('"{port}" is no port: a port is a number from 1 to {last}.').format(port=named.port, last=LAST_PORT)
        )
    if refused := port_refused(int(named.port), named.ip):
        raise CourseError(
            _('{refused}: choose another, such as make lab ARGS="--port {free}".').format(
                refused=refused, free=free_port()
            )
        )


def port_refused(port: int, host: str = "localhost") -> str:
    """That a server cannot have `port` of this machine, and why, without a full stop; empty where it can."""
    with socket.socket() as probe:
        if os.name != "nt":  # there, this option means that two may have one port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("" if host in ("*", "0.0.0.0") else host, port))
            probe.listen(1)
        except PermissionError:
            return _("Port {port} is reserved for the system").format(port=port)
        except OSError:
            return _("Port {port} is in use by another program").format(port=port)
    return ""


def free_port() -> int:
    """A port that no program has now."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]
