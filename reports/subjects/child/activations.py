"""Activations, as classes with forward and backward, as classes with a gradient method, or as pairs of functions.

Axes: B samples, H values per sample; column-major ones are turned before they leave.
"""

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from . import names, one_by_one
from .arrays import Array, arrays, changed, copied, near, tree
from .calling import Failure, Unbound, attempt, attempt_turned, bound, instances
from .layer import OUTPUTS
from .layer_gradients import DINPUTS
from .signatures import nearest, parameters, required, where

B, H = 7, 5


def inputs(kind: str) -> dict[str, Array]:
    """What activations are fed: ordinary values, exact zeros, far tails; for softmax large logits and rows apart."""
    rng = np.random.default_rng(11)
    plain = rng.standard_normal((B, H)) * 2
    zeros = plain.copy()
    zeros[::2, ::2] = 0.0
    probes = {"batch": plain, "one": plain[:1].copy()}
    if kind == "Softmax":
        apart = plain.copy()
        apart[1] -= 800.0
        large = plain * 10 + 1000.0
        return probes | {"one, large": large[:1], "large": large, "rows apart": apart,
                         "square": rng.standard_normal((H, H))}  # fmt: skip
    far = np.array([[-40.0, -20.0, 20.0, 40.0, 0.5]] * B) * np.linspace(0.9, 1.0, B).reshape(-1, 1)
    return probes | {"zeros": zeros, "far": far, "very far": far * 25}


SLOPES = {"slope", "negativeslope", "negslope", "leak", "leakage", "leakiness"}  # below 0


def built(holder: type) -> Iterator[Any]:
    """Objects of an activation's class; a default of its own is never replaced by a guess of ours."""
    offers = [(names.RATE, 0.1), (SLOPES, 0.01), ({"axis", "dim"}, 1)]
    return instances(holder, offers, [[], [None], [H]], defaults=True)


def from_class(name: str, holder: type, kind: str) -> dict[str, Any] | None:
    """Returns an activation class as plain data, or None when it is none."""
    forward = names.methods(holder, names.FORWARD)
    backward = names.methods(holder, names.BACKWARD)
    forward = [f for f in forward if f not in backward]
    if found := _from_methods(name, holder, kind, forward, backward):
        return found
    for method in forward[:1]:
        for single in one_by_one.ways(holder, method, next(iter(backward), ""), built):
            if found := _from_methods(name, single, kind, forward[:1], backward[:1]):
                places = {"forward": {"name": method, **where(getattr(holder, method))}}
                if backward:
                    places["backward"] = {"name": backward[0], **where(getattr(holder, backward[0]))}
                return {**found, **places, "rowwise": True}
    return None


def _from_methods(name: str, holder: type, kind: str, forward: list[str], backward: list[str]) -> dict[str, Any] | None:
    """An activation by the first of some methods that keeps the shape of a batch; None where none does."""
    for made in built(holder):
        for method in forward[:3]:
            layout = _layout(made, method, kind)
            if not layout:
                continue
            backward = backward or names.derivatives(holder, method)
            probes = []
            for probe, x in inputs(kind).items():
                fresh = next(built(holder))
                found = _object_probe(fresh, method, backward, x, layout)
                if probe.startswith("one") and found.get("stage") == "backward":  # its one sample may be a column
                    fresh = next(built(holder))
                    column = _object_probe(fresh, method, backward, x, "columns")
                    found = found if "error" in column else column
                probes.append({"probe": probe, **found})
            own = [vars(made)[key] for key in ("alpha", "slope", "negative_slope", "a", "leak") if key in vars(made)]
            return {
                "name": name,
                "role": "activation",
                "kind": kind,
                "form": 1,
                "layout": layout,
                "alpha": float(own[0]) if own and isinstance(own[0], (int, float)) else None,
                "forward": {"name": method, **where(getattr(holder, method))},
                "backward": {"name": backward[0], **where(getattr(holder, backward[0]))} if backward else {"name": ""},
                "probes": probes,
                "nearest": "" if backward else nearest(holder),
            }
    return None


def by_behaviour(name: str, holder: type) -> dict[str, Any] | None:
    """Returns a class whose name says nothing as the activation that it behaves like, or None."""
    kind = _behaves_like(holder)
    return from_class(name, holder, kind) if kind else None


def _ones(sums: Array) -> bool:
    """Whether sums of probabilities are 1, nearly: it tells along which axis a softmax runs."""
    return near(sums, np.ones(sums.shape))


