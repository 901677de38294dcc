"""Inputs that attack, break or say nothing, as data: each gets one clear line and exit code 2, and leaves nothing.

HARMLESS and WRONG hold a network besides, which is judged: exit codes 0 and 1.
"""

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

CANARY = "canary.txt"  # must survive, beside every input

# name -> Python text of a file
TEXTS: dict[str, str] = {
    "only spaces": "   \n\t\n",
    "syntax error": "def f(:\n  pass\n",
    "brackets without end": "(" * 50_000,
    "deep nesting": "x = " + "[" * 3_000 + "]" * 3_000,
    "deep attribute": "x = a" + ".a" * 20_000,
    "only comments": "# a network\n# to be written\n",
    "only prints": "for i in range(10**9):\n    print('x' * 10**6)\n",
    "only input": "name = input('who?')\nwhile True:\n    pass\n",
    "exit at the top": "import sys\nsys.exit(0)\n",
    "endless class body": "class A:\n    while True:\n        pass\n",
    "endless decorator": "def deco(f):\n    while True:\n        pass\n\n@deco\ndef forward(x):\n    return x\n",
    "exit in a class body": "import sys\nclass A:\n    sys.exit(0)\n",
    "hard exit": "import os\nclass A:\n    os._exit(0)\n",
    "kills itself": "import os, signal\nclass A:\n    os.kill(os.getpid(), signal.SIGKILL)\n",
    "kills its parent": "import os, signal\nclass A:\n    os.kill(os.getppid(), signal.SIGKILL)\n",
    "crashes hard": "import faulthandler\nclass A:\n    faulthandler._sigsegv()\n",
    "fork bomb": "import os\nclass A:\n    while True:\n        os.fork()\n",
    "fork bomb behind try": (
        "import os\nclass A:\n    while True:\n        try:\n            os.fork()\n        except BaseException:\n            pass\n"
    ),
    "thread bomb": (
        "import threading\nclass A:\n    while True:\n        try:\n            threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n"
        "        except BaseException:\n            pass\n"
    ),
    "giant bytes": "class A:\n    x = bytearray(10**11)\n",
    "giant array": "import numpy as np\nclass A:\n    x = np.ones(10**11)\n",
    "giant list": "class A:\n    x = []\n    while True:\n        x.append(' ' * 10**6)\n",
    "giant number": "class A:\n    x = 10 ** 10 ** 9\n",
    "endless recursion": "class A:\n    exec('def g(): g()\\ng()', {})\n",
    "megabytes of print": "class A:\n    for i in range(3000):\n        print('x' * 10**6)\n",
    "removes a file": f"import os\nclass A:\n    os.remove({CANARY!r})\n",
    "overwrites a file": f"class A:\n    open({CANARY!r}, 'w').write('gone')\n",
    "removes a folder": "import shutil\nclass A:\n    shutil.rmtree('.')\n",
    "renames a file": f"import os\nclass A:\n    os.rename({CANARY!r}, 'other')\n",
    "starts a process": f"import subprocess\nclass A:\n    subprocess.run(['rm', {CANARY!r}])\n",
    "calls a shell": f"import os\nclass A:\n    os.system('rm {CANARY}')\n",
    "opens a socket": "import socket\nclass A:\n    socket.create_connection(('127.0.0.1', 80))\n",
    "reads memory": "import ctypes\nclass A:\n    ctypes.string_at(0)\n",
    "deaf to alarms": (
        "import signal\nclass A:\n    for s in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT):\n        signal.signal(s, signal.SIG_IGN)\n"
        "    while True:\n        pass\n"
    ),
    "swallows everything": "class A:\n    while True:\n        try:\n            while True:\n                pass\n        except BaseException:\n            pass\n",
    "executes text": "exec('import os; os._exit(3)')\nclass A:\n    exec('raise SystemExit(4)')\n",
    "imports what is not there": "import nothing_like_this\nfrom nothing.at_all import everything\nx = everything(1)[2].y\n",
    "metaclass trap": "class M(type):\n    def __init__(cls, *a):\n        while True:\n            pass\nclass A(metaclass=M):\n    pass\n",
    "attributes without end": "class A:\n    def __getattr__(self, name):\n        return A()\n    def forward(self, x):\n        return A()\n",
    "forward without end": "class Layer_Dense:\n    def __init__(self, a, b):\n        pass\n    def forward(self, x):\n        while True:\n            pass\n",
    "init without end": "class Layer_Dense:\n    def __init__(self, a, b):\n        while True:\n            pass\n    def forward(self, x):\n        return x\n",
    "attribute without end": "class Layer_Dense:\n    def __getattr__(self, name):\n        while True:\n            pass\n    def forward(self, x):\n        return self.w\n",
    "property without end": "class Layer_Dense:\n    @property\n    def weights(self):\n        while True:\n            pass\n    def forward(self, x):\n        return x @ self.weights\n",
    "repr without end": "class Layer_Dense:\n    def __repr__(self):\n        while True:\n            pass\n    def forward(self, x):\n        raise ValueError(self)\n",
    "forward allocates 100 GB": "import numpy as np\nclass Layer_Dense:\n    def __init__(self, a, b):\n        self.w = np.zeros((a, b))\n    def forward(self, x):\n        return np.ones(10**11) @ self.w\n",
    "aborts": "import os\nclass A:\n    os.abort()\n",
    "exits in forward": "import os\nclass Layer_Dense:\n    def __init__(self, a, b):\n        pass\n    def forward(self, x):\n        os._exit(0)\n",
    "segfault by ctypes": "import ctypes\nclass A:\n    ctypes.cast(1, ctypes.POINTER(ctypes.c_int)).contents.value = 1\n",
    "closes every file": "import os\nclass A:\n    os.closerange(0, 64)\n",
    "megabytes by os.write": "import os\nclass A:\n    for i in range(3000):\n        os.write(1, b'x' * 10**6)\n        os.write(2, b'x' * 10**6)\n",
    "patched json": "import json\nclass A:\n    json.dumps = json.dump = lambda *a, **k: '{}'\n    def forward(self, x):\n        return x\n",
    "patched savez": "import numpy as np\nclass A:\n    np.savez = lambda *a, **k: None\n",
    "writes a result of its own": "class A:\n    open('result.json', 'w').write('{\"components\": 3, \"seen\": []}')\n    while True:\n        pass\n",
    "writes a result that is no object": "import os\nclass A:\n    open('result.json', 'w').write('[' * 100_000)\n    os.kill(0, 9)\n",
    "fills the disk": "class A:\n    with open('big', 'wb') as f:\n        while True:\n            f.write(b'x' * 10**6)\n",
    "writes beside itself": f"class A:\n    open({CANARY!r} + '.new', 'w').write('here')\n",
    "removes itself": "import os\nclass A:\n    os.remove(__file__ if '__file__' in globals() else 'subject.py')\n",
    "tells a secret": "class A:\n    raise ValueError(open('/etc/passwd').read())\n",
    "reads without end": "class A:\n    open('/dev/zero').read()\n",
    "waits for the keyboard": "import sys\nclass A:\n    text = sys.stdin.read() + input()\n",
    "enormous message": "class A:\n    raise ValueError('x' * 10**8)\n",
    "exception that hides its text": "class E(Exception):\n    def __str__(self):\n        while True:\n            pass\nclass A:\n    raise E\n",
    "recursion without a limit": "import sys\nclass A:\n    sys.setrecursionlimit(10**9)\n    exec('def g(): g()\\ng()', {})\n",
    "collector that never comes back": "import gc\nclass D:\n    def __del__(self):\n        while True:\n            pass\nclass A:\n    D()\n",
    "hooks at the end": "import atexit, os\nclass A:\n    atexit.register(lambda: os._exit(0))\n    while True:\n        pass\n",
    "trace function": "import sys\nclass A:\n    sys.settrace(lambda *a: (_ for _ in ()).throw(SystemExit))\n",
    "patched builtins": "import builtins\nclass A:\n    builtins.isinstance = builtins.len = builtins.getattr = lambda *a: None\n",
    "patched open": "import builtins, io, os\nclass A:\n    builtins.open = io.open = os.open = os.replace = None\n",
    "generators": "class Layer_Dense:\n    def __init__(self, a, b):\n        pass\n    def forward(self, x):\n        while True:\n            yield x\n",
    "words for numbers": "class Layer_Dense:\n    def __init__(self, a, b):\n        self.weights = 'w' * a\n    def forward(self, x):\n        return 'the output'\n",
    "decorated class": "def deco(c):\n    return 7\n@deco\nclass Layer_Dense:\n    def forward(self, x):\n        return x\n",
    "socket behind a file": "import os, _socket\nclass A:\n    _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\n",
    "arrays of objects": "import numpy as np\nclass Layer_Dense:\n    def __init__(self, a, b):\n        self.w = np.array([[self] * b] * a)\n    def forward(self, x):\n        return np.array([self] * len(x), dtype=object)\n",
    "a million classes": "class A:\n    for i in range(10**9):\n        type(f'C{i}', (), {})\n",
}


