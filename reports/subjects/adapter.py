"""The language-neutral way: one .npz file with what a network in any language was given and gave.

inputs (N, D), targets (N, C); for k = 1, 2, ...: weights<k> (in, out), biases<k> (out,), and their gradients
gradient_weights<k>, gradient_biases<k>; output (N, C). Gradients may be left out. No pickles are ever read.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from reports.subjects.isolation import Seen

MOST_BYTES = 50_000_000


def exchange(path: Path) -> Seen:
    """Returns an exchange as one network; `refused` says in one line what is missing or wrong."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return Seen(path, refused=f"the exchange is larger than {MOST_BYTES:,} bytes")
        with zipfile.ZipFile(path) as parts:
            if sum(part.file_size for part in parts.infolist()) > MOST_BYTES:
                return Seen(path, refused=f"the exchange unpacks to more than {MOST_BYTES:,} bytes")
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name]) for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, KeyError) as error:
        return Seen(path, refused=f"it is no readable .npz exchange: {str(error)[:150]}")
    lacking = [name for name in ("inputs", "targets", "weights1") if name not in arrays]
    if lacking:
        return Seen(
            path, refused=f"the exchange lacks {', '.join(lacking)}; it has {', '.join(sorted(arrays)) or 'nothing'}"
        )
    count = sum(f"weights{k}" in arrays for k in range(1, 100))
    if wrong := [name for name, a in arrays.items() if a.dtype.kind not in "fiub"]:
        return Seen(path, refused=f"{', '.join(wrong)}: only arrays of numbers are read")
    if bad := _misfit(arrays, count):
        return Seen(path, refused=bad)
    trial: dict[str, Any] = {
        "inputs": arrays["inputs"], "targets": arrays["targets"], "labels": "as given", "layout": "rows",
        "parameters": [[arrays[f"weights{k}"], arrays.get(f"biases{k}")] for k in range(1, count + 1)],
        "output": arrays.get("output"),
    }  # fmt: skip
    if f"gradient_weights{count}" in arrays:
        trial["gradients"] = [[arrays.get(f"gradient_weights{k}"), _row(arrays.get(f"gradient_biases{k}"))]
                              for k in range(1, count + 1)]  # fmt: skip
    component = {
        "name": path.stem,
        "role": "network",
        "kind": "network",
        "form": 0,
        "forward": {"name": "output"},
        "backward": {"name": "gradients"} if "gradients" in trial else {"name": ""},
        "trials": [trial],
    }
    return Seen(path, components=[component], isolation=["no code was run"])


def _misfit(arrays: dict[str, np.ndarray], count: int) -> str:
    """Which array has not the shape that the others ask for; empty when all fit."""
    if flat := [name for name in ("inputs", "targets") if arrays[name].ndim != 2 or not arrays[name].size]:
        return f"{flat[0]} has shape {arrays[flat[0]].shape}: it is (samples, values), at least one of each"
    width = arrays["inputs"].shape[1]
    for k in range(1, count + 1):
        w = arrays[f"weights{k}"]
        if w.ndim != 2 or w.shape[0] != width:
            return f"weights{k} has shape {w.shape}, but {width} values reach it: it is (in, out)"
        width = w.shape[1]
        b = arrays.get(f"biases{k}")
        if b is not None and b.size != width:
            return f"biases{k} has shape {b.shape} for {width} outputs"
    if len(arrays["targets"]) != len(arrays["inputs"]):
        return f"there are {len(arrays['inputs'])} inputs and {len(arrays['targets'])} targets"
    return ""


def _row(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else array.reshape(1, -1)
