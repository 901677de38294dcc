"""Causes in losses: what is printed, and the first gradient of the backward pass.

Axes: N samples, D outputs, C classes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from reports.diagnosis.causes.activations import CLIP, jacobian_product, softmax
from reports.diagnosis.causes.dense import scaled
from reports.diagnosis.place import Array, Cause, Place

CLASSES = ("loss/samples/*CrossEntropy",)
REGRESSION = ("loss/samples/*Error",)
FUSED, UNFUSED = ("backward/SoftmaxCrossEntropy",), ("backward/CrossEntropy",)
BOTH = FUSED + UNFUSED
READS_LABELS = (*CLASSES, *REGRESSION, *BOTH, "backward/*Error", "accuracy")
CONFIGURED: tuple[Callable[[Place], float], ...] = (  # the batch size that was asked for, or that of all the data
    lambda p: p.configured,
    lambda p: p.case.batch_size or p.configured,
    lambda p: len(p.everything[0]),
)
MEAN = "Take the mean over the batch."


def probabilities(p: Place) -> Array:
    """The side's own probabilities."""
    return p["forward/probabilities"] if "forward/probabilities" in p.known else p.reads[0]


def at_label(p: Place, array: Array) -> Array:
    """The label's entry of each row."""
    return np.sum(np.where(p["labels"] == 1, array, 0), axis=1)


def _loss(id: str, says: str, mend: str, formula: Callable[[Array, Array], Any]) -> Cause:
    """A cause in the losses of the samples, from probabilities and one-hot labels."""
    return Cause(id=id, says=says, mend=mend, where=CLASSES, formula=lambda p: formula(probabilities(p), p["labels"]))


def _chosen(p: Array, y: Array) -> Array:
    return np.sum(np.where(y == 1, p, 0), axis=1)


def _regression(id: str, says: str, mend: str, formula: Callable[[Array, Array], Any]) -> Cause:
    return Cause(id=id, says=says, mend=mend, where=REGRESSION, formula=lambda p: formula(*p.reads))


def _gradient(where: tuple[str, ...], id: str, says: str, mend: str, formula: Callable[[Array, Array], Any]) -> Cause:
    """A cause in a loss's gradient, from what the loss took and its labels or targets."""
    return Cause(id=id, says=says, mend=mend, where=where, formula=lambda p: formula(*p.reads))


def _labels(id: str, says: str, mend: str, change: Callable[[Place], Array], once: str = "") -> Cause:
    """A cause that reads other labels."""
    return Cause(id=id, says=says, mend=mend, where=READS_LABELS, reads=lambda p: p.reading(1, change(p)), once=once)


def _shifted(steps: int) -> Callable[[Place], Array]:
    return lambda p: np.roll(p["labels"], steps, axis=1)


def _unshuffled(p: Place) -> Array:
    """The labels of the batch if the labels were not shuffled as the inputs were."""
    kept = p.everything[1]
    start = (p.iteration * p.configured) % len(kept)
    labels = kept[start : start + p.samples]
    if labels.ndim == 1:
        labels = np.eye(p["labels"].shape[1])[labels]
    if len(labels) != p.samples or np.array_equal(labels, p["labels"]):
        raise ValueError("no other labels")
    return np.asarray(labels, float)


def _one_wrong(index: int) -> Callable[[Place], Array]:
    """The labels with one sample's moved to the next class."""

    def change(p: Place) -> Array:
        labels = p["labels"].copy()
        labels[index] = np.roll(labels[index], 1)
        return labels

    return change


def _ranks(p: Place) -> Array:
    """One-hot rows where each label is its rank among the labels of the batch."""
    _, ranks = np.unique(p["labels"].argmax(axis=1), return_inverse=True)
    return np.asarray(np.eye(p["labels"].shape[1])[ranks])


def _first_class(p: Place) -> Array:
    """All labels the first class: what a column taken for one-hot comes to."""
    first = np.zeros_like(p["labels"])
    first[:, 0] = 1
    return first


def _log_softmax(z: Array) -> Array:
    below = z - z.max(axis=1, keepdims=True)
    return np.asarray(below - np.log(np.exp(below).sum(axis=1, keepdims=True)))


