"""A whole network of a subject, judged: what explains its gradients, a right network or which mistake.

A network is parameters in a row, an output and the gradients of one step. Right architectures are tried first; the
one constant by which all gradients may differ is a convention. Only then come mistakes: each is one change in the
way back. What neither explains is told as it is.

Axes: B samples, D inputs, H hidden, C outputs.
"""

import re
import time
from dataclasses import replace
from itertools import zip_longest
from typing import Any

import numpy as np

from reports.subjects.components import FORMS, component
from reports.subjects.networks.adapted import adapted, misused
from reports.subjects.networks.any_loss import any_loss
from reports.subjects.networks.architectures import WORDS, fitting
from reports.subjects.networks.bounded import Step
from reports.subjects.networks.decayed import without_penalty
from reports.subjects.networks.explained import right_fit
from reports.subjects.networks.mistakes import mistaken, partly_right, strange_forward, usual
from reports.subjects.networks.ordered import one_by_one, unevenly
from reports.subjects.networks.outputs import as_seen, decided
from reports.subjects.networks.own_value import own_value
from reports.subjects.networks.placed import place
from reports.subjects.networks.scripts import likely, script_trials
from reports.subjects.networks.trial import Shape, Trial, read
from reports.subjects.networks.unjudged import strange_gradients, strange_output, unseen_output
from reports.subjects.networks.updates import updates
from reports.subjects.verdicts import Component, Row

Array = np.ndarray
MOST_WEIGHTS = 200_000  # of a network whose output is not seen: all architectures are tried, 30 s for a million weights
CLIPPED = "its gradients are clipped, and judged as they are before"
Judged = tuple[int, list[Row], dict[str, str], list[str]]
SCRIPT_SECONDS = 1.5  # of the processor's, for a mistake that explains one of the ways to read a script's arrays
UNWRITTEN = "backward is not written yet"
CRASH = re.compile(r"takes \S+ positional arguments? but .* at line|UnboundLocalError")  # whatever it is given


def network(seen: dict[str, Any]) -> Component:
    """Judges a whole network by the trial that is explained best."""
    made = component(seen)
    if seen["form"] == 6:
        script(made, seen)
        place(made, seen)
        return made
    trials = [
        trial for one in seen["trials"] for with_ones in _with_ones(one) if (trial := read(with_ones)) is not None
    ]
    if any(
        trial.t.shape[1] > 1 for trial in trials
    ):  # one output is our choice, and then no softmax of theirs is wrong
        trials = [trial for trial in trials if not _saturated(trial)]
    best = _best(trials, bool(seen.get("one_by_one")))
    wide = [trial for trial in trials if trial.gradients and trial.t.shape[1] > 1] if seen.get("by_shape") else []
    if (several := _best(wide)) and several[0] <= 3:  # a mistake may be exact for one output
        best = several
    if best is None:
        errors = [one.get("backward_error") or one.get("forward_error") for one in seen["trials"]]
        words = next((error for error in errors if error), "no trial gave numbers")
        row = Row("network", "", "unjudged", says=f"it could not be driven: {words}")
        if crash := next((str(one["crash"]) for one in seen["trials"] if "crash" in one), ""):
            row = Row("network", "", "defective", says=f"it crashes: {crash}")
        made.rows += misused(seen) or [row]
        return made
    made.rows, made.convention, made.diagnoses = best[1], {**best[2], "written as": FORMS[seen["form"]]}, best[3]
    if any(one.get("clipped") for one in seen["trials"]):
        made.rows.append(Row("gradients", "", "departs", says=CLIPPED, stage="backward"))
    adapted(made, seen)
    if best[0] <= 1:
        _beyond_gradients(made, seen, [trial for trial in trials if trial.fit and trial.fit.level <= 1])
        _deeper(made, seen)
    if not any(trial.gradients for trial in trials) and not misused(seen):
        raised = [one.get("backward_error") or one.get("forward_error") for one in seen["trials"]]
        errors = [error for error in raised if error]
        crashes = [one["crash"] for one in seen["trials"] if "crash" in one]
        crash = next((error for error in [*crashes, *errors] if error in crashes or CRASH.search(error)), "")
        status = "defective" if crash else "unjudged" if errors else "missing"
        words = f"its backward could not be driven: {errors[0]}" if errors else UNWRITTEN
        words = f"not there yet: {seen['lacking']}" if seen.get("lacking") else words
        words = f"its backward always raises: {crash}" if crash else words
        row = Row("gradients", "", status, says=words, stage="backward")
        made.rows.append(row)
    if seen.get("put_together", "MeanSquaredError") != "MeanSquaredError":
        _doubted(made, f"put together by us, with {seen['put_together']}")
    place(made, seen)
    return made


