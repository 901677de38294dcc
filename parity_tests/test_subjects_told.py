"""Facts about what users are told: exit codes, what was not recognised, limits that stopped something, the fixture."""

import re
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from parity_tests.test_subjects_judged import DENSE
from parity_tests.test_subjects_ways import section
from reports.cli import main
from reports.judge import used_share
from reports.subjects.components import _bent
from reports.subjects.verdict import Subject, check

NET = """
import numpy as np

class Net:
    def __init__(self, n_inputs, n_hidden, n_outputs):
        self.W1, self.b1 = np.random.randn(n_inputs, n_hidden), np.zeros((1, n_hidden))
        self.W2, self.b2 = np.random.randn(n_hidden, n_outputs), np.zeros((1, n_outputs))
    def forward(self, X):
        self.a = np.tanh(X @ self.W1 + self.b1)
        e = np.exp(self.a @ self.W2 + self.b2)
        self.p = e / np.sum(e, axis=1, keepdims=1)
        return self.p
    def backward(self, X, y):
        n = len(X)
        d = (self.p - y) / n
        dW2, db2 = self.a.T @ d, d.sum(axis=0, keepdims=True)
        dz = d @ self.W2.T * (1 - self.a ** 2)
        dW1, db1 = X.T @ dz, dz.sum(axis=0, keepdims=True)
        return dW1, db1, dW2, db2
"""
L2 = (("self.a.T @ d,", "self.a.T @ d + 0.01 * self.W2,"), ("X.T @ dz,", "X.T @ dz + 0.01 * self.W1,"))


def judged(tmp_path: Path, text: str, *changes: tuple[str, str]) -> Subject:
    """The verdict on a file with some of its text replaced."""
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    return check(file)


@pytest.mark.parametrize(
    ("changes", "status", "words"),
    [
        ((), "right", ""),
        (L2, "right", ""),
        ((*L2, ("+ 0.01", "- 0.01")), "defective", "L2 makes the weights grow: -0.01 w"),
        ((*L2, ("dz + 0.01", "dz - 0.01")), "defective", "L2 of weights 1 makes the weights grow"),
        ((*L2, (" + 0.01 * self.W2", "")), "departs", "L2 in some layers alone: 0.01 w1"),
        ((*L2, ("1 - self.a ** 2", "1 - self.a")), "defective", "beside the L2 penalty, "),
        (
            (*L2, ("keepdims=True)\n", "keepdims=True) * n\n")),
            "defective",
            "7 (the batch size) times what they should be",
        ),
    ],
)
def test_a_penalty_is_told_and_explains_no_mistake_away(
    changes: tuple[tuple[str, str], ...], status: str, words: str, tmp_path: Path
) -> None:
    """Weights that grow, a derivative that is wrong, biases of another constant are defects beside a penalty too."""
    (one,) = judged(tmp_path, NET, *changes).components
    assert one.status == status
    assert words in one.says


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("open('/etc/hostname').read()", "reading '/etc/hostname' is refused at line 6"),
        ("__import__('os').system('true')", "os.system is refused"),
        ("while True: pass", "it does not come to an end within a second"),
        ("self.big = np.ones((10**5, 10**5))", "it asks for more memory than it may have"),
    ],
)
def test_a_limit_that_stopped_something_is_told(line: str, words: str, tmp_path: Path) -> None:
    """It was once said that no network was recognised, and not why."""
    text = DENSE.replace("        self.weight_l2", f"        {line}\n        self.weight_l2", 1)
    text = text.replace(
        "        self.weights, self.biases =", f"        {line}\n        self.weights, self.biases =", 1
    )
    subject = judged(tmp_path, text)
    assert subject.verdict == 2
    assert "nothing could be judged: it was stopped: " in subject.says
    assert words in subject.says


MAKERS = {
    "a named tuple": "from collections import namedtuple\nPair = namedtuple('Pair', 'f d')\n"
    "P = Pair(np.tanh, lambda a: {})",
    "a class that keeps": "class Pair:\n    def __init__(self, f, d):\n        self.f, self.d = f, d\n"
    "P = Pair(np.tanh, lambda a: {})",
    "a base": "class Base:\n    def __init__(self, f, d):\n        self.f, self.d = f, d\n\n"
    "class Pair(Base):\n    def __init__(self):\n        super().__init__(np.tanh, lambda a: {})\nP = Pair()",
    "no constructor": "class Pair:\n    f = np.tanh\n    def d(self, a):\n        return {}\nP = Pair()",
    "a dict that is filled": "from types import SimpleNamespace\nALL = {{}}\n"
    "ALL.update({{'tanh': SimpleNamespace(f=np.tanh, d=lambda a: {})}})\nP = ALL['tanh']",
}