def _spread(y: Array, t: Array) -> Array:
    """All differences of all predictions with all targets: (N, N)."""
    return y.reshape(-1, 1) - t.reshape(1, -1)


def _entropy(p: Array) -> Array:
    return -np.log(np.clip(p, CLIP, 1 - CLIP))


SAMPLES: tuple[Cause, ...] = (
    # classes
    *(_loss("S30", "the probability is not clipped to [1e-7, 1 - 1e-7]", "Clip it in the loss, as the lecture does.",
            lambda p, y, least=least: -np.log(np.maximum(_chosen(p, y), least)))
      for least in (0.0, np.finfo(np.float64).tiny, np.finfo(np.float32).tiny, np.finfo(np.float64).eps)),
    Cause(id="S30", says="the loss is a log-sum-exp of the logits, which no clip limits", mend="Clip p at 1e-7.",
          where=("loss/samples/SoftmaxCrossEntropy",), formula=lambda p: -at_label(p, _log_softmax(p.reads[0]))),
    *(_loss("S31", f"the probability is clipped to [{clip:g}, 1 - 1e-7], not [1e-7, 1 - 1e-7]", "Clip at 1e-7.",
            lambda p, y, clip=clip: -np.log(np.clip(_chosen(p, y), clip, 1 - CLIP)))
      for clip in (1e-16, 1e-15, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6)),
    *(_loss("S31", f"the probability is clipped to [{clip:g}, 1 - {clip:g}], not [1e-7, 1 - 1e-7]", "Clip at 1e-7.",
            lambda p, y, clip=clip: -np.log(np.clip(_chosen(p, y), clip, 1 - clip)))
      for clip in (1e-16, 1e-15, 1e-14, 1e-12, 1e-10, 1e-9, 1e-8, 1e-6, 1e-5, 1e-4)),
    *(_loss("S31", f"the probability is clipped at {clip:g} below and not above", "Clip to [1e-7, 1 - 1e-7].",
            lambda p, y, clip=clip: -np.log(np.maximum(_chosen(p, y), clip)))
      for clip in (1e-300, 1e-16, 1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)),
    *(_loss("S9", f"{eps:g} is added to the probability inside the logarithm", "Take the log of the clipped p alone.",
            lambda p, y, eps=eps: -np.log(_chosen(p, y) + eps))
      for eps in (2e-16, 1e-16, 1e-15, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)),
    *(_loss("S9", f"{eps:g} is added to the clipped probability inside the logarithm", "Take the log of p alone.",
            lambda p, y, eps=eps: -np.log(np.clip(_chosen(p, y), CLIP, 1 - CLIP) + eps))
      for eps in (1e-15, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7)),
    *(_loss("S10", "0 times the logarithm of 0 is NaN where a probability is 0", "Take the label's entry first.",
            lambda p, y, clip=clip: clip(-np.sum(y * np.log(p), axis=1)))
      for clip in (lambda loss: loss, lambda loss: np.clip(loss, -np.log(1 - CLIP), -np.log(CLIP)))),
    *(_loss("S14", f"it is the binary cross-entropy, {how} over classes", "Only the label's class counts: -log p_y.",
            lambda p, y, fold=fold, clip=clip: fold(-np.log(np.where(y == 1, clip(p), 1 - clip(p))), axis=1))
      for how, fold in (("summed", np.sum), ("averaged", np.mean))
      for clip in (lambda p: np.clip(p, CLIP, 1 - CLIP), lambda p: p, lambda p: np.clip(p, 1e-15, 1 - 1e-15))),
    _loss("S12", "it is averaged over the {C} classes too", "Sum over classes; only one of them counts.",
          lambda p, y: _entropy(_chosen(p, y)) / y.shape[1]),
    _loss("S35", "the logarithm has base 2", "Use np.log.", lambda p, y: _entropy(_chosen(p, y)) / np.log(2)),
    _loss("S35", "the logarithm has base 10", "Use np.log.", lambda p, y: _entropy(_chosen(p, y)) / np.log(10)),
    _loss("L20", "its sign is turned round", "It is -log p_y.", lambda p, y: -_entropy(_chosen(p, y))),
    _loss("X3", "it is a squared error of the probabilities", "Cross-entropy is -log p_y.",
          lambda p, y: np.sum((p - y) ** 2, axis=1)),
    _loss("X3", "it is a mean squared error of the probabilities", "Cross-entropy is -log p_y.",
          lambda p, y: np.mean((p - y) ** 2, axis=1)),
    _loss("X3", "it is 1 - p, not -log p", "Cross-entropy is -log p_y.", lambda p, y: 1 - _chosen(p, y)),
    _loss("S7", "softmax is applied again to the probabilities", "Take the log of the probabilities themselves.",
          lambda p, y: _entropy(_chosen(softmax(p), y))),
    _loss("X6", "the entropy of the prediction is taken, the label has no part in it", "It is -log p_y.",
          lambda p, y: np.sum(p * _entropy(p), axis=1)),
    _loss("S17", "the predicted class's probability is taken, not the label's", "It is -log p_y.",
          lambda p, y: _entropy(p.max(axis=1))),
    _loss("S17", "rows of other samples are taken: p[y], not p[range(N), y]", "Index with both.",
          lambda p, y: _entropy(p[y.argmax(axis=1)])),
    Cause(id="S13", says="the logarithm of the sum of exponentials is missing", mend="It is log(sum(exp(z))) - z_y.",
          where=("loss/samples/SoftmaxCrossEntropy",), formula=lambda p: np.sum(
              np.exp(p.reads[0] - p.reads[0].max(axis=1, keepdims=True)), axis=1)
          - at_label(p, p.reads[0] - p.reads[0].max(axis=1, keepdims=True))),
    # regression
    _regression("S20", "it is the sum over outputs", "See the loss's docstring for its constant.",
                lambda y, t: np.sum((y - t) ** 2, axis=1)),
    _regression("S20", "it is half the sum over outputs", "See the loss's docstring for its constant.",
                lambda y, t: np.sum((y - t) ** 2, axis=1) / 2),
    _regression("S20", "it is half the mean over outputs", "See the loss's docstring for its constant.",
                lambda y, t: np.mean((y - t) ** 2, axis=1) / 2),
    _regression("S20", "it is the mean over outputs", "See the loss's docstring for its constant.",
                lambda y, t: np.mean((y - t) ** 2, axis=1)),
    _regression("S22", "it is the root of the sum of squares, the norm", "Do not take the root.",
                lambda y, t: np.sqrt(np.sum((y - t) ** 2, axis=1))),
    _regression("S22", "it is the root of the mean of squares", "Do not take the root.",
                lambda y, t: np.sqrt(np.mean((y - t) ** 2, axis=1))),
    _regression("S23", "it is the distance |y - t|, not its square", "Square it.",
                lambda y, t: np.mean(np.abs(y - t), axis=1)),
    _regression("S23", "it is the sum of distances", "See the loss's docstring for its constant.",
                lambda y, t: np.sum(np.abs(y - t), axis=1)),
    _regression("S23", "the differences are taken with their sign: they cancel", "Square them, or take |y - t|.",
                lambda y, t: np.mean(y - t, axis=1)),
    _regression("S21", "(N, 1) minus (N,) has become (N, N): every prediction meets every target",
                "Give both the same shape.", lambda y, t: np.mean(_spread(y, t) ** 2, axis=1)),
    _regression("S21", "(N, 1) minus (N,) has become (N, N): every prediction meets every target",
                "Give both the same shape.", lambda y, t: np.sum(_spread(y, t) ** 2, axis=1) / 2),
    _regression("L20", "its sign is turned round", "A loss grows with the distance.",
                lambda y, t: -np.mean((y - t) ** 2, axis=1)),
)  # fmt: skip