def _beyond_gradients(made: Component, seen: dict[str, Any], explained: list[Trial]) -> None:
    """Adds the value of its own loss, and what it does with its gradients."""
    value, reduction = own_value(explained)
    rows = [value] if value else []
    made.convention |= {"value of its loss": reduction} if reduction else {}
    for one in seen["trials"]:
        more, words = updates(one)
        rows, made.convention = rows + more, made.convention | words
    made.rows += rows
    made.diagnoses += [row.says for row in rows if row.status == "defective"]


def _saturated(trial: Trial) -> bool:
    """Whether its one output is 1 whatever goes in: a softmax."""
    return trial.t.shape[1] == 1 and trial.output is not None and bool((trial.output == 1).all())


def _doubted(made: Component, so: str) -> None:
    """Takes back what is called defective where it may be ours: we chose what goes together, or a line did not run."""
    for row in made.rows:
        if row.status == "defective":
            row.status, row.says = "unjudged", f"{so}: {row.says}"
    made.diagnoses = []


def _deeper(made: Component, seen: dict[str, Any]) -> None:
    """Adds what two hidden layers show: a mistake between hidden layers is none where there is only one."""
    deeper = [two for one in seen["trials"] if "deeper" in one for two in _with_ones(one["deeper"])]
    trials = [trial for two in deeper if (trial := read(two)) is not None]
    level, rows, _, diagnoses = min(
        (judged(trial) for trial in trials), key=lambda one: one[0], default=(5, [], {}, [])
    )
    if level <= 1:
        made.rows.append(Row("gradients", "two hidden layers", "right", 0.0, stage="backward"))
    elif level in (3, 4) and not (seen.get("one_by_one") and _unsummed(rows)):
        bad = [row for row in rows if row.status == "defective"]
        made.rows += [Row(row.quantity, "two hidden layers", "defective", says=f"with two hidden layers, {row.says}",
                          stage=row.stage) for row in bad]  # fmt: skip
        made.diagnoses += [f"with two hidden layers, {text}" for text in diagnoses]


def _with_ones(one: dict[str, Any]) -> list[dict[str, Any]]:
    """A trial whose weights hold the biases as a row: weights and biases apart, the row last or first."""
    if not one.get("ones"):
        return [one]
    made = []
    for row, rest in ((slice(-1, None), slice(None, -1)), (slice(0, 1), slice(1, None))):
        parameters, gradients = [], []
        for k, (w, b) in enumerate(one["parameters"]):
            held = b is None and one["ones"][k]
            parameters.append([w[rest], w[row]] if held else [w, b])
            if "gradients" in one:
                dw, db = one["gradients"][k]
                gradients.append([dw[rest], dw[row]] if held and np.shape(dw) == np.shape(w) else [dw, db])
        made.append({**one, "parameters": parameters, **({"gradients": gradients} if gradients else {})})
    return made


def script(made: Component, seen: dict[str, Any]) -> None:
    """A script: parameters are what its loop moved; inputs and targets are looked for among its other arrays."""
    found = _explained([list(script_trials(one)) for one in seen["trials"]])
    rule = ""
    if (found is None or found[0] > 3) and any("gradients" in one for one in seen["trials"]):
        ways = [list(script_trials(one, gradients=True)) for one in seen["trials"]]
        ways = [[trial for trial in way if trial.output is not None] for way in ways]  # without one, chance might fit
        beside = _explained(ways)
        if beside and beside[0] <= 3:
            found, rule = beside, "of a rule that is not judged here: its gradients are"
    if found:
        made.rows, made.convention, made.diagnoses = found[1], {**found[2], "written as": FORMS[6]}, found[3]
        made.convention |= {"update": rule} if rule else {}
    else:
        made.rows.append(Row("network", "", "unjudged", says=_not_found(seen)))
    if raised := next((one["raised"] for one in seen["trials"] if "raised" in one), ""):
        _doubted(made, f"without a line of the loop that raises on our data, `{raised}`")
        made.rows.append(Row("loop", "", "unjudged", says=f"a line of it raises on our data: `{raised}`"))


