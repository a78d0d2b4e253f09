"""Start TensorFlow without its log on the page.

TensorFlow writes to standard error while it is imported, from C++, before it has read its own log level:
``TF_CPP_MIN_LOG_LEVEL`` silences what comes later, not these lines. So the import happens while file descriptor 2
points elsewhere. If the import fails, what was written is shown, for then it is needed.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import sys
import tempfile
from collections.abc import Iterator

from dropnorm.language import use
from dropnorm.language.in_notebooks import speak_in_notebook

ERRORS_ONLY = "3"  # TensorFlow's level: information, warnings and errors off; fatal messages stay


def start(language: str | None = None) -> None:
    """Import TensorFlow and Keras silently; what they log below a fatal error stays off the page from now on.

    Call it before ``import keras``; a second call changes the language at most.

    Args:
        language: what the course speaks from now on, ``"en"`` or ``"zh"``; without it, what it speaks already:
            what ``DROPNORM_LANG`` or the locale says.

    Raises:
        LanguageError: there is no such language; and what the import raises.
    """
    if language is not None:
        use(language)
        speak_in_notebook()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", ERRORS_ONLY)
    # On the first start in a new environment matplotlib would announce on standard error that it looks for fonts.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    if "keras" in sys.modules:
        return
    with no_stderr():
        import keras  # noqa: F401


@contextlib.contextmanager
def no_stderr() -> Iterator[None]:
    """Nothing reaches standard error inside this block, whether written by Python or by a compiled library.

    If the block raises, what was written is passed on first.
    """
    sys.stderr.flush()
    written = io.StringIO()
    with tempfile.TemporaryFile() as file:
        saved = os.dup(2)
        try:
            os.dup2(file.fileno(), 2)
            with contextlib.redirect_stderr(written):
                yield
        except BaseException:
            os.dup2(saved, 2)
            file.seek(0)
            sys.stderr.write(file.read().decode(errors="replace") + written.getvalue())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)
