"""What the parts of a network are called: functions that go forward, back, or train, and the arguments they take."""

import inspect
import re

from .. import names
from ..signatures import required

WORDS_TRAIN = re.compile(r"train|fit|learn|sgd|descent|optimi|backprop|step|model|update", re.IGNORECASE)
WORDS_FORWARD = ("forward", "feedforward", "forwardpass", "forwardprop", "forwardpropagation", "feedforwardpass",
                 "propagate", "forwardpropagate", "fullforwardpropagation", "think", "call", "predict", "query", "run",
                 "feed", "activate", "output", "predictproba", "forwards", "compute", "evaluate", "hypothesis", "infer",
                 "forwardpropogation", "forwardpassnetwork", "lmodelforward", "nn", "net")  # fmt: skip
WORDS_BACKWARD = (
    "backward",
    "backprop",
    "backpropagation",
    "backwardpass",
    "backwardprop",
    "backpropagate",
    "gradient",
    "gradients",
    "computegradients",
    "backwardpropagation",
    "calculategradients",
    "grad",
    "backpropogation",
    "fullbackwardpropagation",
    "back",
    "backwards",
    "computegradient",
    "getgradients",
    "lmodelbackward",
    "calcgradients",
    "derivatives",
    "bprop",
    "backpropogate",
    "costfunctionprime",
    "loss",
)
WORDS_TRAIN_FIRST = (
    "trainstep",
    "trainonbatch",
    "trainbatch",
    "updateminibatch",
    "step",
    "train",
    "fit",
    "learn",
    "backprop",
    "backward",
    "backpropagation",
    "sgd",
    "gradientdescent",
    "optimize",
    "update",
    "trainnetwork",
    "training",
    "stochasticgradientdescent",
    "buildmodel",
    "model",
)
PARAMETERS = {"params", "parameters", "weights", "model", "theta", "paramsvalues", "network", "nn", "param", "w", "net",
              "parametersdict", "neuralnet", "neuralnetwork", "weightsbiases", "wb"}  # fmt: skip
CACHES = {
    "cache",
    "caches",
    "memory",
    "activations",
    "forwardcache",
    "store",
    "states",
    "storage",
    "history",
    "outputs",
    "forwardoutputs",
    "intermediate",
    "intermediates",
    "cash",
    "cashe",
    "layeroutputs",
    "fwd",
    "forwardvalues",
    "temp",
    "context",
    "hiddens",
}
GRADIENTS = {"grads", "gradients", "gradsvalues", "dparams", "derivatives", "gradient", "deltas", "grad", "dweights"}
OUTPUT = {"al", "yhat", "output", "probs", "ypred", "pred", "predictions", "aout", "outputs", "prediction", "o",
          "finaloutput", "networkoutput", "predicted", "hypothesis"}  # fmt: skip
COUNT = {"m", "n", "numexamples", "nsamples", "numsamples", "samples", "examples", "numberofexamples", "datasize",
         "trainingsize", "bs"} | names.BATCH  # fmt: skip


def rank(name: str, words: tuple[str, ...]) -> int:
    """How well a function's name fits a list of words: its position, more when a part fits, 99 when nothing does."""
    short = names.plain(name)
    if short in words:
        return words.index(short)
    parts = [k for k, word in enumerate(words) if len(word) > 3 and word in short]
    return 40 + min(parts) if parts else 99


def fitting(methods: dict[str, str], words: tuple[str, ...]) -> list[str]:
    """The methods that are called by one of the words, in the order of the words, then those that hold one."""
    exact = [word for word in dict.fromkeys(words) if word in methods]
    near = [name for name in methods if name not in exact and rank(name, words) < 99 and not HELPER.search(name)]
    return [*exact, *sorted(near, key=lambda name: rank(name, words))]


def unnamed(holder: type, methods: dict[str, str]) -> list[str]:
    """The methods that take something and whose names say nothing, in the order in which they are written."""
    own = [name for base in reversed(holder.__mro__) for name, value in vars(base).items()
           if inspect.isfunction(value) and required(value)]  # fmt: skip
    known = fitting(methods, (*WORDS_FORWARD, *WORDS_BACKWARD, *WORDS_TRAIN_FIRST))
    return [short for name in own for short, method in methods.items()
            if method == name and short not in known and not HELPER.search(short)]  # fmt: skip


HELPER = re.compile(
    r"loss|cost|accuracy|plot|print|save|load|deriv|prime|sigmoid|relu|softmax|tanh|check|numeric|score"
)