def _not_found(seen: dict[str, Any]) -> str:
    """What a loop moved, where no inputs and targets among its arrays explain how."""
    moved: dict[str, Any] = next((one["before"] for one in seen["trials"] if one.get("before")), {})
    told = ", ".join(f"{name.split('.')[-1]} {array.shape}" for name, array in list(moved.items())[:6])
    words = "its inputs and targets were not found among its arrays"
    return f"its loop moves {told}; {words}" if told else words


def _explained(ways: list[list[Trial]]) -> Judged | None:
    """The way to read a script that is explained best: right ones are looked for first, mistakes last."""
    best: Judged | None = None
    trials = [trial for deep in zip_longest(*ways) for trial in deep if trial is not None]
    trials.sort(key=likely)
    if any(trial.output is not None for trial in trials):
        trials = [trial for trial in trials if trial.output is not None]
    for looking in ("right", "mistakes"):
        began = time.thread_time()
        seen = set()
        for trial in trials:
            key = hash(b"".join(a.tobytes() for a in (trial.x, trial.t, trial.gradients[0][0], trial.gradients[-1][0])
                                if a is not None))  # fmt: skip
            if key in seen:
                continue
            seen.add(key)
            if (best and best[0] == 0) or time.thread_time() - began > SCRIPT_SECONDS:
                break
            if looking == "right" and not right_fit(trial, usual(fitting(trial))):
                continue
            found = judged(trial)
            best = found if best is None or found[0] < best[0] else best
        if best:
            break
    return best


def _best(trials: list[Trial], trains_alone: bool = False) -> Judged | None:
    """The trial that is explained best. Batches come first: five mistakes are exact for a single sample.

    Where the file trains on single samples, a batch whose biases nobody sums up is none of its own.
    """
    batches = [(trial, judged(trial)) for trial in trials if len(trial.x) > 1]
    alone = [(trial, judged(trial)) for trial in trials if len(trial.x) == 1]
    batch = min(batches, key=lambda pair: pair[1][0], default=None)
    single = min(alone, key=lambda pair: pair[1][0], default=None)
    if batch is None or single is None:
        return batch[1] if batch else single[1] if single else None
    if batch[1][0] > 4 and 3 <= single[1][0] <= 4:  # nothing explains the batch, a mistake the single sample
        return single[1]
    if batch[1][0] <= 2 or single[1][0] > 1 or not single[0].gradients:
        return batch[1]
    if single[0].t.shape[1] == 1 and "fitted" in single[1][2].get("gradient scale", ""):
        return batch[1]  # of one sample and one output, any slope is a constant
    told = single[1][2]
    if trains_alone and _unsummed(batch[1][1]):
        return single[1]
    fits, steps = _ways_forward(single[0], [])
    fit = right_fit(single[0], fits, steps)
    if fit and any(one_by_one(trial, single[0], fit) <= 1 for trial, _ in batches if trial.moved):
        told["layout"] = "one sample at a time, in their order"
        return single[1]
    if batch[1][0] == 3 and (not batch[0].moved or any(row.says.startswith("forward") for row in batch[1][1])):
        return batch[1]
    if batch[1][0] == 3 and single[0].t.size == 1:  # one number: every loss explains it
        return batch[1]
    if batch[1][0] == 3 and any(
        mistake in row.says for row in batch[1][1] for mistake in ("bias", "updated", "batch size")
    ):
        return batch[1]
    if fit and (counts := next((words for trial, _ in batches if (words := unevenly(trial, fit))), "")):
        drawn = "only" in counts  # at random, perhaps
        row = Row("gradients", "batch", "departs" if drawn else "defective", says=counts, stage="backward")
        return (1 if drawn else 3, [*single[1][1], row], told, [] if drawn else [row.says])
    words = "one sample is right; a batch of several makes steps of no known rule, perhaps in an order of its own"
    return (1, [*single[1][1], Row("batch", "batch", "departs", says=words)], told, [])


def _unsummed(rows: list[Row]) -> bool:
    """Whether all that is wrong is that nobody sums the gradient of the biases over the samples."""
    return all("biases has shape" in row.says for row in rows if row.status == "defective")


