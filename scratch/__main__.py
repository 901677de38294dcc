"""python -m scratch [EPOCHS]: the lecture's last network (ANN III), a line per 100 epochs."""

import signal
import sys

import numpy as np

from scratch import SGD, Dense, Network, ReLU, SoftmaxCrossEntropy, spiral, steps


def main(epochs: int = 20_000) -> None:
    """Trains ANN III on the spiral and prints its line per 100 epochs."""
    rng = np.random.default_rng(0)
    inputs, labels = spiral(samples=300, classes=5, rng=rng)
    network = Network(
        {"dense1": Dense(2, 128, rng=rng), "relu1": ReLU(), "dense2": Dense(128, 5, rng=rng)},
        loss=SoftmaxCrossEntropy(),
    )
    optimizer = SGD(learning_rate=0.2, decay=0.001, momentum=0.8)

    print(network, end="\n\n")
    for step in steps(network, optimizer, inputs, labels, epochs):
        if step.epoch % 100 == 0:
            print(
                f"epoch: {step.epoch}, accuracy: {step.accuracy:.3f}, loss: {step.loss:.3f}, "
                f"actual learning rate: {step.learning_rate}",
                flush=True,
            )


if __name__ == "__main__":
    if len(sys.argv) > 2 or not all(argument.isdecimal() for argument in sys.argv[1:]):
        print("usage: python -m scratch [EPOCHS], for example python -m scratch 2000", file=sys.stderr)
        sys.exit(2)
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head`, which has read enough, ends it quietly
    main(*map(int, sys.argv[1:]))