def _behaves_like(holder: type) -> str:
    """The activation whose values a class of another name gives; empty where it is none of the usual ones.

    It only proposes: the verdict compares all values with their bounds.
    """
    x = inputs("Tanh")["batch"]
    e = np.exp(x)
    usual = {"ReLU": np.maximum(x, 0), "Sigmoid": e / (1 + e), "Tanh": np.tanh(x), "Softplus": np.log1p(e),
             "Softmax": e / e.sum(axis=1, keepdims=True)}  # fmt: skip
    backward = names.methods(holder, names.BACKWARD)
    for made in built(holder):
        for method in [one for one in names.methods(holder, names.FORWARD) if one not in backward][:2]:
            try:
                out = _forward(made, method, x)
            except Failure:
                continue
            if out is None or out.shape != x.shape:
                continue
            slopes = out[x < 0] / x[x < 0]
            leaks = 0 < slopes[0] < 1 and near(slopes, np.full(slopes.shape, slopes[0])) and near(out[x > 0], x[x > 0])
            found = "LeakyReLU" if leaks else next((kind for kind, y in usual.items() if near(out, y)), "")
            if found:
                return found
    return ""


def _layout(made: Any, method: str, kind: str) -> str:
    """rows; columns for a softmax over axis 0; empty when the output has not the shape of the input."""
    x = inputs(kind)["batch"]
    try:
        out = _forward(made, method, x)
    except Failure:
        return ""
    if out is None or out.shape != x.shape:
        return ""
    if kind == "Softmax" and _ones(out.sum(axis=0)) and not _ones(out.sum(axis=1)):
        return "columns"
    return "rows"


def _forward(made: Any, method: str, x: Array) -> Array | None:
    function = getattr(made, method)
    before = copied(arrays(made))
    offers = [(names.TRAINING, True)]
    if len(required(function)) > 2:
        raise Failure(TypeError("too many arguments"))
    flags = [one.name for one in parameters(function) if names.plain(one.name) in names.TRAINING - {"mode"}]
    result = attempt(function, **bound(function, offers, [x, True], optional=False) | dict.fromkeys(flags, True))
    returned = {p: a for p, a in tree(result).items() if a.shape == x.shape}
    if returned:
        return next(iter(returned.values()))
    new = {p: a for p, a in changed(before, arrays(made)).items() if a.shape == x.shape}
    named = sorted((p for p in new if names.plain(p) in OUTPUTS), key=lambda p: OUTPUTS.index(names.plain(p)))
    if named:
        return new[named[0]]
    rest = [a for a in new.values() if not np.array_equal(a, x)]
    kept = next(iter(new.values()), None) if names.kind(type(made).__name__) == "Identity" else None
    return rest[-1] if rest else kept


