"""A Dask cluster on this machine alone, which ends with the process that started it, however that ends.

    python -m grader.autograde.local_cluster CORES

It prints, as one line of JSON, the scheduler's address, the number of cores, and the key without which nobody can
connect: whoever can have a task run by this cluster is its user. Everything ends at once when its input is closed. For
each core there is a process that trains and one that drives notebooks, which mostly waits. It is a program of its own,
not started by `multiprocessing`: that would import the starting program again.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
from contextlib import AsyncExitStack
from typing import Any

import dask.config
from dask.system import CPU_COUNT
from distributed import Nanny, Scheduler  # first: its defaults would be merged into what is set below
from distributed.security import Security
from distributed.system import MEMORY_LIMIT

NOTEBOOK, TRAINING = "notebook", "training"  # what a worker has room for, as Dask's resources
AT_ONCE = 2  # notebooks that one process drives: while one of them waits for its training, the other runs
HOST = "127.0.0.1"
GIB = 2**30
A_CORE = 2.5 * GIB  # bytes that its two workers take, kernels included
KEY = ("tls_ca_file", "tls_client_cert", "tls_client_key")  # of Dask's `Security`, as text
IDLE = "15 minutes"  # formgrader's server keeps its cluster from one request to the next, and not for ever
CONFIG = {
    "distributed.worker.profile.enabled": False,  # it would look at each worker a hundred times a second
    "distributed.worker.memory.monitor-interval": "300ms",  # not 100: each worker and each nanny does it
    "distributed.admin.system-monitor.interval": "5s",  # for a dashboard, which nobody has
    "distributed.scheduler.allowed-failures": 0,  # who waits for a task sees to it that it has a second try, alone
    "distributed.nanny.pre-spawn-environ": {"MALLOC_TRIM_THRESHOLD_": 65536},  # as many threads as anywhere
}


def cores(wanted: int) -> int:
    """How many cores are used: as many as are wanted, else as the machine has and its memory is enough for."""
    return wanted or max(1, min(CPU_COUNT, int(MEMORY_LIMIT / A_CORE)))


async def run(count: int) -> None:
    """Start everything, say where it is, and wait until nobody has wanted anything for long."""
    security = Security.temporary()
    async with AsyncExitStack() as stack:
        scheduler = Scheduler(
            **{"host": HOST, "port": 0, "protocol": "tls", "security": security, "idle_timeout": IDLE},
            **{"dashboard": False, "dashboard_address": f"{HOST}:0"},
        )
        scheduler = await stack.enter_async_context(scheduler)
        scheduler.http_server.stop()
        key = {name: getattr(security, name) for name in KEY}
        print(json.dumps({"address": scheduler.address, "cores": count, "key": key}), flush=True)
        common: dict[str, Any] = {"host": HOST, "dashboard": False, "memory_limit": 2 * GIB}
        common |= {"protocol": "tls", "security": security}
        nannies = []
        for core in range(count):
            roles = (("driver", AT_ONCE, NOTEBOOK), ("trainer", 1, TRAINING))
            for role, threads, room in roles:
                options = common | {"name": f"{role}-{core}", "nthreads": threads, "resources": {room: threads}}
                nannies.append(Nanny(scheduler.address, **options))
        await asyncio.gather(*(stack.enter_async_context(nanny) for nanny in nannies))
        await scheduler.finished()


def end_with_input() -> None:
    """End this process when its input is closed. Its workers watch this process, their kernels' servers watch them."""
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for who asked
    dask.config.set(CONFIG)
    threading.Thread(target=end_with_input, daemon=True).start()
    asyncio.run(run(cores(int(sys.argv[1]))))
