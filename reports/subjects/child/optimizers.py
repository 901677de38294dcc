"""Update rules: a few steps with given gradients, plain, with decay, with momentum, with both.

Some gradients are exactly zero; the rate is not tiny. Axes: weights (D, H), biases (1, H), as the layer keeps them.
"""

import difflib
import inspect
import re
from typing import Any

import numpy as np

from . import names
from .arrays import Array, copied
from .calling import Failure, Recorder, attempt, instances
from .counting import STEP, first_number
from .signatures import constructor_of, parameters, required, text_of, where
from .updated import Model, fitting, gradients, start, target_of

RATE, MOMENTUM, DECAY = 0.25, 0.75, 0.125

SETTINGS = {  # settings tried, as far as the constructor knows them
    "plain": {},
    "decay": {"decay": DECAY},
    "momentum": {"momentum": MOMENTUM},
    "momentum and decay": {"momentum": MOMENTUM, "decay": DECAY},
}

WAYS = (
    "layer",
    "lists",
    "arrays",
    "dicts",
    "layers",
    "own parameters",
    "layer objects",
    "layer and gradient",
    "model",
    "at once",
)


BEFORE, AFTER = ("preupdateparams", "preupdateparam", "preupdate", "prestep", "preupdateparameters"), (
    "postupdateparams", "postupdateparam", "postupdate", "poststep", "postupdateparameters")  # fmt: skip

MODEL = {"model", "network", "net", "nn", "module"}

TEXTS: list[str] = []  # of the files that are looked at


def guessed(holder: type) -> str:
    """What an optimizer by its bases' names probably is where its own name says nothing; empty where it is none."""
    own = [names.plain(base.__name__) for base in holder.__mro__[:-1]]
    if not names.methods(holder, names.UPDATE) or not any(re.search("optimi[sz]|descent|updater", one) for one in own):
        return ""
    spelt = {kind.lower(): kind for kind in names.OPTIMIZERS}
    if near := difflib.get_close_matches(re.sub("optimi[sz]er", "", own[0]), spelt, n=1, cutoff=0.9):
        return spelt[near[0]]
    asks = {names.plain(one.name) for one in parameters(constructor_of(holder))}
    if sum(bool(re.match("b(eta)?_?(1|2|one|two)$", one)) for one in asks) == 2:
        return "Adam"
    return "RMSprop" if "rho" in asks else "AdaGrad" if asks & {"eps", "epsilon"} else "SGD"


DECAYS = re.compile(r"self\.\w*(?:lr|rate)\w*\s*[*/-]?=(?!=).*decay")  # what makes a rate smaller


def from_class(name: str, holder: type, kind: str, layers: list[tuple[dict[str, Any], type]]) -> dict[str, Any] | None:
    """Returns an optimizer as plain data, or None when its update cannot be driven."""
    methods = names.methods(holder, names.UPDATE)
    if not methods:
        return None
    layers = fitting(holder, [one for one in layers if one[0]["backward"]["name"]])  # one without is no use here
    runs, failed, error = [], [], ""
    accepts = {names.plain(one.name) for one in parameters(constructor_of(holder))}
    rhos = {
        names.plain(one.name)
        for one in parameters(constructor_of(holder))
        if isinstance(one.default, float) and one.default > 0.5
    }
    own = (getattr(holder, name) for name in dir(holder) if not name.startswith("__"))
    reads = re.compile(r"\w\.(lr_?)?decay\b(?!\s*=[^=])")
    if not any("decay" in text_of(one) for one in own if callable(one)) and any(map(reads.search, TEXTS)):
        accepts -= names.DECAY  # whoever trains applies it
    accepts -= rhos & names.DECAY  # a "decay" of 0.9 is the rho of RMSprop, not a schedule
    for setting, values in SETTINGS.items():
        groups = {"decay": names.DECAY, "momentum": names.MOMENTUM}
        if not all(accepts & groups[key] for key in values) or (
            kind not in ("SGD", "Momentum", "Nesterov") and "momentum" in values
        ):
            continue
        offers = [(names.RATE, RATE), *((groups[key], value) for key, value in values.items())]
        for way in WAYS:
            try:
                steps, used = _run(holder, offers, methods, way, layers)
            except Failure as failure:
                error = str(failure) if not error or "built" in error else error
                if isinstance(failure.error, NameError) or "not callable" in str(failure):  # whatever it is given
                    error = str(failure)
                continue
            if steps:
                runs.append(
                    {"setting": setting, "way": way, "values": {"rate": RATE, **values}, "steps": steps, **used}
                )
                break
        else:
            failed.append((setting, offers))
    if not runs:
        return {"name": name, "role": "optimizer", "kind": kind, "form": 1, "error": error or "no update could be made",
                "forward": {"name": methods[0], **where(getattr(holder, methods[0]))}, "runs": []}  # fmt: skip
    return {
        "name": name,
        "role": "optimizer",
        "kind": kind,
        "form": 1,
        "forward": {"name": methods[0], **where(getattr(holder, methods[0]))},
        "decays_by": next(
            (
                one
                for one, function in inspect.getmembers(holder, inspect.isfunction)
                if (("decay" in one.lower() and required(function)) or DECAYS.search(text_of(function)))
                and one not in (*methods, *names.methods(holder, (*BEFORE, *AFTER)))
            ),
            "",
        ),
        "runs": runs,
        "failed": [
            {"setting": setting, "error": told}
            for setting, offers in failed
            if (told := _failure(holder, offers, methods, runs[0]["way"], layers))
        ],
        "start": list(start()),
        "gradients": [list(pair) for pair in gradients()],
    }


