"""What a name probably means: roles of classes, of methods and of parameters. Names hint, structure decides."""

import re

FORWARD = ("forward", "forwardpass", "forwardprop", "forwardpropagation", "forwardpropagate", "feedforward", "fprop",
           "propagate", "call", "compute", "activate", "activation", "apply", "fwd", "func", "fn", "f", "function",
           "evaluate", "output", "predict", "calculate", "run", "think", "value", "activationfunction")  # fmt: skip
BACKWARD = ("backward", "backwardpass", "backprop", "backpropagation", "backpropagate", "backwardprop", "bprop",
            "backwardpropagation", "bwd", "gradient", "grad", "derivative", "deriv", "prime", "backpass",
            "computegradients", "calculategradients", "compgrad", "computegrads", "gradients", "dfunc",
            "df", "delta", "diff", "dx", "back", "derivation", "derivate", "activationderivative",
            "differentiate", "funcprime", "fprime", "functionprime", "functionderivative",
            "funcderivative")  # fmt: skip
UPDATE = ("updateparams", "update", "step", "updateparameters", "updateweights", "apply", "applygradients", "optimize",
          "updatelayer", "updateparam", "updateparameter", "minimize", "gradientdescent", "descend")  # fmt: skip
TRAIN = ("train", "fit", "learn", "trainstep", "trainonbatch", "sgd", "training", "trainbatch", "trainnetwork",
         "gradientdescent", "batchgradientdescent", "optimize", "buildmodel", "nnmodel", "model", "updateminibatch",
         "trainmodel", "trainingloop", "fitmodel", "trainnn", "run", "trainneuralnetwork", "llayermodel")  # fmt: skip
LOSS = ("loss", "cost", "computeloss", "computecost", "calculateloss", "calculatecost", "getcost", "error", "calculate",
        "costfunction", "lossfunction", "forward", "call", "getcostvalue", "getloss", "calc", "calcloss", "f", "fn",
        "compute", "value", "func")  # fmt: skip

