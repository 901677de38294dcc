"""One subject -> findings: every component judged, then the whole; exit code 0, 1 or 2."""

import importlib
import threading
import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reports.subjects.isolation import MEGABYTES, SECONDS, Seen, see
from reports.subjects.roles import not_applied
from reports.subjects.verdicts import STATUSES, Component, Row, undriven


@dataclass
class Subject:
    """One file, notebook or folder with its verdict."""

    path: Path
    components: list[Component] = field(default_factory=list)
    refused: str = ""  # why nothing could be looked at
    notes: list[str] = field(default_factory=list)
    stubs: list[str] = field(default_factory=list)
    isolation: list[str] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)  # names of what is in it, for when nothing is recognised
    unrecognised: list[str] = field(default_factory=list)  # classes that compute or learn something, and were not
    seconds: float = 0.0

    @property
    def verdict(self) -> int:
        """0 parity, 1 a defect, 2 something, or all, could not be judged."""
        have = [one.status for one in self.components]
        if "defective" in have:
            return 1
        return 2 if self.refused or not have or "unjudged" in have else 0

    @property
    def says(self) -> str:
        """The verdict in one line."""
        if self.refused:
            return self.refused
        if not self.components:
            if self.notes and "passed over" not in self.notes[0]:
                return f"nothing could be judged: {self.notes[0]}"
            what = f"it holds {', '.join(self.seen[:6])}" if self.seen else "it defines no class and no function"
            return f"no network was recognised: {what}; the README says how to tell it"
        count = {status: sum(one.status == status for one in self.components) for status in STATUSES}
        names = {"right": "right", "departs": "depart by definition", "missing": "not written in full yet",
                 "unjudged": "cannot be judged", "defective": "defective"}  # fmt: skip
        told = ", ".join(f"{number} {names[status]}" for status, number in count.items() if number)
        return told + (f"; not recognised: {', '.join(self.unrecognised[:6])}" if self.unrecognised else "")


def overall(subjects: list[Subject]) -> int:
    """The exit code of several: 1 beats 2 beats 0."""
    codes = {subject.verdict for subject in subjects}
    return 1 if 1 in codes else 2 if 2 in codes or not codes else 0


def check(
    path: Path,
    seconds: float = SECONDS,
    megabytes: int = MEGABYTES,
    roles: dict[str, str] | None = None,
    strict: bool = False,
) -> Subject:
    """Returns the verdict on one subject; raises nothing, whatever the subject does."""
    began = time.perf_counter()
    try:
        if path.suffix == ".npz" and path.is_file():
            from reports.subjects.adapter import exchange

            seen = exchange(path)
        else:
            threading.Thread(target=_warm, daemon=True).start()
            seen = see(path, seconds, megabytes, roles, strict)
        lost = not_applied(roles or {}, [*seen.classes, *seen.functions]) if not seen.refused else ""
        subject = judged(replace(seen, refused=lost or seen.refused))
    except Exception as error:  # what a child hands back may have any shape
        subject = Subject(path, refused=f"what came back cannot be judged: {type(error).__name__}: {error}"[:200])
    subject.seconds = time.perf_counter() - began
    return subject


def _warm() -> None:
    """Loads torch while the child is still looking; our own modules import each other, which two threads must not."""
    importlib.import_module("torch")


def judged(seen: Seen) -> Subject:
    """Judges what a child has seen."""
    subject = Subject(
        seen.path, refused=seen.refused, notes=list(seen.notes), stubs=seen.stubs, isolation=seen.isolation
    )
    subject.seen, subject.unrecognised = [*seen.classes, *seen.functions], seen.unrecognised
    if seen.refused:
        return subject
    from reports.subjects import (
        assembled,
        components,
        dropout,
        images,
        normalisation,
        optimizers,
    )  # torch loads here, not for a refused file
    from reports.subjects.losses import losses
    from reports.subjects.networks import costs, rules
    from reports.subjects.networks.network import network

    judges: dict[str, Any] = {
        "dense": components.dense,
        "activation": components.activation,
        "loss": losses.loss,
        "optimizer": optimizers.optimizer,
        "network": network,
        "dropout": dropout.dropout,
        "normalisation": normalisation.normalisation,
        "convolution": images.convolution,
        "pooling": images.pooling,
        "flatten": images.flatten,
        "unknown": _unknown,
        "misspelt": _misspelt,
    }
    all_losses = []
    for one in seen.components:
        if one["role"] == "assembled":
            continue
        try:
            made = judges[one["role"]](one)
        except Exception as error:  # a fault of ours must not take the file's other verdicts with it
            made = Component(str(one.get("name")), str(one.get("role")))
            made.rows.append(
                Row("", "", "unjudged", says=f"our own judge failed: {type(error).__name__}: {error}"[:200])
            )
        subject.components.append(made)
        if one["role"] == "network":
            subject.components += [*costs.costs(one, made), *rules.rules(one, made)]
        if one["role"] == "loss":
            all_losses.append((one, made))
    if _layouts(subject.components) != {"one sample at a time"}:
        losses.consistent(all_losses)
    else:
        for _, made in all_losses:
            losses.one_by_one(made)
    _cancelling(subject.components)
    _turned(subject.components)
    for one in seen.components:
        if one["role"] == "assembled":
            try:
                whole = assembled.assembled(one, subject.components)
            except Exception:  # a fault of ours says nothing of the file
                whole = None
            subject.components += [whole] if whole else []
    layers = any(one.role == "dense" for one in subject.components)  # a function that trains may be made of them
    goes = {str(one["name"]) for one in seen.components if one["form"] == 6 and layers} | {"script"}
    loops = [one for one in subject.components if one.name in goes and one.status == "unjudged"]
    others = [one for one in subject.components if one not in loops]
    held = [one for one in others if one.role not in ("activation", "loss", "optimizer")]  # what has weights
    if loops and any(one.status != "unjudged" for one in held):  # a loop beside parts, which could not be read alone
        subject.components = others
        if not any(one.role == "network" and one.status != "unjudged" for one in others):
            subject.notes.append(f"its training loop, beside its parts, could not be judged: {loops[0].says}")
    order = list(STATUSES)
    subject.components.sort(key=lambda one: order.index(one.status))
    return subject


