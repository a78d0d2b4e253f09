"""Curves that grow while `fit` runs: in a page one output that is replaced in place, a text bar everywhere else."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from queue import Empty
from typing import Any

import numpy as np
import pytest
from jupyter_client.blocking import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

from dropnorm.curves import AT_INFERENCE, LOGGED, VALIDATION
from dropnorm.places import ROOT

START = """
from dropnorm import quiet
quiet.start()
import time, keras, numpy as np
from dropnorm.lab import live_curves
from dropnorm.lab.live_curves import LiveCurves
from dropnorm.training import LossAtInference

live_curves.PAUSE = 0
X, y = np.random.default_rng(0).normal(size=(8, 2)), np.ones(8)

def built():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mae", run_eagerly=True)  # no tracing
    return model

model, live = built(), LiveCurves("wine <1>", ylabel="loss (MPa)")

class Slow(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.1)

class Fails(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            raise RuntimeError("a learner's callback")

class Breaks(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        if epoch == 2:
            self.model.layers[0].set_weights([np.full((2, 1), np.nan), np.zeros(1)])
"""
FIT = "history = model.fit(X, y, {}verbose=0, callbacks=[{}])"
CELLS = {
    "start": START,
    "fit": FIT.format("validation_data=(X, y), epochs=6, ", "LossAtInference(X, y), live"),
    "plain loss": FIT.format("epochs=3, ", "live"),
    "one epoch": FIT.format("validation_data=(X, y), epochs=1, ", "live"),
    "resumed": FIT.format("validation_data=(X, y), epochs=9, initial_epoch=6, ", "LiveCurves()"),
    "nothing left": FIT.format("epochs=9, initial_epoch=9, ", "LiveCurves()"),
    "every second": FIT.format("validation_data=(X, y), validation_freq=2, epochs=6, ", "LiveCurves()"),
    "placed behind": FIT.format("epochs=4, ", "LiveCurves(), LossAtInference(X, y)"),
    "stopped": FIT.format(
        "epochs=9, ",
        "LiveCurves(), keras.callbacks.LambdaCallback("
        "on_epoch_end=lambda epoch, logs: setattr(model, 'stop_training', epoch == 3))",
    ),
    "seldom": f"live_curves.PAUSE = 3600\n{FIT.format('epochs=20, ', 'LiveCurves()')}\nlive_curves.PAUSE = 0",
    "error": FIT.format("epochs=9, ", "LiveCurves(), Fails()"),
    "becomes NaN": f"model = built()\n{FIT.format('validation_data=(X, y), epochs=6, ', 'LiveCurves(), Breaks()')}",
    "NaN": FIT.format("validation_data=(X, y), epochs=3, ", "LiveCurves()"),
    "infinite": "model = built()\nmodel.layers[0].set_weights([np.full((2, 1), 3e38), np.zeros(1)])\n"
    + FIT.format("epochs=1, ", "LiveCurves()"),
    "no losses": "callback = LiveCurves()\ncallback.set_params({'epochs': 2})\ncallback.on_train_begin()\n"
    "for epoch in range(2):\n    callback.on_epoch_begin(epoch)\n    callback.on_epoch_end(epoch)\n"
    "callback.on_train_end()",
    "interrupted": f"model, live = built(), LiveCurves()\n{FIT.format('epochs=60, ', 'Slow(), live')}",
    "afterwards": FIT.format("epochs=2, ", "live"),
    "left": "import threading, matplotlib.pyplot as plt\n"
    "assert plt.get_fignums() == []\n"
    "assert not [each for each in get_ipython().events.callbacks['post_run_cell'] if 'live_curves' in each.__module__]",
}
BROKEN = {"error": "RuntimeError", "interrupted": "KeyboardInterrupt"}

Outputs = dict[str, list[dict[str, Any]]]


def run(kernel: BlockingKernelClient, name: str, metadata: dict[str, str], interrupt: Callable[[], None]) -> list[dict]:
    """Run one cell as a page does, or as nbclient (no metadata): what it shows, message by message."""
    request = kernel.session.msg("execute_request", {"code": CELLS[name], "silent": False}, metadata=metadata)
    kernel.shell_channel.send(request)
    messages = []
    while True:
        try:
            message = kernel.get_iopub_msg(timeout=60)
        except Empty:
            pytest.fail(f"The cell {name!r} did not end.")
        kind, content = message["msg_type"], message["content"]
        if kind == "status" and content["execution_state"] == "idle":
            return messages
        if kind == "error":
            assert content["ename"] == BROKEN.get(name), "\n".join(content["traceback"])
        elif kind not in ("status", "execute_input"):
            messages.append({"kind": kind, **content})
            if name == "interrupted" and len(messages) == 4:
                interrupt()


@pytest.fixture(scope="module")
def pages() -> Iterator[Callable[[bool], Outputs]]:
    """What each cell shows, by whether a page asked for it."""
    manager, kernel = start_new_kernel()
    kept: dict[bool, Outputs] = {}

    def outputs(in_page: bool) -> Outputs:
        if in_page not in kept:
            metadata = {"cellId": "a-cell"} if in_page else {}
            names = CELLS if in_page else ("start", "fit", "NaN", "resumed", "left")
            kept[in_page] = {name: run(kernel, name, metadata, manager.interrupt_kernel) for name in names}
        return kept[in_page]

    yield outputs
    kernel.stop_channels()
    manager.shutdown_kernel(now=True)


@pytest.fixture
def page(pages: Callable[[bool], Outputs]) -> Outputs:
    """What each cell shows in a page."""
    return pages(True)


def last(messages: list[dict[str, Any]]) -> tuple[str, str]:
    """The drawing and the line that stay; all messages are of one output, replaced in place."""
    assert [each["kind"] for each in messages] == ["display_data"] + ["update_display_data"] * (len(messages) - 1)
    assert len({each["transient"]["display_id"] for each in messages}) == 1
    return messages[-1]["data"]["text/html"], messages[-1]["data"]["text/plain"]


def points(html: str) -> dict[str, int]:
    """How many points each curve has."""
    paths = re.findall(r'<path class="shown (\w+)" d="([^"]*)"', html)
    return {name: len(re.findall("[ML]", path)) for name, path in paths if path}


def test_the_curves_grow_in_one_output_epoch_by_epoch(page: Outputs) -> None:
    html, line = last(page["fit"])
    assert len(page["fit"]) == 1 + 6  # an empty drawing, and one of each epoch
    grown = [points(each["data"]["text/html"]).get(VALIDATION, 0) for each in page["fit"]]
    assert grown == [0, 0, 2, 3, 4, 5, 6]  # one epoch alone is a dot
    assert points(html) == {LOGGED: 6, AT_INFERENCE: 6, VALIDATION: 6}
    assert html.count('class="best"') == 1
    assert line.startswith("wine <1>: epoch 6 of 6; loss 0.")
    assert "val_loss 0." in line and "best epoch 6" in line
    assert "wine &lt;1&gt;: epoch 6 of 6" in html and "<1>" not in html


def test_nothing_but_that_output_is_shown_and_nothing_is_left(page: Outputs) -> None:
    for name, messages in page.items():
        assert all("data" in each for each in messages), f"{name}: {messages}"  # no stream
    assert [page[name] for name in ("start", "left")] == [[], []]


def test_the_page_does_not_jump(page: Outputs) -> None:
    """From the first, empty drawing on, every one is equally large."""
    for name in ("fit", "NaN", "no losses"):
        sizes = [re.findall(r'viewBox="0 0 [\d. ]+"', each["data"]["text/html"])[-1] for each in page[name]]
        assert len(set(sizes)) == 1, name


def test_without_validation_the_drawing_names_what_is_there(page: Outputs) -> None:
    html, line = last(page["plain loss"])
    assert points(html) == {LOGGED: 3}
    assert 'class="best"' not in html
    assert "val_loss" not in line and "best epoch" not in line and "not a number" not in line
    legend, all_three = (html.count("<use") for html in (html, last(page["fit"])[0]))
    assert legend < all_three - 40  # the letters of three entries


def test_a_second_fit_has_an_output_of_its_own(page: Outputs) -> None:
    first, second = (page[name][0]["transient"]["display_id"] for name in ("fit", "plain loss"))
    assert first != second
    assert "epoch 3 of 3" in last(page["plain loss"])[1]


def test_one_epoch_is_drawn_as_dots(page: Outputs) -> None:
    html, line = last(page["one epoch"])
    assert re.findall(r'<circle class="shown (\w+)"', html) == [LOGGED, VALIDATION]
    assert "epoch 1 of 1" in line


def test_a_training_that_goes_on_is_drawn_from_its_first_epoch(page: Outputs) -> None:
    html, line = last(page["resumed"])
    assert points(html) == {LOGGED: 3, VALIDATION: 3}
    assert "epoch 9 of 9" in line
    start = float(re.search(r'class="shown loss" d="M([\d.]+)', html)[1])
    whole = float(re.search(r'class="shown loss" d="M([\d.]+)', last(page["fit"])[0])[1])
    assert start > whole + 250  # points, of 500: epoch 7 of 9, not 1 of 6
    assert "ended after epoch 0 of 9" in last(page["nothing left"])[1]


def test_validation_in_every_second_epoch_is_one_line(page: Outputs) -> None:
    html, line = last(page["every second"])
    path = re.search(r'class="shown val_loss" d="([^"]*)"', html)[1]
    assert path.count("M") == 1 and path.count("L") == 4  # epochs 2 to 6
    assert "best epoch 6" in line


def test_a_loss_at_inference_that_comes_later_in_the_list_is_drawn_too(page: Outputs) -> None:
    assert points(last(page["placed behind"])[0]) == {LOGGED: 4, AT_INFERENCE: 4}


def test_a_loss_that_is_no_number_is_said(page: Outputs) -> None:
    html, line = last(page["becomes NaN"])
    assert "loss is not a number (NaN) from epoch 4 on" in line
    assert ">the loss is not a number (NaN)</text>" in html
    assert points(html)[LOGGED] == 3
    html, line = last(page["NaN"])
    assert "loss is not a number (NaN) from epoch 1 on" in line
    assert ">the loss is not a number (NaN)</text>" in html
    assert not points(html)
    html, line = last(page["infinite"])
    assert "loss is infinite from epoch 1 on" in line
    assert ">the loss is infinite</text>" in html


def test_a_training_that_logs_no_loss_is_said_too(page: Outputs) -> None:
    html, line = last(page["no losses"])
    assert "epoch 2 of 2" in line and "not a number" not in html
    assert ">no loss is logged</text>" in html


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("stopped", "training: ended after epoch 4 of 9; "),
        ("error", "training: broken off by an error in epoch 3 of 9; "),
    ],
)
def test_a_training_that_ends_early_says_where(page: Outputs, cell: str, said: str) -> None:
    html, line = last(page[cell])
    assert line.startswith(said)
    assert points(html)[LOGGED] == int(re.search(r"epoch (\d)", said)[1])


def test_an_interrupted_training_leaves_its_curves_and_says_so(page: Outputs) -> None:
    html, line = last(page["interrupted"])
    epoch = int(re.match(r"training: interrupted in epoch (\d+) of 60; ", line)[1])
    assert epoch - 1 <= points(html)[LOGGED] <= epoch
    assert "left" not in line
    assert "epoch 2 of 2" in last(page["afterwards"])[1]  # the same callback, used again
    ids = [page[name][0]["transient"]["display_id"] for name in ("interrupted", "afterwards")]
    assert page["afterwards"][-1]["transient"]["display_id"] == ids[1] != ids[0]


def test_a_fast_training_is_drawn_seldom_and_its_end_always(page: Outputs) -> None:
    html, _ = last(page["seldom"])
    assert len(page["seldom"]) == 3  # empty, the first epoch, the last
    assert points(html) == {LOGGED: 20}


def test_without_a_page_it_is_a_bar_of_text(pages: Callable[[bool], Outputs]) -> None:
    outputs = pages(False)
    for name in ("fit", "NaN", "resumed"):
        assert all(set(each.get("data", {})) == {"text/plain"} for each in outputs[name]), outputs[name]
    assert outputs["fit"][-1]["data"]["text/plain"].startswith("wine <1>: 100%")
    assert "val_loss=0." in outputs["fit"][-1]["data"]["text/plain"]
    assert "9/9" in outputs["resumed"][-1]["data"]["text/plain"]
    assert outputs["left"] == []


def test_in_a_terminal_it_is_a_line_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    import keras

    from dropnorm.lab.live_curves import LiveCurves

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mae", run_eagerly=True)  # no tracing
    model.fit(np.zeros((4, 2)), np.ones(4), epochs=3, verbose=0, callbacks=[LiveCurves("wine")])
    captured = capsys.readouterr()
    assert "wine: 100%" in captured.out and "3/3" in captured.out
    assert captured.err == "" and "<svg" not in captured.out


def test_its_import_writes_nothing() -> None:
    """In a process: a kernel that pytest starts does not show what TensorFlow writes past Python."""
    asked = [sys.executable, "-c", "from dropnorm.lab import LiveCurves"]
    told = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
    assert (told.stdout, told.stderr) == ("", "")


def test_a_model_is_answered_by_where_the_callback_goes() -> None:
    from dropnorm.lab.live_curves import LiveCurves

    for given in ({"desc": [1]}, {"ylabel": [1]}):
        with pytest.raises(TypeError, match=r"model\.fit\(\.\.\., callbacks=\[LiveCurves\(\)\]\)`; this is a list\.$"):
            LiveCurves(**given)