def judged(trial: Trial) -> tuple[int, list[Row], dict[str, str], list[str]]:
    """(how bad, rows, conventions, diagnoses) of one trial: 0 right, 1 departs, 2 missing, 3 defective, 4 unjudged."""
    told = {"labels": trial.labels, "layout": {"rows": "batch in rows", "columns": "batch in columns"}.get(
        trial.layout, "one sample at a time")}  # fmt: skip
    rows: list[Row] = []
    weights = sum(w.size for w, _ in trial.parameters)
    if trial.output is None and weights > MOST_WEIGHTS:
        words = f"its output was not seen, and with {weights:,} weights it is too large to be told by its steps alone"
        return 5, [Row("gradients", "batch", "unjudged", says=words, stage="backward")], told, []
    fits, steps = _ways_forward(trial, rows)
    if trial.output is not None:
        if not fits and (unused := _without_biases(trial)):
            level, more, said, diagnoses = judged(unused)
            more.append(Row("biases", "batch", "departs", says="its biases are never added"))
            return max(level, 1), more, said, diagnoses
        if not fits:
            words = strange_forward(trial)
            if words:
                return 3, [Row("output", "batch", "defective", says=f"forward: {words}")], told, []
            return 5, [Row("output", "batch", "unjudged", says=strange_output(trial))], told, []
        told["network"] = str(as_seen(trial, fits))
    if not trial.gradients:
        return 2, rows, told, []
    if fit := right_fit(trial, fits, steps):
        trial.fit = fit
        told["network"], told["loss"], told["gradient scale"] = str(fit.shape), WORDS[fit.loss], fit.scale
        level = max(fit.level, *(int(row.status == "departs") for row in rows), 0)
        return level, [*rows, *fit.rows], told, [row.says for row in fit.rows if row.status == "defective"]
    if fit := mistaken(trial, fits):
        told["network"], told["loss"] = str(fit.shape), WORDS[fit.loss]
        says = "; and ".join(fit.mistakes)
        row = Row("gradients", "batch", "defective", says=f"gradients: {says}", stage="backward")
        return 3, [*rows, row], told, [row.says]
    if trial.output is None:
        return 5, [Row("gradients", "batch", "unjudged", stage="backward",
                       says=unseen_output(trial))], told, []  # fmt: skip
    words = partly_right(trial, fits)
    if not words and (bare := without_penalty(trial, fits)):
        penalised, shape = bare
        fit = mistaken(penalised, [shape])
        words = "; and ".join(fit.mistakes) if fit else partly_right(penalised, [shape])
        words = words and f"beside the L2 penalty, {words}"
    if words:
        row = Row("gradients", "batch", "defective", says=f"gradients: {words}", stage="backward")
        return 4, [*rows, row], told, [row.says]
    if not any(array.any() for pair in trial.gradients for array in pair if array is not None):
        return (
            5,
            [*rows, Row("gradients", "batch", "unjudged", says="all its gradients are 0", stage="backward")],
            told,
            [],
        )
    if not trial.guessed and (more := any_loss(trial, steps)):
        level = 4 if any(row.status == "defective" for row in more) else 5
        return level, [*rows, *more], told, [row.says for row in more if row.status == "defective"]
    return 5, [*rows, Row("gradients", "batch", "unjudged", stage="backward",
                          says=strange_gradients(trial, fits, as_seen(trial, fits)))], told, []  # fmt: skip


def _without_biases(trial: Trial) -> Trial | None:
    """The same network without its biases; None where it has none."""
    if all(b is None for _, b in trial.parameters):
        return None
    bare: list[tuple[Array, Array | None]] = [(w, None) for w, _ in trial.parameters]
    gradients: list[tuple[Array | None, Array | None]] = [(dw, None) for dw, _ in trial.gradients]
    made = replace(trial, parameters=bare, gradients=gradients)
    return made if fitting(made) else None


def _ways_forward(trial: Trial, rows: list[Row]) -> tuple[list[Shape], dict[Shape, Step]]:
    """The architectures to go on with, and their steps where an output has decided them; adds the output's row."""
    if trial.output is None:
        return fitting(trial), {}
    found = decided(trial)
    rows += [row for row, _ in list(found.values())[:1]]
    return list(found), {shape: step for shape, (_, step) in found.items()}
