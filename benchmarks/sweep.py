"""Ten rates × 3 seeds by the sweep, cold, against plain ``fit`` for each: `python -m benchmarks.sweep`.

The two take turns in one run: a ``fit``, a whole sweep in new processes with an empty cache, and so on. The key
``ratio`` is 30 times the median ``fit`` over the median sweep. Both have batch normalization as in the lesson's
red-wine model, raw inputs, 128 units and 100 epochs. The sweep measures the loss at inference as well, which ``fit``
does not.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from tqdm import tqdm

from benchmarks import results
from dropnorm import quiet
from dropnorm.experiments.splits import split
from dropnorm.lab.setting import Setting
from dropnorm.sweep.background import Background, Wish

RATES, SEEDS = tuple(tenth / 10 for tenth in range(10)), 3
SETTING = Setting(batch_norm="after", inputs="raw")


def fit_once(seed: int) -> float:
    """Seconds of one plain ``fit``."""
    import keras

    data = split("red-wine", SETTING.inputs)
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


def sweep_once() -> tuple[float, float]:
    """Seconds until the first run of a cold sweep is there, and until all are."""
    data = split("red-wine", SETTING.inputs)
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
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--turns", type=int, default=4, help="how often the two take turns (default: 4)")
    turns = parser.parse_args().turns
    quiet.start()
    fits, sweeps, firsts = [], [], []
    for turn in tqdm(range(turns), desc="turns"):
        fits.append(fit_once(turn))
        first, seconds = sweep_once()
        firsts.append(first)
        sweeps.append(seconds)
    runs = len(RATES) * SEEDS
    results.write(
        "sweep",
        {
            "ratio": round(runs * median(fits) / median(sweeps), 1),
            "runs": runs,
            "fit seconds, one run": [round(each, 2) for each in fits],
            "sweep seconds, all runs, cold": [round(each, 2) for each in sweeps],
            "first run there after seconds": [round(each, 2) for each in firsts],
        },
    )


if __name__ == "__main__":
    main()