def _failure(
    holder: type, offers: list[Any], methods: list[str], way: str, layers: list[tuple[dict[str, Any], type]]
) -> str:
    """What goes wrong in one setting, called as it works in another; empty where the call was not understood."""
    try:
        _run(holder, offers, methods, way, layers)
    except Failure as failure:
        return "" if failure.binding else str(failure) if failure.line else f"{failure.error}"
    return ""


def _run(
    holder: type, offers: list[Any], methods: list[str], way: str, layers: list[tuple[dict[str, Any], type]]
) -> tuple[list[list[Array]], dict[str, Any]]:
    """The parameters after each step, given in one way; raises Failure where it does not take them so."""
    w, b = start()
    target, read, write = target_of(way, w, b, layers)
    other, _, write_other = target_of(way, w.copy(), b.copy(), layers)  # a second layer: some count steps per layer
    if way == "own parameters" and not hasattr(target, "parameters"):
        raise Failure(TypeError("the file's own layer has no parameters()"))
    if way == "layer and gradient" and len(_apart(holder)) != 2:
        raise Failure(TypeError("weights and biases are not updated apart"))
    own = list(attempt(target.parameters)) if way == "own parameters" else None
    params: Any = [w, b] if way in ("lists", "at once") else {"W1": w, "b1": b} if way == "dicts" else None
    more = [({"params", "parameters", "weights"}, params)] if params is not None else []
    more += [({"params", "parameters"}, own)] if own else []
    more += [({"params", "parameters", "layers", "model"}, [target, other])] if way == "layer objects" else []
    more += [({"layers", "layer", *MODEL}, [target, other] if way == "layers" else target)]
    if way == "model":
        more = [({"layers", "layer"}, [target, other]), (MODEL, Model([target, other], layers))]
    made = next(instances(holder, [*offers, *more], [[], [RATE], [target], [Recorder()]]), None)
    if made is None:
        raise Failure(TypeError("it cannot be built"))
    function = getattr(made, methods[0])
    asked = required(function)
    apart = way in ("model", "layer", "layers") and len(asked) > 1  # what is told beside the layers, by name
    count = 1 if apart else len(asked)
    if way in ("lists", "dicts", "arrays") and any(names.ranked(one.name, names.RATE) == 0 for one in asked):
        raise Failure(TypeError("its update takes the rate and no parameters: it may hand the step back"))
    steps: list[list[Array]] = []
    states: dict[str, Any] = {}  # what an update hands back beside the parameters, to be given again
    for dw, db in gradients():
        before = copied({"w": read()[0], "b": read()[1]})
        for hook in _hooks(made, BEFORE, "pre") or _counters(made, methods[0], before=True):
            attempt(getattr(made, hook))
        if way == "layer and gradient":
            for method, grad in zip(_apart(holder), (dw, db), strict=True):
                attempt(getattr(made, method), target, grad.copy())
        elif way == "layer objects" and count == 0:
            write(dw, db)
            write_other(dw, db)
            attempt(function)
        elif way in ("layer", "layers", "model"):
            write(dw, db)
            write_other(dw, db)
            told = beside(function, asked[1:], offers, len(steps)) if apart else {}
            given = more[1][1] if way == "model" else [target, other] if way == "layers" else target
            attempt(function, *[given][:count], **told)
            if way == "layer" and count:
                attempt(function, other, **told)
        elif way == "own parameters" and count == 0:
            write(dw, db)
            attempt(function)
        elif way == "lists" and count == 2:
            result = attempt(function, *_ordered(function, params, [dw.copy(), db.copy()]))
            if isinstance(result, (list, tuple)) and len(result) == 2:
                params[:] = [np.array(r) for r in result]
        elif way == "dicts" and count == 2:
            keys = ({"W1": dw.copy(), "b1": db.copy()}, {"dW1": dw.copy(), "db1": db.copy()})
            result = None
            for k, grads in enumerate(keys):
                try:
                    result = attempt(function, *_ordered(function, params, grads))
                    break
                except Failure:
                    if k:
                        raise
            if isinstance(result, dict):
                params.update(result)
        elif way == "arrays" and count in (2, 3):
            twins = target
            if count == 3 and not re.search(r"name|key|id", required(function)[2].name):
                raise Failure(TypeError("three arguments"))
            for k, (key, grad) in enumerate((("w", dw), ("b", db))):
                one = twins[key]["made"] = twins[key].get("made") or (made if k == 0 else next(
                    instances(holder, [*offers], [[], [RATE]])))  # fmt: skip
                args = [*_ordered(function, twins[key]["value"], grad.copy())] + ([key] if count == 3 else [])
                result = attempt(getattr(one, methods[0]), *args)
                if isinstance(result, np.ndarray):
                    twins[key]["value"] = result
        elif way == "at once" and count >= 4:
            four = (params[0], params[1], dw, db)
            rated = [one for one in parameters(function) if one in asked or names.ranked(one.name, names.RATE) == 0]
            result = attempt(function, **_all_of(function, rated, offers, len(steps), four, states))
            if isinstance(result, (list, tuple)) and len(result) == 2 + len(states):
                params[:] = [np.array(r) for r in result[:2]]
                states.update(zip(states, result[2:], strict=True))
        else:
            raise Failure(TypeError(f"update takes {count} arguments"))
        for hook in _hooks(made, AFTER, "post") or _counters(made, methods[0], before=False):
            attempt(getattr(made, hook))
        current = read() if params is None else tuple(params if isinstance(params, list) else params.values())[:2]
        if not steps and np.array_equal(current[0], before["w"]) and np.array_equal(current[1], before["b"]):
            raise Failure(ValueError("nothing moved"))
        steps.append([np.array(current[0]), np.array(current[1])])
    kept = {one.name: one.default for one in parameters(function)} | vars(made)
    used = {k: float(v) for k, v in kept.items() if isinstance(v, (int, float)) and not isinstance(v, bool)}
    return steps, {"attributes": used}