def _object_probe(made: Any, method: str, backward: list[str], x: Array, layout: str) -> dict[str, Any]:
    """A forward and a backward of one fresh object."""
    rng = np.random.default_rng([13, *x.shape])
    g = rng.standard_normal(x.shape)
    turn = (lambda a: a.T) if layout == "columns" else (lambda a: a)
    found: dict[str, Any] = {"inputs": x, "upstream": g}
    try:
        out = _forward(made, method, turn(x).copy())
    except Failure as failure:
        return found | {"error": str(failure), "stage": "forward", "line": failure.line}
    if out is None:
        return found | {"error": "forward gives nothing", "stage": "forward"}
    found["output"] = np.array(turn(out))
    if not backward:
        return found
    function = getattr(made, backward[0])
    wants = required(function) or parameters(function)
    asks = [names.plain(one.name) for one in wants]
    combined = len(asks) == 2 and asks[1] in LABELS and _ones(out.sum(axis=0 if layout == "columns" else 1))
    if combined:  # with the cross-entropy: it is given probabilities and labels
        found["upstream"] = g = np.eye(x.shape[1])[np.arange(len(x)) % x.shape[1]]
    upstream = turn(g).copy()
    before = copied(arrays(made))
    try:
        if not asks:  # without arguments it can only be the derivative where the forward was
            value = next(iter(tree(attempt(function)).values()), None)
            if value is not None and value.shape in (upstream.shape, ()):
                found["derivative"] = np.array(turn(np.full(upstream.shape, value) if value.ndim == 0 else value))
            return found
        at_a_point = len(asks) == 1 and (
            asks[0] in (*AT, *_asked_for(getattr(made, method)))
            or (names.plain(backward[0]) in DERIVATIVES and names.ranked(asks[0], names.UPSTREAM) != 0)
        )
        if len(asks) == 2 and asks[0] in AT and asks[1] in OUTPUTS and names.plain(backward[0]).startswith("d"):
            value = _value(attempt(function, turn(x).copy(), out.copy()), upstream.shape)
            return found | ({} if value is None else {"derivative": np.array(turn(value))})
        if at_a_point and not _multiplies(function, upstream):
            for key, at in (("derivative", x), ("derivative_at_output", out)):
                given = turn(at).copy()
                value = next(iter(tree(attempt(function, given)).values()))
                if value.shape == (*x.shape, x.shape[-1]):  # a Jacobian for each sample
                    key = key.replace("derivative", "dinputs")
                    value = np.einsum("bij,bj->bi", value, g)
                found[key] = np.array(turn(np.full(given.shape, value) if value.ndim == 0 else value))
            return found
        offers = [(names.UPSTREAM, upstream), (names.INPUTS, turn(x).copy())] if len(asks) > 1 else []
        offers = [({asks[0]}, out.copy()), ({asks[1]}, upstream)] if combined else offers
        given = bound(function, offers, [upstream, turn(x).copy()], optional=False)
        result = attempt_turned(function, given, upstream)
        if kept := [key for key, value in given.items() if np.array_equal(value, turn(x))]:  # or the output, as some do
            again = _value(attempt(function, **given | {kept[0]: out.copy()}), upstream.shape)
            found |= {} if again is None else {"dinputs_at_output": np.array(turn(again))}
    except Failure as failure:
        return found | {"error": str(failure), "stage": "backward", "line": failure.line}
    except StopIteration:
        return found
    returned = [a for a in tree(result).values() if a.shape == upstream.shape]
    new = [(p, a) for p, a in changed(before, arrays(made)).items() if a.shape == upstream.shape]
    new.sort(key=lambda pair: (names.plain(pair[0]) not in (*DINPUTS, "dz"),
                               not names.plain(pair[0]).startswith(("d", "grad"))))  # fmt: skip
    if returned or new:
        found["dinputs"] = np.array(turn(returned[0] if returned else new[0][1]))
    if not np.array_equal(upstream, turn(g)):
        found["backward_changes_upstream"] = True
    return found


def _asked_for(function: Any) -> list[str]:
    """What a forward calls its inputs."""
    return [names.plain(one.name) for one in parameters(function)][:1]


def _multiplies(function: Any, upstream: Array) -> bool:
    """Whether a method of one argument is linear in it: it multiplies what comes from above, whatever it calls it."""
    given = [next(iter(tree(attempt(function, k * upstream)).values()), np.zeros(0)) for k in (1.0, 2.0, -1.0)]
    once, twice, back = given
    return bool(np.any(once)) and np.array_equal(2 * once, twice) and np.array_equal(-once, back)


AT = ("x", "z", "inputs", "input", "value")
LABELS = names.TARGETS - {"output", "outputs", "a", "y"}
DERIVATIVES = ("derivative", "deriv", "prime", "gradient", "grad", "df", "diff", "derivate", "derivation",
               "gradients", "activationderivative", "differentiate", "funcprime", "fprime", "functionprime",
               "functionderivative", "funcderivative")  # fmt: skip
SUFFIXES = ("backward", "backwards", "derivative", "prime", "deriv", "grad", "gradient", "der", "d", "back", "bwd",
            "derivate", "backprop", "differentiate", "dash", "diff", "slope", "dev", "dz")  # fmt: skip


DERIVATIVE = re.compile(r"^(d|der)_|_(d|dz|dx|dev|der|derv|dash)$", re.IGNORECASE)


def pairs(functions: dict[str, Any]) -> list[tuple[str, str | None, str]]:
    """Functions that are activations by name, each with its derivative where there is one: (f, f', kind)."""
    short = {names.plain(name): name for name in functions}
    found = []
    used: set[str] = set()
    for plain, name in short.items():
        kind = names.kind(name)
        if kind not in names.ACTIVATIONS or any(
            word in plain for word in ("deriv", "prime", "backward", "grad", "loss", "slope")
        ):
            continue
        if (plain.startswith("d") and plain[1:] in short) or DERIVATIVE.search(name):
            continue
        stem = plain.removesuffix("forward").removesuffix("function")
        partner = next(
            (short[other] for other in short if other != plain and other not in used and _belongs(stem, other)), None
        )
        if partner:
            used.add(names.plain(partner))
        found.append((name, partner, kind))
    return [one for one in found if names.plain(one[0]) not in used]


def _belongs(stem: str, other: str) -> bool:
    """Whether `other` names the derivative of `stem`."""
    rest = other.replace(stem, "", 1) if stem in other else None
    return rest in SUFFIXES or rest in {f"{s}of" for s in SUFFIXES} or rest in ("derivativeof", "d", "inv", "gradof")