RIGHT = """import numpy as np


class Layer_Dense:
    def __init__(self, n_in, n_out):
        self.weights, self.biases = 0.1 * np.random.randn(n_in, n_out), np.zeros((1, n_out))

    def forward(self, inputs):
        self.inputs, self.output = inputs, np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights, self.dbiases = self.inputs.T @ dvalues, dvalues.sum(axis=0, keepdims=True)
        self.dinputs = dvalues @ self.weights.T
"""
# name -> what stands before a right layer, which is judged right all the same
HARMLESS: dict[str, str] = {
    "hook at the end": "import atexit, os\nclass A:\n    atexit.register(lambda: os._exit(7))\n",
    "thread left running": "import threading\nclass A:\n    threading.Thread(target=lambda: [0 for _ in iter(int, 1)]).start()\n",
    "signal handlers": "import signal\nclass A:\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    signal.signal(signal.SIGALRM, signal.SIG_IGN)\n",
    "warnings as errors": "import warnings\nclass A:\n    warnings.simplefilter('error')\n",
    "float errors raised": "import numpy as np\nclass A:\n    np.seterr(all='raise')\n",
    "no collector": "import gc\nclass A:\n    gc.disable()\n    gc.set_threshold(1)\n",
    "a seed of its own": "import random\nimport numpy as np\nclass A:\n    np.random.seed(0)\n    random.seed(0)\n",
    "prints and pictures": "print('x' * 10**7)\nimport matplotlib.pyplot as plt\nplt.plot([1])\nplt.show()\n",
    "ten thousand classes": "".join(f"class C{k}:\n    pass\n" for k in range(10_000)),
}
# name -> a layer that does compute, wrongly: the verdict is a defect, never an alarm of ours
WRONG: dict[str, str] = {
    "NaN everywhere": RIGHT.replace("np.dot", "np.nan * np.dot"),
    "infinite": RIGHT.replace("np.dot", "np.inf + np.dot"),
    "array of another class": RIGHT.replace("np.dot(inputs, self.weights)", "(2 * np.dot(inputs, self.weights)).view(Sly)").replace(
        "class Layer", "class Sly(np.ndarray):\n    def __eq__(self, other):\n        return np.True_\n\n\nclass Layer"
    ),
}  # fmt: skip


