"""The floor: what no code can go below, the matrix products and the memory traffic of an epoch."""

import time

import numpy as np

from reports.bench.setting import Setting

PASSES = 14  # over (N, H) arrays in one epoch of a hidden layer: 7 forward and backward products touch 6, the rest 8


def bandwidth(setting: Setting, rounds: int = 9) -> float:
    """Returns bytes per second of copying an array as large as one hidden layer's: what is read and what is written."""
    source = np.ones((setting.samples, setting.width), setting.dtype)
    target = np.empty_like(source)
    times = []
    for _ in range(rounds + 1):
        began = time.process_time_ns()
        for _ in range(20):
            np.copyto(target, source)
        times.append((time.process_time_ns() - began) / 20e9)
    return 2 * source.nbytes / max(float(np.median(times[1:])), 1e-9)


def traffic(setting: Setting) -> int:
    """Returns the bytes that an epoch reads and writes at least, in (N, H) arrays, when no cache holds one.

    Forward: the product writes z; z is read twice (bias, ReLU) and written once, a written and read once. Backward:
    da written and read, z read, dz written and read three times (two products, the biases), a read once: 14 passes.
    """
    return PASSES * setting.depth * setting.samples * setting.width * np.dtype(setting.dtype).itemsize


def traffic_ms(setting: Setting) -> float:
    """Returns the milliseconds that this traffic takes at the bandwidth measured here and now."""
    return 1e3 * traffic(setting) / bandwidth(setting)