def beside(function: Any, asked: list[Any], offers: list[Any], step: int) -> dict[str, Any]:
    """What an update wants beside the layers: the rate, the momentum, the number of the step."""
    found: dict[str, Any] = {}
    for one in asked:
        known = [value for group, value in offers if names.ranked(one.name, group) == 0]
        if not known and names.ranked(one.name, STEP) != 0 and names.ranked(one.name, names.MOMENTUM) != 0:
            raise Failure(TypeError(f"update takes {one.name}"))
        number = step + first_number(function, one.name)
        found[one.name] = known[0] if known else number if names.ranked(one.name, STEP) == 0 else 0.0
    return found


def _all_of(
    function: Any, asked: list[Any], offers: list[Any], step: int, four: tuple[Array, ...], states: dict[str, Any]
) -> dict[str, Any]:
    """Weights, biases and the gradient of each as arguments of their own, by name; what else ends so is a state."""
    found: dict[str, Any] = {}
    for one in asked:
        short = names.plain(one.name)
        slope = bool(re.match(r"d|grad|delta", short) or "grad" in short)
        bare = re.sub(r"^d(elta)?|grad(ient)?s?(of)?|\d", "", short) if slope else short
        which = 0 if bare.startswith("w") else 1 if bare.startswith("b") else None
        if which is not None:
            found[one.name] = four[which + 2 * slope].copy()
        elif kind := re.fullmatch(r"(?:v|m|s|u|cache|velocity|moment\w*)_?d?(w|b)\w*", short):
            found[one.name] = states.setdefault(one.name, np.zeros_like(four["wb".index(kind[1])])).copy()
        else:
            found |= beside(function, [one], offers, step)
    return found


def _hooks(made: Any, known: tuple[str, ...], start: str) -> list[str]:
    """The method that is to be called before or after each update, if there is one."""
    own = [name for name in dir(made) if names.plain(name).startswith(start) and callable(getattr(made, name))]
    free = [name for name in own if not required(getattr(made, name))]
    return (names.methods(type(made), known) or free)[:1]


def _counters(made: Any, update: str, before: bool) -> list[str]:
    """The method that does nothing but count, where the file calls it before, or after, the update."""
    text = "\n".join(TEXTS)
    called = {name: re.search(rf"\.{name}\(", text) for name in (update, *vars(type(made)))}
    step = called.pop(update)
    return [
        name
        for name, call in called.items()
        if call and step and (call.start() < step.start()) == before and _counts(vars(type(made))[name])
    ][:1]


def _counts(function: Any) -> bool:
    """Whether all that a method does is `self.something += 1`."""
    if not inspect.isfunction(function):
        return False
    body = [line.strip() for line in text_of(function).splitlines()[1:] if line.strip()]
    return bool(body) and all(re.fullmatch(r"self\.(\w+) (\+= 1|= self\.\1 \+ 1)", line) for line in body)


def _apart(holder: type) -> list[str]:
    """The methods that update weights and biases apart, each from a layer and a gradient."""
    found = [names.methods(holder, (f"update{w}", f"update{w}es", f"update{w}s")) for w in ("weight", "bias")]
    return [one[0] for one in found if one and len(required(getattr(holder, one[0]))) == 2]


def _ordered(function: Any, params: Any, grads: Any) -> list[Any]:
    """Parameters and gradients in the order that the names say."""
    first = names.plain(required(function)[0].name)
    backwards = first.startswith(("grad", "dw", "dparam", "d"))
    return [grads, params] if backwards and not first.startswith("data") else [params, grads]