def _notebook(cells: object) -> bytes:
    return json.dumps(cells).encode()


# name -> how to make the input in a folder; returns its path
MADE: dict[str, Callable[[Path], Path]] = {
    "missing file": lambda folder: folder / "nowhere.py",
    "empty file": lambda folder: _bytes(folder / "empty.py", b""),
    "empty folder": lambda folder: _folder(folder / "nothing"),
    "binary file": lambda folder: _bytes(folder / "binary.py", bytes(range(256)) * 40),
    "null bytes": lambda folder: _bytes(folder / "null.py", b"x = 1\0\n"),
    "huge file": lambda folder: _bytes(folder / "huge.py", b"# x\n" * 2_000_000),
    "a picture": lambda folder: _bytes(folder / "net.png", b"\x89PNG\r\n\x1a\n1234"),
    "broken notebook": lambda folder: _bytes(folder / "a.ipynb", b'{"cells": [{"cell_type": "code"'),
    "notebook of numbers": lambda folder: _bytes(folder / "b.ipynb", _notebook([1, 2, 3])),
    "notebook without code": lambda folder: _bytes(folder / "c.ipynb", _notebook({"cells": [{"cell_type": "markdown"}]})),
    "notebook of broken cells": lambda folder: _bytes(
        folder / "d.ipynb", _notebook({"cells": [{"cell_type": "code", "source": ["def (:"]}, {"cell_type": "code", "source": 7}]})
    ),
    "symlink to itself": lambda folder: _link(folder / "loop.py", folder / "loop.py"),
    "symlink to nothing": lambda folder: _link(folder / "dangling.py", folder / "gone.py"),
    "a pipe": lambda folder: _pipe(folder / "pipe.py"),
    "broken exchange": lambda folder: _bytes(folder / "x.npz", b"PK\x03\x04 no zip"),
    "folder that holds itself": lambda folder: _link(_folder(folder / "around") / "again", folder / "around").parent,
    "file without permission": lambda folder: _bytes(folder / "locked.py", b"# nothing\n", 0o000),
    "roles that are no text": lambda folder: _beside(folder, b"\xff\xfe"),
    "roles that are no TOML": lambda folder: _beside(folder, b"[roles\nA = "),
    "roles of no kind": lambda folder: _beside(folder, b'[roles]\nA = "banana"\n'),
    "roles that are a list": lambda folder: _beside(folder, b"roles = [1, 2]\n"),
    "exchange without weights": lambda folder: _arrays(folder, inputs=np.ones((3, 2)), targets=np.ones((3, 1))),
    "exchange under other names": lambda folder: _arrays(folder, X=np.ones((3, 2)), W=np.ones((2, 1))),
    "exchange of words": lambda folder: _arrays(folder, inputs=np.array(["a"]), targets=np.ones(1), weights1=np.ones((1, 1))),
    "exchange of NaN": lambda folder: _exchange(folder, np.full((3, 2), np.nan)),
    "exchange that does not fit": lambda folder: _exchange(folder, np.ones((3, 5))),
    "exchange without axes": lambda folder: _exchange(folder, np.array(1.0)),
    "exchange without rows": lambda folder: _exchange(folder, np.ones((0, 2))),
    "exchange that is a bomb": lambda folder: _arrays(folder, inputs=np.zeros(10**8, dtype=np.uint8)),
    "exchange of pickles": lambda folder: _pickles(folder / "y.npz"),
}  # fmt: skip