KINDS = (  # a class or function name holds one of these words -> what it probably is; the first that fits
    ("softmaxloss", "SoftmaxCrossEntropy"), ("softmaxwithloss", "SoftmaxCrossEntropy"),
    ("softmaxcrossentropy", "SoftmaxCrossEntropy"), ("softmaxcategorical", "SoftmaxCrossEntropy"),
    ("crossentropysoftmax", "SoftmaxCrossEntropy"), ("softmaxcce", "SoftmaxCrossEntropy"),
    ("softmaxce", "SoftmaxCrossEntropy"), ("softmaxnll", "SoftmaxCrossEntropy"), ("sigmoidbce", "SigmoidCrossEntropy"),
    ("sigmoidloss", "SigmoidCrossEntropy"), ("sigmoidwithloss", "SigmoidCrossEntropy"),
    ("sigmoidcross", "SigmoidCrossEntropy"), ("sigmoidbinary", "SigmoidCrossEntropy"),
    ("bcewithlogits", "SigmoidCrossEntropy"), ("binarycrossentropywithlogits", "SigmoidCrossEntropy"),
    ("crossentropywithlogits", "SoftmaxCrossEntropy"),
    ("regression", "network"),  # of one layer, and what is logistic in it is not all of it
    ("categoricalaccuracy", "other"), ("accuracy", "other"), ("dropout", "Dropout"), ("batchnorm", "BatchNorm"),
    ("layernorm", "LayerNorm"), ("normalization", "BatchNorm"), ("conv", "Convolution"), ("pool", "Pooling"),
    ("flatten", "Flatten"), ("flat", "Flatten"), ("reshape", "Flatten"), ("lstm", "LSTM"), ("gru", "GRU"),
    ("rnn", "Recurrent"), ("embedding", "Embedding"), ("attention", "Attention"),
    ("binarycross", "BinaryCrossEntropy"), ("bceloss", "BinaryCrossEntropy"), ("lossbce", "BinaryCrossEntropy"),
    ("binaryentropy", "BinaryCrossEntropy"), ("logloss", "BinaryCrossEntropy"), ("bce", "BinaryCrossEntropy"),
    ("crossentropy", "CrossEntropy"), ("categorical", "CrossEntropy"), ("cceloss", "CrossEntropy"),
    ("nllloss", "CrossEntropy"), ("negativeloglik", "CrossEntropy"), ("entropy", "CrossEntropy"),
    ("bentidentity", "other"), ("rmse", "other"), ("rootmeansquare", "other"),  # a figure to report, seldom a loss
    ("meansq", "MeanSquaredError"), ("mse", "MeanSquaredError"), ("squarederror", "MeanSquaredError"),
    ("squareloss", "MeanSquaredError"), ("squareerror", "MeanSquaredError"), ("quadratic", "MeanSquaredError"),
    ("l2loss", "MeanSquaredError"), ("meanabsolute", "MeanAbsoluteError"), ("l1loss", "MeanAbsoluteError"),
    ("absoluteerror", "MeanAbsoluteError"), ("huber", "Huber"), ("hinge", "Hinge"),
    ("logsoftmax", "other"), ("softmin", "other"), ("mish", "Mish"), ("softsign", "Softsign"),
    ("hardsigmoid", "HardSigmoid"), ("hardtanh", "HardTanh"), ("hardswish", "HardSwish"),
    ("leakyrelu", "LeakyReLU"), ("lrelu", "LeakyReLU"), ("prelu", "LeakyReLU"), ("selu", "SELU"), ("gelu", "GELU"),
    ("relu", "ReLU"), ("rectif", "ReLU"), ("softplus", "Softplus"), ("softmax", "Softmax"), ("sigmoid", "Sigmoid"),
    ("logistic", "Sigmoid"), ("sigm", "Sigmoid"), ("tanh", "Tanh"), ("hyperbolic", "Tanh"), ("elu", "ELU"),
    ("swish", "Swish"), ("silu", "Swish"), ("stepfunction", "Step"), ("heaviside", "Step"),
    ("rmsprop", "RMSprop"), ("adagrad", "AdaGrad"), ("adadelta", "Adadelta"), ("adamw", "AdamW"), ("adamax", "Adamax"),
    ("nadam", "Nadam"), ("adam", "Adam"), ("nesterov", "Nesterov"), ("momentum", "Momentum"), ("sgd", "SGD"),
    ("gradientdescent", "SGD"), ("gdoptim", "SGD"), ("optimizergd", "SGD"), ("identity", "Identity"),
    ("linearactivation", "Identity"), ("activationlinear", "Identity"),
    ("layerdense", "Dense"), ("dense", "Dense"), ("linear", "Dense"),
    ("affine", "Dense"), ("fullyconnected", "Dense"), ("fclayer", "Dense"),
)  # fmt: skip
ACTIVATIONS = ("ReLU", "LeakyReLU", "Sigmoid", "Tanh", "Softmax", "ELU", "SELU", "GELU", "Softplus", "Swish",
               "Identity", "HardSigmoid", "HardTanh", "HardSwish", "Mish", "Softsign")  # fmt: skip
LOSSES = ("SoftmaxCrossEntropy", "SigmoidCrossEntropy", "CrossEntropy", "BinaryCrossEntropy", "MeanSquaredError",
          "MeanAbsoluteError", "Huber", "Hinge")  # fmt: skip
OPTIMIZERS = ("SGD", "Momentum", "Nesterov", "Adam", "AdamW", "RMSprop", "AdaGrad", "Adadelta", "Adamax", "Nadam")
UNKNOWN = ("Dropout", "BatchNorm", "LayerNorm", "Convolution", "Pooling", "Flatten", "LSTM", "GRU", "Recurrent",
           "Embedding", "Attention", "Step", "network with convolutions")  # fmt: skip

RATE = {"lr", "learningrate", "alpha", "eta", "rate", "stepsize", "learnrate", "lrate", "learning", "a", "epsilonlr",
        "currentlearningrate", "learningparameter", "lrn", "step"}  # fmt: skip
