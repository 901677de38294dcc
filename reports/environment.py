"""What a verdict was reached on: versions, BLAS, threads, processor."""

import functools
import os
import platform
from importlib.metadata import version

PACKAGES = ("numpy", "torch", "pandas", "python-flint")


def environment() -> dict[str, str]:
    """Returns the environment as plain text, name -> value."""
    import torch
    from threadpoolctl import threadpool_info

    found = dict(_machine())
    pools = {f"{pool['internal_api']} {pool.get('version') or ''}".strip(): pool for pool in threadpool_info()}
    found["linear algebra"] = ", ".join(f"{name} ({pool.get('architecture', 'any')})" for name, pool in pools.items())
    found["torch linear algebra"] = "MKL" if torch.backends.mkl.is_available() else "no MKL"
    found["threads"] = f"{torch.get_num_threads()} torch, " + ", ".join(
        f"{pool['num_threads']} {name}" for name, pool in pools.items()
    )
    found["TF32"] = "off: the bounds claim nothing for it"
    found["OPENBLAS_CORETYPE"] = os.environ.get("OPENBLAS_CORETYPE", "not set")
    return found


@functools.cache
def _machine() -> dict[str, str]:
    """What does not change while a process lives."""
    found = {"python": platform.python_version(), "system": platform.platform(), "processor": _processor()}
    return found | {name: version(name) for name in PACKAGES}


def _processor() -> str:
    """The processor's name, as far as the system tells it."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    except OSError:
        names = []
    return f"{names[0] if names else platform.processor() or 'unknown'}, {os.cpu_count()} cores"
