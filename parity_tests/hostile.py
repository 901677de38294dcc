"""Inputs that attack, break or say nothing, as data: each gets one clear line and exit code 2, and leaves nothing."""

import json
import os
from collections.abc import Callable
from pathlib import Path

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
    "endless recursion": "class A:\n    def f(n):\n        return A_f(n + 1)\n    A_f = f\n    exec('def g(): g()\\ng()')\n",
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
}


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
    "exchange of pickles": lambda folder: _pickles(folder / "y.npz"),
}  # fmt: skip


def _bytes(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


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
    import numpy as np

    np.savez(path, inputs=np.array([{"a": 1}], dtype=object))
    return path


def written(name: str, folder: Path) -> Path:
    """Makes the input called `name` in a folder, beside a canary; returns its path."""
    (folder / CANARY).write_text("alive", encoding="utf-8")
    if name in MADE:
        return MADE[name](folder)
    path = folder / "subject.py"
    path.write_text(TEXTS[name].replace(CANARY, str(folder / CANARY)), encoding="utf-8")
    return path