MOMENTUM = {"momentum", "memory", "mu", "gamma", "beta", "m", "mom"}
DECAY = {"decay", "lrdecay", "decayrate", "learningratedecay"}
N_IN = {
    "ninputs",
    "ninput",
    "numberinputs",
    "numberofinputs",
    "noinputs",
    "innum",
    "insz",
    "entrada",
    "entradas",
    "nentradas",
    "inputsize",
    "inputdim",
    "nin",
    "infeatures",
    "nfeatures",
    "inputs",
    "indim",
    "numinputs",
    "inputnodes",
    "inputunits",
    "insize",
    "features",
    "inputneurons",
    "din",
    "fanin",
    "inputlayersize",
    "nx",
    "nprev",
    "unitsprev",
    "inputlayer",
    "inshape",
    "inputshape",
    "numinput",
    "prevsize",
    "inputfeatures",
    "numfeatures",
    "inodes",
    "noofinputs",
    "sizeinput",
    "xdim",
    "inneurons",
    "inputcount",
    "ni",
    "nninputdim",
}
N_HIDDEN = {"nhidden", "hiddensize", "hiddendim", "hidden", "hiddennodes", "hiddenunits", "hiddenneurons", "nh", "hdim",
            "nnhdim", "numhidden", "hiddenlayersize", "hnodes", "hiddenlayer", "nhid", "dhidden", "neurons", "hsize",
            "hiddensize1", "nhiddenunits", "hiddenlayerneurons", "sizehidden"}  # fmt: skip
N_OUT = {"noutputs", "noutput", "outputsize", "outputdim", "nout", "outfeatures", "nneurons", "outputs", "outdim",
         "numoutputs", "outputnodes", "outputunits", "outsize", "units", "nunits", "outputneurons", "dout", "fanout",
         "outputlayersize", "ny", "nclasses", "numclasses", "classes", "unitscurr", "size", "nodes", "numneurons",
         "numunits", "outputlayer", "layersize", "outshape", "outputshape", "onodes", "outputfeatures", "numoutput",
         "noofneurons", "nnodes", "sizeoutput", "ydim", "outneurons", "no", "currsize", "nnoutputdim", "numnodes",
         "outputcount", "nooutputs", "numofneurons", "numberoutputs", "numberofoutputs", "numberofneurons",
         "numberneurons",
         "salidas", "nsalidas", "nneuronas", "neuronas", "outsz", "outnum", "nneuron", "neuronnum",
         "numneuron"}  # fmt: skip
SIZES = {
    "layers",
    "sizes",
    "layersizes",
    "layersdims",
    "layerdims",
    "dims",
    "architecture",
    "layerssizes",
    "structure",
    "layer",
    "shape",
    "topology",
    "dimensions",
    "networkstructure",
    "layersize",
    "layerslist",
    "hiddenlayers",
    "nodes",
    "neurons",
    "nnstructure",
    "layerdim",
    "layersizeslist",
    "nnarchitecture",
    "nodesperlayer",
}
INPUTS = {"x", "inputs", "input", "inputdata", "xtrain", "data", "batch", "xbatch", "trainingdata", "inp", "features",
          "trainx", "traininginputs", "inputslist", "aprev", "z", "inputmatrix", "xs", "traindata", "inputarray", "a0",
          "trainingset", "inputlist", "samples", "inputvector", "xin", "trainset", "in", "values", "a", "sample",
          "previous", "examples", "traininputs", "inputvalues"}  # fmt: skip
TARGETS = {
    "y",
    "ytrue",
    "target",
    "targets",
    "labels",
    "label",
    "ytrain",
    "t",
    "output",
    "expected",
    "yt",
    "actual",
    "trainy",
    "desired",
    "truth",
    "groundtruth",
    "trainingoutputs",
    "targetslist",
    "ybatch",
    "yreal",
    "onehoty",
    "expectedoutput",
    "gt",
    "yactual",
    "ys",
    "true",
    "yonehot",
    "trainlabels",
    "correct",
    "traininglabels",
    "outputs",
    "targetslabels",
    "yoh",
    "targetoutput",
    "desiredoutput",
    "expectedoutputs",
    "outputdata",
    "trainoutputs",
    "trainoutput",
    "trainingoutput",
    "trainingtargets",
    "traintargets",
}
PREDICTED = {"ypred", "pred", "prediction", "predictions", "yhat", "output", "outputs", "probs", "predicted", "p",
             "ypredicted", "yp", "probpred", "dvalues", "probabilities", "al", "aout", "a", "o", "a2", "a3", "logits",
             "predict", "preds", "yestimate", "out", "x", "inputs", "estimated", "yprob", "scores", "h"}  # fmt: skip