LABELS: tuple[Cause, ...] = (
    _labels("T14", "the labels are those of the batch before", "Use this batch's labels.",
            lambda p: p.before("labels") if p.iteration and p.earlier else p["labels"]),
    *(_labels("T6", "the classes are numbered by those in the batch: one that is missing shifts the others",
              "Number all classes.", change) for change in (_ranks,)),
    *(_labels("S16", f"the labels are shifted by {abs(steps)} {'up' if steps > 0 else 'down'}: they count from another "
              "number than the classes", "Let labels count from 0.", _shifted(steps)) for steps in (1, -1)),
    *(_labels("T3", "inputs and labels are shuffled apart: the labels belong to other samples",
              "Index both with the same batch.", change) for change in (
        _unshuffled, lambda p: np.roll(p["labels"], 1, axis=0), lambda p: np.roll(p["labels"], -1, axis=0),
        lambda p: p["labels"][::-1])),
    *(_labels("T12", f"the label of sample {index} is another", "Look at the labels of this step.", _one_wrong(index),
              once="T12") for index in (0, 1, -1)),
    _labels("S15", "every sample counts as the first class: a column of labels is taken for one-hot",
            "Use labels.ravel().", _first_class),
)  # fmt: skip

TOTALS: tuple[Cause, ...] = (
    scaled("S11", "it is the sum over the batch, not the mean", MEAN, ("loss/data",), lambda p: p.samples),
    scaled("S11", "it is the mean over the batch, not the sum", "See the loss's docstring.", ("loss/data",),
           lambda p: 1 / p.samples),
    scaled("S12", "it is averaged over the classes or outputs too", MEAN, ("loss/data",),
           lambda p: 1 / p.reads[1].shape[1]),
    scaled("S28", "it is divided by N - 1 = one less than the batch size N = {N}", MEAN, ("loss/data",),
           lambda p: p.samples / max(p.samples - 1, 1)),
    *(scaled("L4", "it is divided by the configured batch size, not by the batch's own {N}", MEAN, ("loss/data",),
             lambda p, size=size: p.samples / size(p)) for size in CONFIGURED),
    scaled("S20", "it is twice too large", "See the loss's docstring.", ("loss/data",), lambda p: 2),
    scaled("S20", "it is half as large as it should be", "See the loss's docstring.", ("loss/data",), lambda p: 0.5),
    scaled("L20", "its sign is turned round", "A loss is -log p, and positive.", ("loss/data", "loss"), lambda p: -1),
    Cause(id="S22", says="its root is taken", mend="Do not take the root.", where=("loss/data",),
          result=lambda p, made: np.sqrt(made)),
    Cause(id="S22", says="it is the length of the whole error, not its mean square", mend="Do not take the root.",
          where=("loss/data",), formula=lambda p: np.linalg.norm(p.reads[1] - p["labels"])),
    Cause(id="X7", says="only the first sample's loss is taken", mend=MEAN, where=("loss/data",),
          formula=lambda p: p.reads[0][0]),
    Cause(id="X7", says="only the last sample's loss is taken", mend=MEAN, where=("loss/data",),
          formula=lambda p: p.reads[0][-1]),
    Cause(id="X7", says="the largest of the samples' losses is taken", mend=MEAN, where=("loss/data",),
          formula=lambda p: p.reads[0].max()),
    Cause(id="X7", says="the median of the samples' losses is taken", mend=MEAN, where=("loss/data",),
          formula=lambda p: np.median(p.reads[0])),
    Cause(id="X7", says="the last sample's loss is left out", mend=MEAN, where=("loss/data",),
          formula=lambda p: np.mean(p.reads[0][:-1])),
    *(Cause(id=id, says="the penalty is missing from the loss that is printed", mend="Add the layers' penalties.",
            where=("loss",), formula=lambda p: p.reads[0]) for id in ("S26", "S23")),
    Cause(id="S40", says="it is that of the update before", mend="Print what this update computed.",
          where=("loss", "accuracy", "loss/printed", "loss/data"), formula=lambda p: p.usual_before()),
    *(Cause(id="T16", says=f"it is rounded to {digits} digits", mend="Round where it is printed.",
            where=("loss", "accuracy", "loss/data"), result=lambda p, made, digits=digits: np.round(made, digits))
      for digits in (1, 2, 3, 4, 6)),
    Cause(id="S26", says="the penalty is added twice", mend="Add it once.", where=("loss",),
          formula=lambda p: p.reads[0] + 2 * p.reads[1]),
    Cause(id="O10", says="the penalty is subtracted", mend="Add it.", where=("loss",),
          formula=lambda p: p.reads[0] - p.reads[1]),
    Cause(id="S23", says="what is printed is the mean of squares", mend="The lecture prints mean |y - t|.",
          where=("loss/printed",), formula=lambda p: np.mean((p.reads[0] - p.reads[1]) ** 2)),
    Cause(id="S23", says="what is printed is the sum of distances", mend="The lecture prints their mean.",
          where=("loss/printed",), formula=lambda p: np.sum(np.abs(p.reads[0] - p.reads[1]))),
    Cause(id="S23", says="the differences are averaged with their sign", mend="The lecture prints mean |y - t|.",
          where=("loss/printed",), formula=lambda p: np.mean(p.reads[0] - p.reads[1])),
    Cause(id="S26", says="the penalty is zero", mend="Add l1 * sum|w| + l2 * sum(w^2).",
          where=("loss/penalty",), formula=lambda p: np.zeros(())),
    *(Cause(id=id, says=says, mend="Add l1 * sum|w| + l2 * sum(w^2) over weights and biases.", where=("loss/penalty",),
            formula=lambda p, term=term: sum(term(l1, l2, w, name) for (name, (l1, l2)), w in
                                             zip(_strengths(p).items(), p.reads, strict=True)))
      for id, says, term in (
          ("S26", "it is half as large as it should be",
           lambda l1, l2, w, name: l1 * np.abs(w).sum() / 2 + l2 * (w * w).sum() / 2),
          ("S26", "it is twice as large as it should be",
           lambda l1, l2, w, name: 2 * l1 * np.abs(w).sum() + 2 * l2 * (w * w).sum()),
          ("O9", "the L2 part has a half that the gradient has not",
           lambda l1, l2, w, name: l1 * np.abs(w).sum() + l2 / 2 * (w * w).sum()),
          ("O9", "the L2 part is missing", lambda l1, l2, w, name: l1 * np.abs(w).sum()),
          ("S26", "the L1 part is missing", lambda l1, l2, w, name: l2 * (w * w).sum()),
          ("O13", "the L2 part is the norm, not its square",
           lambda l1, l2, w, name: l1 * np.abs(w).sum() + l2 * np.sqrt((w * w).sum())),
          ("O13", "the L2 part of the weights is the norm, not its square",
           lambda l1, l2, w, name: l1 * np.abs(w).sum() + l2 * (np.linalg.norm(w) if name.endswith("weights")
                                                               else (w * w).sum())),
          ("O26", "the L1 part is summed with signs", lambda l1, l2, w, name: l1 * w.sum() + l2 * (w * w).sum()),
          ("O26", "the L1 part of the weights is summed with signs",
           lambda l1, l2, w, name: l1 * (w.sum() if name.endswith("weights") else np.abs(w).sum())
           + l2 * (w * w).sum()),
          ("O26", "the L1 part is the size of the sum, not the sum of the sizes",
           lambda l1, l2, w, name: l1 * np.abs(w.sum()) + l2 * (w * w).sum()),
          ("O11", "the biases have no part in it", lambda l1, l2, w, name: 0.0 if name.endswith("biases")
           else l1 * np.abs(w).sum() + l2 * (w * w).sum()),
          ("O12", "means stand where sums belong", lambda l1, l2, w, name: l1 * np.abs(w).mean() + l2 * (w * w).mean()),
          ("O10", "its sign is wrong", lambda l1, l2, w, name: -l1 * np.abs(w).sum() - l2 * (w * w).sum()),
      )),
    *(Cause(id="O27", says="it holds the penalty of one layer alone", mend="Sum over all layers.",
            where=("loss/penalty",), formula=lambda p, number=number: _one_layers(p, number)) for number in (-1, 0, 1)),
    # accuracy
    *(Cause(id=id, says=says, mend="Compare outputs.argmax(axis=1) with the labels, and take the mean.",
            where=("accuracy",), formula=lambda p, hits=hits: hits(p.reads[0], p.reads[1]))
      for id, says, hits in (
          ("T8", "the largest output is sought along the batch, not in each row",
           lambda o, y: np.mean(o.argmax(axis=0)[:, None] == y.argmax(axis=1)) if len(y) == o.shape[1] else np.mean(
               np.resize(o.argmax(axis=0), len(y)) == y.argmax(axis=1))),
          ("T8", "the largest sample of each class is sought, not the largest class of each sample",
           lambda o, y: np.mean(o.argmax(axis=0)[y.argmax(axis=1)] == np.arange(len(y)))),
          ("T8", "the largest output of the whole batch counts", lambda o, y: np.mean(
              np.where(o == o.max(), y == 1, False).any(axis=1))),
          ("T8", "the largest output of the whole batch counts", lambda o, y: np.mean(
              int(o.argmax()) == y.argmax(axis=1))),
          ("T8", "every output as large as the row's largest counts as a hit on ties", lambda o, y: np.mean(
              (o == o.max(axis=1, keepdims=True))[y == 1])),
          ("T8", "the last of equal outputs is taken, not the first", lambda o, y: np.mean(
              o.shape[1] - 1 - o[:, ::-1].argmax(axis=1) == y.argmax(axis=1))),
          ("T15", "the smallest output is taken", lambda o, y: np.mean(o.argmin(axis=1) == y.argmax(axis=1))),
          ("T8", "hits are counted, not averaged", lambda o, y: np.sum(o.argmax(axis=1) == y.argmax(axis=1))),
          ("T8", "it is given in percent", lambda o, y: 100 * np.mean(o.argmax(axis=1) == y.argmax(axis=1))),
          ("T8", "misses are counted, not hits", lambda o, y: np.mean(o.argmax(axis=1) != y.argmax(axis=1))),
          ("T15", "outputs are rounded and compared with one-hot labels", lambda o, y: np.mean(np.round(o) == y)),
          ("T15", "outputs above 1/2 count as the prediction", lambda o, y: np.mean(
              ((o > 0.5) == (y == 1)).all(axis=1))),
          ("T8", "the mean is taken over N - 1 samples", lambda o, y: np.sum(
              o.argmax(axis=1) == y.argmax(axis=1)) / (len(o) - 1)),
      )),
)  # fmt: skip

