"""The language-neutral way: one .npz file with what a network in any language was given and gave.

inputs (N, D), targets (N, C); for k = 1, 2, ...: weights<k> (in, out), biases<k> (out,), and their gradients
gradient_weights<k>, gradient_biases<k>; output (N, C). All biases may be left out, all gradients, or the output. What
is given in part, has another shape, is NaN or has another name is refused: it could pass unseen. No pickle is read.
"""

import difflib
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from reports.subjects.isolation import NO_CODE, Seen

MOST_BYTES = 50_000_000
SAVE = "np.savez(path, inputs=x, targets=t, output=y, weights1=w1, biases1=b1, gradient_weights1=dw1, ...)"
NUMBERED = re.compile(r"(gradient_)?(weights|biases)([0-9]+)")


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
        objects = "allow_pickle" in str(error)
        words = "it holds objects, not arrays of numbers alone" if objects else str(error)[:150]
        return Seen(path, refused=f"it is no readable .npz exchange: {words}; write {SAVE}")
    if wrong := [name for name, a in arrays.items() if a.dtype.kind not in "fiub"]:
        kinds = ", ".join(f"{name} ({arrays[name].dtype})" for name in wrong)
        return Seen(path, refused=f"{kinds}: only arrays of real numbers are read")
    if bad := _lacking(arrays) or _misfit(arrays) or _nonfinite(arrays):
        return Seen(path, refused=bad)
    count = sum(name.startswith("weights") for name in arrays)
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
        "lacking": "" if "gradients" in trial else _gradients_of(arrays),
        "trials": [trial],
    }
    return Seen(path, components=[component], isolation=list(NO_CODE), notes=_without_biases(arrays))


def _gradients_of(arrays: dict[str, np.ndarray]) -> str:
    """The names of the gradients that an exchange with these parameters may have, layer by layer."""
    parameters = [(int(found[3]), found[2] == "biases", name) for name in arrays if (found := NUMBERED.fullmatch(name))]
    return ", ".join(f"gradient_{name}" for _, _, name in sorted(parameters))


def _lacking(arrays: dict[str, np.ndarray]) -> str:
    """Which array is missing beside the others, or has a name that says nothing; empty when all are there."""
    layers = range(
        1, max([int(name[7:]) for name in arrays if re.fullmatch(r"weights[0-9]{1,2}", name)], default=1) + 1
    )
    needed = ["inputs", "targets", *(f"weights{k}" for k in layers)]
    parameters = [f"{kind}{k}" for k in layers for kind in ("weights", "biases")]
    gradients = [f"gradient_{name}" for name in parameters]
    wanted = [*needed, "output", *parameters, *gradients]
    if zero := [name for name in arrays if (found := NUMBERED.fullmatch(name)) and not int(found[3])]:
        return f"{zero[0]} is no array of an exchange: its layers are numbered from 1"
    if strange := [name for name in arrays if name not in wanted]:
        near = difflib.get_close_matches(strange[0], [name for name in wanted if name not in arrays], 1)
        return (
            f"{strange[0]} is no array of an exchange: {f'is it {near[0]}?' if near else f'leave it out; write {SAVE}'}"
        )
    if any(name in arrays for name in gradients):  # of all parameters or of none
        needed += [f"gradient_{name}" for name in parameters if name in arrays]
        needed += [name for name in parameters if f"gradient_{name}" in arrays]
    if lacking := [name for name in needed if name not in arrays]:
        return f"the exchange lacks {', '.join(lacking)}; it has {', '.join(sorted(arrays)) or 'nothing'}"
    if "output" not in arrays and "gradient_weights1" not in arrays:
        return "there is nothing to compare: neither output nor gradients are there"
    return ""


def _without_biases(arrays: dict[str, np.ndarray]) -> list[str]:
    """A note for each layer that has no biases where others have some: they may have been forgotten."""
    bare = [name for name in arrays if name.startswith("weights") and name.replace("weights", "biases") not in arrays]
    some = any(name.startswith("biases") for name in arrays)
    return [
        f"{name.replace('weights', 'biases')} is not there: that layer is taken to have none" for name in bare if some
    ]


def _misfit(arrays: dict[str, np.ndarray]) -> str:
    """Which array has not the shape that the others ask for; empty when all fit."""
    if flat := [name for name in ("inputs", "targets") if arrays[name].ndim != 2 or not arrays[name].size]:
        numbers = "; class numbers are written as one-hot rows, np.eye(classes)[numbers]" if flat == ["targets"] else ""
        return f"{flat[0]} has shape {arrays[flat[0]].shape}: it is (samples, values), at least one of each{numbers}"
    samples, width = arrays["inputs"].shape
    outputs, last = arrays["targets"].shape[1], max(int(name[7:]) for name in arrays if name.startswith("weights"))
    if len(arrays["targets"]) != samples:
        turned = outputs == width or arrays["inputs"].shape[1] == outputs
        words = "; samples are rows: transpose both" if turned else ""
        return f"there are {samples} inputs and {len(arrays['targets'])} targets{words}"
    for k in range(1, 1 + sum(name.startswith("weights") for name in arrays)):
        w = arrays[f"weights{k}"]
        if w.ndim != 2 or w.shape[0] != width:
            turned = w.ndim == 2 and w.shape[1] == width
            advice = ": transpose all weights and their gradients" if turned else ""
            return f"weights{k} has shape {w.shape}, but {width} values reach it: it is (in, out){advice}"
        width = w.shape[1]
        for name in (f"biases{k}", f"gradient_biases{k}"):
            if name in arrays and arrays[name].shape not in ((width,), (1, width)):
                return f"{name} has shape {arrays[name].shape} for {width} outputs: it is ({width},)"
        gradient = arrays.get(f"gradient_weights{k}", w)
        if gradient.shape != w.shape:
            return f"gradient_weights{k} has shape {gradient.shape} for weights {w.shape}"
    if outputs != width:
        words = "; class numbers are written as one-hot rows, np.eye(classes)[numbers]" if outputs == 1 else ""
        return f"targets has shape {arrays['targets'].shape}, but {width} values come out of weights{last}{words}"
    output = arrays.get("output")
    if output is not None and output.shape != (samples, width):
        return f"output has shape {output.shape}: {samples} samples and {width} outputs are ({samples}, {width})"
    return ""


def _nonfinite(arrays: dict[str, np.ndarray]) -> str:
    """Which array holds NaN or infinity, and where first; empty when none does."""
    for name, a in arrays.items():
        if bad := np.argwhere(~np.isfinite(a)).tolist():
            return f"{name} is not finite in {len(bad)} of {a.size} places, first {a[tuple(bad[0])]} at {bad[0]}"
    return ""


def _row(array: np.ndarray | None) -> np.ndarray | None:
    return None if array is None else array.reshape(1, -1)