def from_functions(name: str, function: Any, partner: str | None, derivative: Any, kind: str) -> dict[str, Any] | None:
    """Returns a pair of functions as plain data; None when the first is no activation."""
    if not parameters(function) or len(required(function)) > 1:
        return None
    flag = next((one.name for one in parameters(function)[1:] if "der" in one.name.lower() or one.name in (
        "grad", "backward", "prime", "d")), None)  # fmt: skip
    probes = []
    layout = "rows"
    for probe, values in inputs(kind).items():
        found: dict[str, Any] = {"inputs": values, "upstream": np.random.default_rng(5).standard_normal(values.shape)}
        try:
            out = _value(attempt(function, values.copy()), values.shape)
            if out is None and probe == "batch":
                return None
            if out is None:
                raise Failure(ValueError(f"gives no array of shape {values.shape}"))  # noqa: TRY301
            if kind == "Softmax" and probe == "batch" and _ones(out.sum(0)) and not _ones(out.sum(1)):
                layout = "columns"
            if layout == "columns":
                out = _value(attempt(function, values.T.copy()), values.T.shape)
                out = None if out is None else out.T
            if out is None:
                raise Failure(ValueError("gives nothing"))  # noqa: TRY301
            found["output"] = np.array(out)
            if flag or derivative:
                turn = (lambda a: a.T.copy()) if layout == "columns" else np.array
                x, y, g = (turn(a) for a in (values, out, found["upstream"]))
                ways = _derivatives(function if flag else derivative, x, y, g, flag)
                found |= {key: turn(value) for key, value in ways.items()}
        except Failure as failure:
            found |= {"error": str(failure), "stage": "forward" if "output" not in found else "backward",
                      "line": failure.line}  # fmt: skip
            if probe == "batch" and "output" not in found:
                return None
        probes.append({"probe": probe, **found})
    alphas = [one.default for one in parameters(function)[1:] if isinstance(one.default, float)]
    back = derivative or (function if flag else None)
    return {
        "name": name,
        "role": "activation",
        "kind": kind,
        "form": 3,
        "rowwise": _rowwise(name),
        "layout": layout,
        "alpha": alphas[0] if alphas else None,
        "forward": {"name": name, **where(function)},
        "backward": {"name": partner or (f"{name}({flag}=True)" if flag else ""), **(where(back) if back else {})},
        "probes": probes,
    }


def _rowwise(name: str) -> bool:
    """Whether the file calls a function with a row of an array, wherever it calls it: softmax(z[i])."""
    calls = re.findall(rf"(?<!def )(?<![\w.]){re.escape(name)}\(\s*([\w.]+\s*(\[?))", "\n".join(TEXTS))
    return bool(calls) and all(bracket for _, bracket in calls)


TEXTS: list[str] = []  # of the files that are looked at


def _value(result: Any, shape: tuple[int, ...]) -> Array | None:
    return next((a for a in tree(result).values() if a.shape == shape), None)


def _derivatives(function: Any, x: Array, out: Array, g: Array, flag: str | None) -> dict[str, Array]:
    """A derivative of one argument at the input and at the output; of two arguments, the product with upstream."""
    more = {flag: True} if flag else {}
    asks = required(function)
    if flag or len(asks) == 1:
        found: dict[str, Array] = {}
        for key, at in (("derivative", x), ("derivative_at_output", out)):
            result = attempt(function, at.copy(), **more)
            value = np.full(x.shape, float(result)) if isinstance(result, (int, float)) else _value(result, x.shape)
            if value is not None:
                found[key] = np.array(value)
        return found
    if len(asks) != 2:
        return {}
    results: dict[str, Array] = {}
    ways: dict[str, Any] = {"dinputs": x, "dinputs_at_output": out, "dinputs_cache": (x,)}
    first = names.ranked(asks[0].name, names.UPSTREAM) == 0 or names.ranked(asks[1].name, names.UPSTREAM) != 0
    for key, at in ways.items():
        pair = (g.copy(), at) if first else (at, g.copy())
        try:
            value = _value(attempt(function, *pair), x.shape)
        except Failure as failure:
            if isinstance(failure.error, NameError):
                raise
            continue
        if value is not None:
            results[key] = np.array(value)
    if "dinputs" not in results and results:
        results["dinputs"] = results.pop(next(iter(results)))
    if not results:
        raise Failure(Unbound(f"no {asks[0].name} and {asks[1].name} that it takes"))
    return results