GRADIENTS: tuple[Cause, ...] = (
    scaled("L1", "the loss gradient is not divided by the batch size, N = {N}",
           "Divide by len(inputs) in the loss's backward.", (*BOTH, "backward/Mean*"), lambda p: p.samples),
    scaled("L2", "the loss gradient is divided by the batch size N = {N} twice", "Divide once.",
           (*BOTH, "backward/Mean*"), lambda p: 1 / p.samples),
    scaled("S20", "the gradient is a mean where the loss is a sum: divided by N = {N}", "Do not divide.",
           ("backward/Half*",), lambda p: 1 / p.samples),
    scaled("S20", "a factor 2 too many", "The half cancels it.", ("backward/Half*",), lambda p: 2),
    scaled("S20", "it is twice a mean, 2 (y - t) / N, where the loss is half a sum", "Return y - t.",
           ("backward/Half*",), lambda p: 2 / p.samples),
    scaled("S33", "it is divided by N - 1 = one less than the batch size N = {N}", "Divide by N.",
           (*BOTH, "backward/Mean*"), lambda p: p.samples / max(p.samples - 1, 1)),
    scaled("S34", "it is divided by the number of classes too", "Divide by the batch size alone.", BOTH,
           lambda p: 1 / p.reads[0].shape[1]),
    scaled("S12", "it is divided by the number of classes, not by the batch size", "Divide by the batch size.", BOTH,
           lambda p: p.samples / p.reads[0].shape[1]),
    *(scaled("L4", "it is divided by the configured batch size, not by the batch's own {N}", "Divide by len(inputs).",
             (*BOTH, "backward/Mean*"), lambda p, size=size: p.samples / size(p)) for size in CONFIGURED),
    *(scaled("S20", says, "See the loss's docstring: 2 (y - t) / (N D).", ("backward/MeanSquaredError",), factor)
      for says, factor in (
          ("the 2 of the square's derivative is missing", lambda p: 0.5),
          ("it is (y - t) / N: 2 and the division by the {D} outputs are missing",
           lambda p: p.reads[0].shape[1] / 2),
          ("it is not divided by the {D} outputs", lambda p: p.reads[0].shape[1]),
          ("it is divided by the {D} outputs, not by the {N} samples", lambda p: p.samples),
          ("it is (y - t) / D: neither 2 nor 1/N", lambda p: p.samples / 2),
          ("it is the gradient of half the sum of squares, y - t", lambda p: p.reads[0].size / 2),
          ("it is the gradient of the sum of squares, 2 (y - t)", lambda p: p.reads[0].size),
          ("the factor 2 stands twice", lambda p: 2),
      )),
    *(scaled("S38", says, "It is sign(y - t) / (N D).", ("backward/MeanAbsoluteError",), factor)
      for says, factor in (
          ("it is not divided by the {D} outputs", lambda p: p.reads[0].shape[1]),
          ("it is divided by the {D} outputs, not by the {N} samples", lambda p: p.samples),
          ("it is not divided at all", lambda p: p.reads[0].size),
          ("a factor 2 too many", lambda p: 2),
          ("a factor 1/2 too many", lambda p: 0.5),
      )),
    # fused
    _gradient(FUSED, "S27", "1 is added at the label where it is to be subtracted", "dz = (p - onehot) / N.",
              lambda p, y: (p + y) / len(p)),
    _gradient(BOTH, "X8", "the label has no part in it: p / N", "dz = (p - onehot) / N.", lambda p, y: p / len(p)),
    _gradient(BOTH, "S29", "it is taken at the clipped probability", "Clip in the loss alone.",
              lambda p, y: (np.clip(p, CLIP, 1 - CLIP) - y) / len(p)),
    Cause(id="T6", says="only the columns of the classes in the batch have a gradient, numbered by their rank",
          mend="Number all classes.", where=FUSED, formula=lambda p: np.where(
              np.arange(p.reads[0].shape[1]) < len(np.unique(p.reads[1].argmax(axis=1))),
              (p.reads[0] - _ranks(p)) / p.samples, 0)),
    _gradient(FUSED, "S29", "it is 0 where the label's probability is clipped, as autograd of clip has it",
              "Clip in the loss alone.", lambda p, y: np.where(
                  (_chosen(p, y) < CLIP)[:, None] | (_chosen(p, y) > 1 - CLIP)[:, None], 0, (p - y) / len(p))),
    _gradient(FUSED, "S6", "the softmax derivative is applied on top of p - y, which holds it already",
              "Return (p - onehot) / N.", lambda p, y: jacobian_product(p, (p - y) / len(p))),
    _gradient(FUSED, "S6", "a sigmoid's derivative, p (1 - p), is applied on top of p - y",
              "Return (p - onehot) / N.", lambda p, y: (p - y) * p * (1 - p) / len(p)),
    _gradient(FUSED, "S5", "only the label's column has a gradient", "dz = (p - onehot) / N, in all columns.",
              lambda p, y: np.where(y == 1, (p - y) / len(p), 0)),
    _gradient(FUSED, "X9", "the gradient of the probabilities is returned, not that of the logits",
              "dz = (p - onehot) / N.", lambda p, y: np.where(y == 1, -1 / p, 0) / len(p)),
    _gradient(FUSED, "X3", "it is that of a squared error, 2 (p - y) / N", "dz = (p - onehot) / N.",
              lambda p, y: 2 * (p - y) / len(p)),
    _gradient(FUSED, "X3", "it is that of a mean squared error through softmax", "dz = (p - onehot) / N.",
              lambda p, y: jacobian_product(p, 2 * (p - y) / p.size)),
    Cause(id="S7", says="softmax is applied again", mend="Use the probabilities themselves.", where=FUSED,
          formula=lambda p: (softmax(p.reads[0]) - p.reads[1]) / p.samples),
    Cause(id="X10", says="the logits stand where the probabilities belong", mend="Apply softmax first.", where=FUSED,
          formula=lambda p: (p[f"forward/{p.case.layers[-1].name}"] - p.reads[1]) / p.samples),
    Cause(id="S18", says="the predicted class stands for the label", mend="Subtract the one-hot label.", where=FUSED,
          formula=lambda p: (p.reads[0] - np.eye(p.reads[0].shape[1])[p.reads[0].argmax(axis=1)]) / p.samples),
    # unfused
    _gradient(UNFUSED, "S25", "it is taken at the clipped probability", "Clip in the loss alone.",
              lambda p, y: -y / np.clip(p, CLIP, 1 - CLIP) / len(p)),
    *(_gradient(UNFUSED, "S25", f"{eps:g} is added to the probability in the denominator", "Divide by p alone.",
                lambda p, y, eps=eps: -y / (p + eps) / len(p)) for eps in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)),
    _gradient(UNFUSED, "S6", "it is the fused p - y; the softmax derivative is applied to it again behind",
              "Return -onehot / p / N here.", lambda p, y: (p - y) / len(p)),
    _gradient(UNFUSED, "S14", "it is that of the binary cross-entropy", "Return -onehot / p / N.",
              lambda p, y: (-y / p + (1 - y) / (1 - p)) / len(p)),
    _gradient(UNFUSED, "X11", "the label is multiplied, not divided by p", "Return -onehot / p / N.",
              lambda p, y: -y * p / len(p)),
    _gradient(UNFUSED, "X11", "the probability is missing", "Return -onehot / p / N.", lambda p, y: -y / len(p)),
    _gradient(UNFUSED, "X11", "the logarithm stands for its derivative", "Return -onehot / p / N.",
              lambda p, y: np.where(y == 1, -np.log(p), 0) / len(p)),
    _gradient(UNFUSED, "X8", "every class has a gradient, not the label's alone", "Return -onehot / p / N.",
              lambda p, y: -1 / p / len(p)),
    # regression
    _gradient(("backward/*Error",), "S21", "(N, 1) minus (N,) has become (N, N): the gradient points to the mean",
              "Give both the same shape.", lambda y, t: 2 * (y - t.mean()) / y.size),
    _gradient(("backward/*Error",), "S21", "(N, 1) minus (N,) has become (N, N), summed",
              "Give both the same shape.", lambda y, t: _spread(y, t).sum(axis=1, keepdims=True)),
    _gradient(("backward/MeanSquaredError",), "S23", "it is that of the distance: a sign", "It is 2 (y - t) / (N D).",
              lambda y, t: np.sign(y - t) / y.size),
    *(_gradient(("backward/MeanAbsoluteError",), "S39", "it is the residual in place of its sign",
                "It is sign(y - t) / (N D).", lambda y, t, k=k: k * (y - t) / y.size) for k in (1, 2)),
    _gradient(("backward/MeanAbsoluteError",), "X12", "the sign of exactly 0 is taken as +1, torch takes 0",
              "Use np.sign.", lambda y, t: np.where(y >= t, 1.0, -1.0) / y.size),
    _gradient(("backward/MeanAbsoluteError",), "X12", "the sign of exactly 0 is taken as -1, torch takes 0",
              "Use np.sign.", lambda y, t: np.where(y > t, 1.0, -1.0) / y.size),
    _gradient(("backward/*Error",), "X8", "the targets have no part in it", "It holds y - t.",
              lambda y, t: 2 * y / y.size),
    _gradient(("backward/*Error",), "X8", "the targets are added", "It holds y - t.",
              lambda y, t: 2 * (y + t) / y.size),
    _gradient(("backward/Half*",), "X8", "the targets are added", "It is y - t.", lambda y, t: y + t),
)  # fmt: skip

# The probabilities are computed with a fault; the loss itself does the right thing with them.
FOLLOWS = (
    Cause(id="", says="follows from the probabilities", mend="", where=CLASSES,
          formula=lambda p: _entropy(_chosen(probabilities(p), p["labels"]))),
)  # fmt: skip

CAUSES: tuple[Cause, ...] = SAMPLES + LABELS + TOTALS + GRADIENTS


def _one_layers(p: Place, number: int) -> Any:
    """The penalty of one Dense layer."""
    terms = [
        l1 * np.abs(w).sum() + l2 * (w * w).sum() for (l1, l2), w in zip(_strengths(p).values(), p.reads, strict=True)
    ]
    return [weights + biases for weights, biases in zip(terms[::2], terms[1::2], strict=True)][number]


def _strengths(p: Place) -> dict[str, tuple[float, float]]:
    """(l1, l2) of each parameter, by its name."""
    return {
        name: strength
        for layer in p.case.layers
        if layer.kind == "Dense"
        for name, strength in layer.strengths().items()
    }