def _cancelling(components: list[Component]) -> None:
    """Softmax's diagonal p (1 - p) and a binary cross-entropy over the classes cancel exactly to p - y."""
    gradient = "gradient: it is the gradient of the binary cross-entropy"
    rows = [row for one in components for row in one.rows]
    known = ("it is the binary cross-entropy", "its value is binary cross-entropy", gradient)
    binary = any(row.says.startswith(known) for row in rows)
    half = any(one.kind == "Softmax" and "only the diagonal" in row.says for one in components for row in one.rows)
    for row in rows:
        if half and row.says == gradient:
            row.status, row.says = "departs", "its gradient is the binary one: with this file's softmax it gives p - y"
    for one in components:
        if binary and one.kind == "Softmax":
            diagonal = [row for row in one.rows if "only the diagonal" in row.says]
            for row in diagonal:
                row.status = "departs"
                row.says = "only the diagonal p (1 - p): with this file's binary cross-entropy it gives p - y"
            if diagonal and one.status != "defective":
                one.diagnoses = []


def _layouts(components: list[Component]) -> set[str | None]:
    """How the layers and networks of a file take their samples."""
    return {one.convention.get("layout") for one in components if one.role in ("dense", "network")}


def _turned(components: list[Component]) -> None:
    """A softmax over the columns beside layers that keep samples in rows runs over the samples."""
    layouts = _layouts(components)
    apart = [one for one in components if one.role == "dense"]
    whole = [one for one in components if one.role == "network" and one.status in ("right", "departs")]
    in_rows = layouts == {"batch in rows"} and bool(apart or not whole)  # a right network says how it calls softmax
    if any(one.convention.get("labels") == "one-hot columns" for one in components):
        return  # a file of several dialects
    for one in components:
        single = layouts == {"one sample at a time"} or one.convention.get("called with") == "one sample"
        single |= not layouts and one.convention.get("written as") == "a function"  # nothing says that it sees a batch
        alone = single and one.kind == "Softmax"
        if alone and not any(
            row.probe == "one" and row.stage == "forward" and row.status == "defective" for row in one.rows
        ):
            for row in one.rows:
                if row.status == "defective" and not row.probe.startswith("one"):
                    row.status, row.says = "departs", "one sample at a time, as the layers: a batch does not work"
            one.diagnoses = []  # they rest on batches
        if one.kind == "Softmax" and not alone and one.convention.get("layout") == "batch in columns" and in_rows:
            one.diagnoses = []  # they rest on samples in columns
            one.rows.insert(
                0,
                Row(
                    "forward",
                    "beside the layers",
                    "defective",
                    says="forward: softmax runs over the samples, not over the classes: use axis=1",
                ),
            )


RECURRENT = "recurrent layers have no equation yet"
ENGINE = "it differentiates by itself: networks made of it are judged through an Adapter, see the README"
UNKNOWN = {
    "engine": ENGINE,
    **dict.fromkeys(("LSTM", "GRU", "Recurrent"), RECURRENT),
    "Attention": "attention has no equation yet",
    "network with convolutions": "as a whole it has no equation yet: its layers are judged one by one",
}


def _unknown(seen: dict[str, Any]) -> Component:
    """A component that no equation knows yet."""
    made = Component(str(seen["name"]), str(seen["kind"]), str(seen["kind"]))
    made.places["forward"] = seen.get("forward", {})
    words = UNKNOWN.get(seen["kind"], f"no equation for {seen['kind']} yet")
    error = seen.get("error", "")
    made.rows.append(undriven(error, made.name) if error else Row("", "", "unjudged", says=words))
    return made


def _misspelt(seen: dict[str, Any]) -> Component:
    """A class that cannot work because of a slip of the pen."""
    made = Component(str(seen["name"]), "class")
    made.places["forward"] = seen["forward"]
    made.rows.append(Row("", "", "defective", says=f"{seen['method']} is probably meant to be {seen['wanted']}"))
    return made