@pytest.mark.parametrize("way", MAKERS)
def test_what_only_keeps_definitions_is_made(way: str, tmp_path: Path) -> None:
    """Pairs of functions in named tuples and small classes are loaded: an adapter that uses them is judged."""
    for slope, status in (("1 - a**2", "right"), ("1 - a", "defective")):
        text = section("adapter").replace("(1 - self.h**2)", "P.d(self.h)")
        text = text.replace("import numpy as np\n", f"import numpy as np\n\n{MAKERS[way].format(slope)}\n", 1)
        assert [one.status for one in judged(tmp_path, text).components if one.name == "Adapter"] == [status]


def test_a_class_that_does_something_is_not_made(tmp_path: Path) -> None:
    """A constructor that calls anything does not run because an object of it is made at the top."""
    text = "class Trains:\n    def __init__(self):\n        raise SystemExit(3)\n\nnet = Trains()\nnet.fit()\n" + DENSE
    subject = judged(tmp_path, text)
    assert [one.status for one in subject.components] == ["right"]


@pytest.mark.parametrize("name", ["alpha", "a", "lr", "rate", "dim"])
def test_a_default_of_an_activation_is_its_own(name: str, tmp_path: Path) -> None:
    """The slope of a leaky ReLU was once given as if it were a rate: a false departure."""
    text = (
        f"import numpy as np\n\nclass LeakyReLU:\n    def __init__(self, {name}=0.01):\n        self.k = {name}\n"
        "    def forward(self, x):\n        self.x = x\n        return np.where(x > 0, x, self.k * x)\n"
        "    def backward(self, g):\n        return np.where(self.x > 0, g, self.k * g)\n"
    )
    assert [one.status for one in judged(tmp_path, text).components] == ["right"]


def test_widths_may_be_called_a_and_b(tmp_path: Path) -> None:
    """They were once given a rate and biases."""
    subject = judged(tmp_path, DENSE, ("n_inputs, n_neurons", "a, b"), ("(1, n_neurons)", "(1, b)"))
    assert [(one.kind, one.status) for one in subject.components] == [("Dense", "right")]


def test_an_activation_of_their_own_inside_a_layer_is_no_defect(tmp_path: Path) -> None:
    """A sine, or LeCun's tanh, cannot be judged; another bias is no activation."""
    for bend in ("np.sin({})", "1.7159 * np.tanh(2 / 3 * ({}))"):
        forward = "np.dot(inputs, self.weights) + self.biases"
        subject = judged(tmp_path, DENSE, (forward, bend.format(forward)))
        assert [one.status for one in subject.components] == ["unjudged"]
        assert "an activation of its own" in subject.components[0].says
    z = np.random.default_rng(0).standard_normal((7, 11))
    assert _bent(z, z**2)
    assert not any(_bent(z, other) for other in (-z, z + np.arange(11), z[::-1], z - z.max(axis=1, keepdims=True)))


COST = "    def cost(self, X, y):\n        return -np.{}(np.sum(y * np.log(self.forward(X)), axis=1))\n"


@pytest.mark.parametrize(("how", "told"), [("mean", "mean over the batch"), ("sum", "sum over the batch")])
def test_a_scale_that_is_not_the_own_cost_s_is_told(how: str, told: str, tmp_path: Path) -> None:
    """It is a convention, and the learning rate makes up for it; one that fits is not mentioned."""
    for change, scale in ((("y) / n", "y)"), "sum over the batch"), (("y) / n", "y) / n"), "mean over the batch")):
        (one,) = judged(tmp_path, NET + COST.format(how), change).components
        beside = f" (its own cost: {told})" if told != scale else ""
        assert (one.status, one.convention["gradient scale"]) == ("right", scale + beside)


def test_the_own_cost_says_which_layer_is_wrong(tmp_path: Path) -> None:
    """Three of four arrays are sums: beside a mean cost it is these that are wrong."""
    text = NET.replace("/ n\n", "/ 1\n").replace("X.T @ dz,", "X.T @ dz / n,")
    for cost, wrong in ((COST.format("mean"), "weights 2 has 7"), (COST.format("sum"), "weights 1 has 1/7")):
        assert wrong in judged(tmp_path, text + cost).components[0].says


def test_a_sign_that_is_lost_on_the_way_back_is_told_of_the_layer_behind(tmp_path: Path) -> None:
    """The last layer's gradient comes from the loss itself: of two signs it is the right one."""
    turned = ("self.W2.T * (1", "-self.W2.T * (1")
    bare = ((" + self.b1", ""), (" + self.b2", ""), ("return dW1, db1, dW2, db2", "return dW1, dW2"))
    for changes in (
        (turned,),
        (turned, *bare, ("self.W1, self.b1 =", "self.W1, _ ="), ("self.W2, self.b2 =", "self.W2, _ =")),
    ):
        says = judged(tmp_path, NET, *changes).components[0].says
        assert "weights 1 has -1 times the gradient that it should have" in says
        assert "weights 2" not in says


