"""The small networks that faults are planted in: pairwise different prime sizes, and one square on purpose.

Axes: N samples, D features, H neurons, C classes.
"""

from reports.cases import Case, Layer, by_name, dense

_ALL = (
    Case(
        name="relu",
        says="two ReLU layers, fused loss, momentum and decay",
        layers=(
            dense("dense1", 5, 13), Layer("relu1", "ReLU"),
            dense("dense2", 13, 11), Layer("relu2", "ReLU"),
            dense("dense3", 11, 3),
        ),
        data_settings={"samples": 37, "features": 5, "classes": 3},
        loss="SoftmaxCrossEntropy", learning_rate=0.1, decay=0.01, momentum=0.8, epochs=200,
    ),
    Case(
        name="smooth",
        says="Tanh and Sigmoid, Softmax and cross-entropy as two steps, plain descent",
        layers=(
            dense("dense1", 5, 13), Layer("tanh1", "Tanh"),
            dense("dense2", 13, 11), Layer("sigmoid1", "Sigmoid"),
            dense("dense3", 11, 7), Layer("softmax1", "Softmax"),
        ),
        data_settings={"samples": 37, "features": 5, "classes": 7},
        loss="CrossEntropy", learning_rate=0.3, decay=0.01, epochs=200,
    ),
    Case(
        name="square",
        says="as many samples as features, neurons and classes: no shape gives a transpose away",
        layers=(dense("dense1", 7, 7), Layer("relu1", "ReLU"), dense("dense2", 7, 7)),
        data_settings={"samples": 7, "features": 7, "classes": 7},
        loss="SoftmaxCrossEntropy", learning_rate=0.1, decay=0.01, momentum=0.7, epochs=200,
    ),
    Case(
        name="regression",
        says="three outputs, mean of squares",
        layers=(dense("dense1", 5, 11), Layer("sigmoid1", "Sigmoid"), dense("dense2", 11, 3)),
        data_settings={"samples": 31, "features": 5, "classes": 3},
        targets="one-hot", loss="MeanSquaredError", learning_rate=0.2, decay=0.01, momentum=0.5, epochs=200,
    ),
    Case(
        name="distance",
        says="three outputs, mean distance",
        layers=(dense("dense1", 5, 11), Layer("tanh1", "Tanh"), dense("dense2", 11, 3)),
        data_settings={"samples": 29, "features": 5, "classes": 3},
        targets="one-hot", loss="MeanAbsoluteError", learning_rate=0.1, decay=0.01, epochs=200,
    ),
    Case(
        name="half-sum",
        says="the lecture's regression: half the sum of squares over one output",
        layers=(dense("dense1", 5, 11), Layer("relu1", "ReLU"), dense("dense2", 11, 1)),
        data_settings={"samples": 29, "features": 5, "classes": 3},
        targets="class number", loss="HalfSquaredError", learning_rate=0.001, epochs=200,
    ),
    Case(
        name="penalties",
        says="L1 and L2 on weights and biases",
        layers=(
            dense("dense1", 3, 13, weight_l1=2e-3, weight_l2=5e-3, bias_l1=1e-3, bias_l2=3e-3),
            Layer("relu1", "ReLU"),
            dense("dense2", 13, 5, weight_l2=1e-2, bias_l1=2e-3),
        ),
        data_settings={"samples": 31, "features": 3, "classes": 5},
        loss="SoftmaxCrossEntropy", learning_rate=0.2, decay=0.005, momentum=0.8, epochs=200,
    ),
    Case(
        name="batches",
        says="batches of 11 out of 37 samples, the last one ragged",
        layers=(dense("dense1", 5, 13), Layer("tanh1", "Tanh"), dense("dense2", 13, 3)),
        data_settings={"samples": 37, "features": 5, "classes": 3},
        loss="SoftmaxCrossEntropy", learning_rate=0.1, decay=0.01, momentum=0.8, epochs=200, batch_size=11,
    ),
    Case(
        name="clipped",
        says="Softmax and cross-entropy as two steps, far apart: many a label's probability is below the clip",
        layers=(
            dense("dense1", 5, 13), Layer("relu1", "ReLU"),
            dense("dense2", 13, 11), Layer("relu2", "ReLU"),
            dense("dense3", 11, 7), Layer("softmax1", "Softmax"),
        ),
        data_settings={"samples": 61, "features": 5, "classes": 7},
        loss="CrossEntropy", learning_rate=0.01, decay=0.01, epochs=200,
    ),
)  # fmt: skip

NETS: dict[str, Case] = by_name(_ALL)
LOCKSTEP_EPOCHS = 4  # so many are checked in lockstep; velocities and rates have told themselves apart by then
