"""``python -m grader doctor``: what protects an instructor from a learner's code here, each layer tried."""

from __future__ import annotations

import argparse
import subprocess
from collections.abc import Mapping

from dropnorm.language import N_, _, current, padded
from grader.autograde.box.layers import NEEDED, TOLD, Layer, lacking_here, landlock_version
from grader.autograde.box.trial import TRIALS, Trial, proved

COMPLETE = N_("Notebooks are graded in a box of all layers that count; paths is a second wall before the same files.")
INCOMPLETE = N_(
    "Notebooks are graded in a box without: {lacks}. docs/threats.md says what each layer is for, and what its lack "
    "means; with c.WarmExecute.require_sandbox = True nothing is graded here."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--require-sandbox",
        action="store_true",
        help=_("end with exit code 1 where a layer is missing or does not hold"),
    )


def main(options: argparse.Namespace) -> int:
    """Look at each layer and try it; the exit code."""
    lacking = lacking_here()
    faulty = []
    for trial in TRIALS:
        fine, said = examined(trial, lacking)
        if trial.layer is Layer.PATHS and trial.layer not in lacking:
            said = _("{found}; this Linux has version {version} of it").format(found=said, version=landlock_version())
        mark = padded(_("ok") if fine else _("MISSING"), 8)
        print(f"{mark} {trial.layer:<12} {_(TOLD[trial.layer])}\n{' ' * 22}{said}", flush=True)
        if not fine and trial.layer in NEEDED:
            faulty.append(trial.layer)
    print(_(INCOMPLETE).format(lacks=current().between_items.join(faulty)) if faulty else _(COMPLETE))
    return 1 if faulty and options.require_sandbox else 0


def examined(trial: Trial, lacking: Mapping[Layer, str]) -> tuple[bool, str]:
    """Whether a layer holds here, and what is to be said of it."""
    if trial.layer in lacking:
        return False, _("not here: {reason}").format(reason=_(lacking[trial.layer]))
    try:
        with_it, without = proved(trial)
    except (OSError, subprocess.TimeoutExpired) as error:
        return False, _("it could not be tried: {reason}").format(reason=error)
    if with_it:
        return False, _("tried: {attempt}; it got through").format(attempt=trial.told)
    if without:
        told = _("tried: {attempt}; barred, and without the layer it gets through")
    else:
        told = _("tried: {attempt}; barred, but without the layer it is barred here as well")
    return True, told.format(attempt=trial.told)