UPSTREAM = {
    "dvalues",
    "dout",
    "grad",
    "gradient",
    "outputgradient",
    "gradoutput",
    "delta",
    "dy",
    "da",
    "error",
    "outputerror",
    "upstream",
    "accumgrad",
    "dldy",
    "dz",
    "dl",
    "g",
    "gradout",
    "upstreamgrad",
    "dinputs",
    "upstreamgradient",
    "outgrad",
    "dacurr",
    "nextgrad",
    "gradientoutput",
    "err",
    "dvalue",
    "grads",
    "doutput",
    "lossgrad",
    "dloss",
    "gradin",
    "outputgrad",
    "errors",
    "derivative",
    "d",
    "nextgradient",
    "dnext",
}
ROUNDS = {"epochs", "iterations", "nepochs", "niterations", "numiterations", "numepochs", "epoch", "iters", "niter",
          "numpasses", "maxiter", "maxepochs", "steps", "nsteps", "n", "iteration", "maxiterations", "numiters",
          "trainingiterations", "noofepochs", "rounds", "noofiterations", "loops", "niters", "epochsnumber",
          "numberofepochs", "itr", "passes", "trainingiters"}  # fmt: skip
BATCH = {"batchsize", "batch", "minibatchsize", "minibatch", "bs", "nbatch", "sizebatch", "batches", "batchlen"}
QUIET = {"verbose", "printloss", "printcost", "plot", "debug", "display", "show", "printevery", "log", "shuffle",
         "printcosts", "plotcost", "showplot", "progress", "visualize", "verbosity", "save", "draw"}  # fmt: skip
TRAINING = {"training", "train", "istraining", "trainflg", "trainmode", "mode", "istrain"}


def plain(name: str) -> str:
    """A name without case and underscores: d_weights, dWeights and dweights are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


SHORT = {"ce": "CrossEntropy", "cce": "CrossEntropy", "nll": "CrossEntropy", "xent": "CrossEntropy",
         "mae": "MeanAbsoluteError", "l1": "MeanAbsoluteError", "l2": "MeanSquaredError", "sse": "MeanSquaredError",
         "scce": "CrossEntropy", "sce": "CrossEntropy"}  # fmt: skip


TOLD: dict[str, str] = {}  # what the user says that a class or function is: it beats its name


RELATIVE = re.compile(r"(?:^|_)([a-z]{1,3})relu(?:_|$)", re.IGNORECASE)
OWN = {"my", "np", "act", "d", "der", "fn", "f", "do", "get", "run", "nn"}  # say nothing of what it computes


def kind(name: str) -> str:
    """What a class or function of this name probably is; empty where the name says nothing."""
    if name in TOLD:
        return TOLD[name]
    short = plain(name)
    if (bare := re.sub("^loss|loss$|^cost|cost$", "", short)) in SHORT:
        return SHORT[bare]
    relative = RELATIVE.search(name)
    if relative and plain(relative[1] + "relu") not in {word for word, _ in KINDS} and plain(relative[1]) not in OWN:
        return ""  # a relative of ReLU that its author made: erelu, smrelu
    return next((what for word, what in KINDS if word in short), "")


STEMS = {FORWARD: ("forward", "fprop"), BACKWARD: ("backward", "backprop", "bprop")}  # forwards, backward_step, ...


def methods(holder: type, wanted: tuple[str, ...]) -> list[str]:
    """The methods of a class whose names are among `wanted`, in that order of preference.

    A name that only holds the word comes after the word itself and before what says less.
    """
    have = {plain(name): name for name in dir(holder) if not (name.startswith("__") and name != "__call__")}
    stems = STEMS.get(wanted, ())
    other = "forward" if wanted is BACKWARD else "back"
    near = [name for short, name in have.items() if other not in short and any(stem in short for stem in stems)]
    sure = [have[word] for word in wanted if word in have and any(stem in word for stem in stems)]
    exact = [have[word] for word in wanted if word in have]
    return [name for name in dict.fromkeys(sure + near + exact) if callable(getattr(holder, name, None))]


def derivatives(holder: type, method: str) -> list[str]:
    """The methods of a class that are called the derivative of one of its others: d_activation_d_z of activation."""
    return [name for name in dir(holder) if re.match(rf"d_?{re.escape(method)}(_?d_?\w+)?$", name, re.IGNORECASE)]


def ranked(name: str, *groups: set[str]) -> int:
    """The first group that knows a parameter's name; -1 for none."""
    short = plain(name)
    bare = re.sub(r"\d+$", "", short)
    kept = re.sub(r"(tensor|matrix|vector|array)s?$", "", bare)
    for position, group in enumerate(groups):
        if short in group or bare in group or kept in group:
            return position
    return -1