def test_a_hint_speaks_of_their_own_arguments(tmp_path: Path) -> None:
    """Code that is to be copied names what their file has; words stay words."""
    change = ("np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0, keepdims=True)")
    subject = judged(
        tmp_path, DENSE.replace("dvalues", "above"), tuple(part.replace("dvalues", "above") for part in change)
    )
    assert "np.sum(above, axis=0, keepdims=True)" in subject.components[0].says
    assert "its own inputs give" in subject.components[0].says


LINKED = """import numpy as np

def relu(z):
    return np.maximum(0, z)

def forward(x, link):
    while link is not None:
        link.x, x = x, relu(x @ link.matrix)
        link = link.next
    return x

def backward(d, link):
    while link is not None:
        link.slope = link.x.T @ d
        d, link = (d @ link.matrix.T) * (link.x > 0), link.previous
"""


RATED = LINKED.replace("backward(d, link)", "ann(d, link, learning_rate)")  # what learns has a rate, whatever its name


@pytest.mark.parametrize(("text", "code"), [(LINKED, 2), (RATED, 2), (LINKED.split("def forward")[0], 0)])
def test_functions_that_compute_and_were_not_recognised_are_in_the_first_line(
    text: str, code: int, tmp_path: Path
) -> None:
    """A right activation beside a network of functions that nobody understood is no parity of the file."""
    subject = judged(tmp_path, text)
    assert (subject.verdict, "not recognised: forward, " in subject.says) == (code, code == 2)


LOOP = """
import numpy as np
from somewhere import load

x, y = load()
first, last = np.random.randn(5, 4), np.random.randn(4, 3)

def right_ones(x_train, first, last):
    return sum(np.argmax(np.maximum(row @ first, 0) @ last) for row in x_train)

def learn(x, y, first, last):
    for turn in range(500):
        print(right_ones(x, first, last))
        middle = np.maximum(x @ first, 0)
        middle *= np.random.randint(2, size=len(middle)) * 2
        off = middle @ last - y
        below = off @ last.T * (middle > 0)
        last = last - 0.01 * middle.T @ off
        first = first - 0.01 * x.T @ below
    return first, last
"""


@pytest.mark.parametrize(("mask", "status"), [("np.random.randint(2, size=len(middle))", "unjudged"), ("0.5", "right")])
def test_a_loop_is_not_judged_in_full_where_a_line_of_it_raises(mask: str, status: str, tmp_path: Path) -> None:
    """A mask of as many numbers as there are samples is no mask of the units."""
    subject = judged(tmp_path, LOOP, ("np.random.randint(2, size=len(middle))", mask))
    assert [(one.name, one.status) for one in subject.components] == [("learn", status)]
    assert ("raises on our data: `middle *=" in subject.components[0].says) == (status == "unjudged")


def test_an_endless_file_is_told_how_long_it_took_and_limits_stand_once(tmp_path: Path) -> None:
    """It was once said that no process had looked at it, and every verdict ended with the list of limits."""
    (tmp_path / "endless.py").write_text("class A:\n    while True:\n        pass\n", encoding="utf-8")
    (tmp_path / "net.py").write_text(NET, encoding="utf-8")
    files = [str(tmp_path / name) for name in ("endless.py", "net.py", "net.py")]
    told = CliRunner().invoke(main, ["check", *files, "--timeout", "2"]).stdout
    assert re.search(r"it took more than (2 seconds of processor time|6 seconds) and was stopped \(--timeout\)", told)
    assert "no process" not in told
    assert told.count("audit hook") == 1
    assert told.splitlines()[-1].startswith("limits that held: resource limits")


def test_how_a_network_is_written_is_told_in_words(tmp_path: Path) -> None:
    """Pages once said "form: 2"."""
    (one,) = judged(tmp_path, NET).components
    assert one.convention["written as"] == "a class that has its gradients"
    assert "form" not in one.convention


def test_a_share_of_an_allowance_of_almost_0_is_infinite_without_a_warning() -> None:
    """A warning of NumPy's once stood among the words for users."""
    assert used_share(np.array([1e300]), np.array([1e-300])) == np.inf


def test_tabs_among_spaces_are_read_as_python_2_reads_them(tmp_path: Path) -> None:
    """Python 3 refuses such a file; what it holds is judged, and the note says so."""
    line = "    def forward(self, inputs):\n"
    subject = judged(tmp_path, DENSE, (line, line + "\tself.seen = 1\n"))
    assert [one.status for one in subject.components] == ["right"]
    assert "mixes tabs and spaces, which Python 3 refuses" in " ".join(subject.notes)
