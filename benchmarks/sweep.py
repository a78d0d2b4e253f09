"""Ten rates × 3 seeds by the sweep, cold, against plain ``fit`` for each: `python -m benchmarks.sweep`.

The two take turns in one run: a ``fit``, a whole sweep in new processes with an empty cache, and so on. The key
``ratio`` is 30 times the median ``fit`` over the median sweep. Both have batch normalization as in the lesson's
red-wine model, raw inputs, 128 units and 100 epochs. The sweep measures the loss at inference as well, which ``fit``
does not.

OpenBLAS, by which NumPy multiplies, picks its kernels by the processor, unless ``OPENBLAS_CORETYPE`` pins others. The
benchmark takes such a pin away (``fit`` does not use OpenBLAS), and says what the ratio is with it.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from tqdm import tqdm

from benchmarks import results
from dropnorm import quiet
from dropnorm.lab.setting import Setting
from dropnorm.split import Split, split
from dropnorm.sweep.background import Background, Wish

RATES, SEEDS = tuple(tenth / 10 for tenth in range(10)), 3
PIN = "OPENBLAS_CORETYPE"
SETTING = Setting(batch_norm="after", inputs="raw")


def fit_once(data: Split, seed: int) -> float:
    """Seconds of one plain ``fit``."""
    import keras

    keras.utils.set_random_seed(seed)
    layers = [keras.Input((data.X_train.shape[1],))]
    for _ in range(3):
        layers += [
            keras.layers.Dense(SETTING.width, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.BatchNormalization(),
        ]
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile("adam", "mae")
    start = time.perf_counter()
    model.fit(
        data.X_train,
        data.y_train,
        validation_data=(data.X_valid, data.y_valid),
        epochs=100,
        batch_size=256,
        verbose=0,
    )
    return time.perf_counter() - start


def sweep_once(data: Split) -> tuple[float, float]:
    """Seconds until the first run of a cold sweep is there, and until all are."""
    plans = [SETTING.plan(rate, run) for run in range(SEEDS) for rate in RATES]
    got, over, first = [], threading.Event(), []
    failures: list[str] = []

    def came(plan, curves):
        first.append(time.perf_counter())
        got.append(plan)
        if len(got) == len(plans):
            over.set()

    def failed(sentence):
        failures.append(sentence)
        over.set()

    with tempfile.TemporaryDirectory() as folder:
        pool = Background(folder=Path(folder))
        start = time.perf_counter()
        pool.want("benchmark", Wish(plans, data, came, failed))
        over.wait()
        seconds = time.perf_counter() - start
        pool.close()
    assert not failures, failures[0]
    return first[0] - start, seconds


def main() -> None:
    parser = results.arguments(__doc__)
    parser.add_argument("--turns", type=int, default=4, help="how often the two take turns (default: %(default)s)")
    options = parser.parse_args()
    quiet.start()
    data = split("red-wine", SETTING.inputs)
    pin = os.environ.pop(PIN, None)
    fits, sweeps, firsts = [], [], []
    for turn in tqdm(range(options.turns), desc="turns"):
        fits.append(fit_once(data, turn))
        first, seconds = sweep_once(data)
        firsts.append(first)
        sweeps.append(seconds)
    runs = len(RATES) * SEEDS
    pinned = {}
    if pin is not None:
        os.environ[PIN] = pin
        pinned = {f"ratio under {PIN}={pin}": round(runs * median(fits) / sweep_once(data)[1], 1)}
    results.write(
        options.results,
        "sweep",
        {
            "ratio": round(runs * median(fits) / median(sweeps), 1),
            **pinned,
            "runs": runs,
            "fit seconds, one run": [round(each, 2) for each in fits],
            "sweep seconds, all runs, cold": [round(each, 2) for each in sweeps],
            "first run there after seconds": [round(each, 2) for each in firsts],
        },
    )


if __name__ == "__main__":
    main()