def _bytes(path: Path, content: bytes, mode: int = 0o644) -> Path:
    path.write_bytes(content)
    path.chmod(mode)
    return path


def _beside(folder: Path, roles: bytes) -> Path:
    (folder / "parity.toml").write_bytes(roles)
    return _bytes(folder / "subject.py", RIGHT.encode())


def _arrays(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez_compressed(folder / "z.npz", **arrays)
    return folder / "z.npz"


def _exchange(folder: Path, inputs: np.ndarray) -> Path:
    ones = np.ones((3, 1))
    return _arrays(folder, inputs=inputs, targets=ones, output=3 * ones, weights1=np.ones((2, 1)), biases1=np.ones(1))


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _link(path: Path, target: Path) -> Path:
    path.symlink_to(target)
    return path


def _pipe(path: Path) -> Path:
    os.mkfifo(path)
    return path


def _pickles(path: Path) -> Path:
    np.savez(path, inputs=np.array([{"a": 1}], dtype=object))
    return path


def written(name: str, folder: Path) -> Path:
    """Makes the input called `name` in a folder, beside a canary; returns its path."""
    (folder / CANARY).write_text("alive", encoding="utf-8")
    if name in MADE:
        return MADE[name](folder)
    text = HARMLESS[name] + RIGHT if name in HARMLESS else WRONG.get(name) or TEXTS[name]
    return _bytes(folder / "subject.py", text.replace(CANARY, str(folder / CANARY)).encode())
