"""Whether the workers of another's scheduler have what this machine has: packages, the course, its data; and whether
their processors are of one kind.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dropnorm.language import N_, _
from grader.autograde.tasks import data_in_use, sources

if TYPE_CHECKING:
    from distributed import Client

PACKAGES = ("python", "dask", "distributed", "cloudpickle")  # whose versions must agree
OTHER_COURSE = N_(
    "The worker {worker} has not the same course, with the same packages ({reason}): install it there, and type the "
    "same command again: it goes on where it stood."
)
OTHER_DATA = N_(
    "The worker {worker} has not the same data ({reason}): install it there, and type the same command again: it goes "
    "on where it stood."
)
UNLIKE = N_(
    "The workers {one} and {other} have different kinds of processors: curves of equal models may differ in their last "
    "digits. Let machines of one kind grade a class."
)
ELSEWHERE = N_(
    "The workers have a different kind of processor from this machine's: what `pretrain` keeps here is not used there. "
    "Run it on one of their machines."
)


def disagreement(client: Client, address: str) -> str | None:
    """A sentence on the first thing in which a scheduler or a worker differs from this machine; None where none does.

    Args:
        client: a connection to the scheduler.
        address: the scheduler's.
    """
    found = client.get_versions()
    own = found["client"]["packages"]
    others = {_("The Dask scheduler at {address}").format(address=address): found["scheduler"]}
    others |= {_("The worker {worker}").format(worker=name): worker for name, worker in found["workers"].items()}
    for who, versions in others.items():
        for package in PACKAGES:
            theirs = versions["packages"].get(package)
            if theirs != own[package]:
                told = _(
                    "{who} runs {package} {theirs}, and this machine {ours}: install the same on both "
                    "(requirements.lock), and type the same command again: it goes on where it stood."
                )
                return told.format(who=who, package=package, theirs=theirs, ours=own[package])
    for said, here in ((OTHER_COURSE, sources), (OTHER_DATA, data_in_use)):
        for worker, there in client.run(here, on_error="return").items():
            if there != here():
                return _(said).format(worker=worker, reason=_said(there))
    return None


def unlike(client: Client) -> str | None:
    """A sentence where machines round otherwise than others do; None where all do it alike.

    Args:
        client: a connection to the scheduler, whose workers have what this machine has.
    """
    from grader.trainings import rounding  # imports NumPy: only who asks another's scheduler needs it here

    found = client.run(rounding, on_error="ignore")  # a worker that is lost at this moment is told elsewhere
    for one, other in pairwise(found):
        if found[one] != found[other]:
            return _(UNLIKE).format(one=one, other=other)
    return _(ELSEWHERE) if any(there != rounding() for there in found.values()) else None


def _said(found: Any) -> str:
    return str(found).splitlines()[0] if isinstance(found, Exception) else _("they differ")
