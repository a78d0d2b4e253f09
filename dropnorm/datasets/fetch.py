"""Downloads of upstream's files, by pooch: several at once, tried again, and held against their digest."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests
from tqdm import tqdm

from dropnorm.datasets.errors import COMMAND, DataError
from dropnorm.datasets.sources import Source
from dropnorm.language import _

RETRIES = 2


class NoAnswerError(DataError):
    """The network or the server did not give the file; the message says what happened, without advice."""


def download(wanted: list[Source], seconds: float) -> dict[str, bytes | Exception]:
    """Upstream's file of each data set, all at once within ``seconds``, by name: its bytes, or what went wrong.

    Shows progress on a terminal and tries each three times. What went wrong is a NoAnswerError if nothing came, a
    DataError if the official file was not what came.
    """
    pooch.get_logger().setLevel("WARNING")  # what it would say is said here
    outcomes: dict[str, bytes | Exception] = {}
    with tempfile.TemporaryDirectory(prefix="dropnorm-", ignore_cleanup_errors=True) as folder:
        # Threads, and not requests' own time-out: that one never ends a name server's silence or a trickle of bytes.
        workers = [
            threading.Thread(target=_download, args=(source, seconds, Path(folder), row, outcomes), daemon=True)
            for row, source in enumerate(wanted)
        ]
        end = time.monotonic() + seconds
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(max(0.0, end - time.monotonic()))
        arrived = dict(outcomes)
    for source in wanted:
        late = _("{host} did not send it within {seconds} s").format(host=host(source), seconds=f"{seconds:g}")
        came = arrived.get(source.name, NoAnswerError(late))
        arrived[source.name] = _said(source, came) if isinstance(came, Exception) else came
    return arrived


def host(source: Source) -> str:
    """The name of the server that has upstream's file."""
    return urlsplit(source.url).hostname or source.url


def _download(source: Source, seconds: float, folder: Path, row: int, outcomes: dict[str, bytes | Exception]) -> None:
    """Put the bytes of upstream's file, or the exception that stopped it, into ``outcomes``."""
    registry = pooch.create(
        path=folder,
        base_url="",
        registry={source.file_name: f"sha256:{source.sha256}" if source.sha256 else None},
        urls={source.file_name: source.url},
        retry_if_failed=RETRIES,
    )

    def with_progress(url: str, output_file: Any, pup: pooch.Pooch) -> None:
        bar = tqdm(total=1, desc=source.name, unit="B", unit_scale=True, leave=False, disable=None, position=row)
        with bar:
            pooch.HTTPDownloader(progressbar=bar, chunk_size=2**16, timeout=seconds)(url, output_file, pup)

    try:
        outcomes[source.name] = Path(registry.fetch(source.file_name, downloader=with_progress)).read_bytes()
    except Exception as error:  # whatever it is, the waiting thread says it
        outcomes[source.name] = error


def _said(source: Source, error: Exception) -> Exception:
    """``error`` as one for people; what is not foreseen comes back as it is."""
    match error:
        case requests.HTTPError():
            response = error.response
            said = _("{host} answered {code} {reason}")
            return NoAnswerError(said.format(host=host(source), code=response.status_code, reason=response.reason))
        case requests.Timeout():
            return NoAnswerError(_("{host} did not answer in time").format(host=host(source)))
        case requests.RequestException():
            return NoAnswerError(_("{host} cannot be reached or broke off").format(host=host(source)))
        case ValueError():
            said = _(
                "What {host} sent is not the official {name}, as its sha256 is another; try again later, or take a "
                "copy that you have with `{command} import DIR`."
            )
            return DataError(said.format(host=host(source), name=source.name, command=COMMAND))
        case OSError():
            said = _("The download of {name} cannot be written ({reason}); free some space, then try again.")
            return DataError(said.format(name=source.name, reason=error.strerror or error))
    return error
