"""The child's start: `python -I launch.py FOLDER`, with FOLDER/task.json saying what to look at.

Puts limits on itself, then loads, recognises and probes, and writes result.json and arrays.npz into FOLDER. Whatever
the stranger's code prints goes to the parent's bounded pipe or nowhere.
"""

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path


def main() -> None:
    """Runs one task; any failure of ours ends in an error file, never in a hang."""
    folder = Path(sys.argv[1]).resolve()
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    os.chdir(folder)
    here = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(
        "parity_child", here / "__init__.py", submodule_search_locations=[str(here)]
    )
    assert spec is not None
    assert spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["parity_child"] = package
    spec.loader.exec_module(package)
    from parity_child import guard  # type: ignore[import-not-found]

    guard.limit(task["seconds"], task["megabytes"])
    from parity_child import look  # loads NumPy, under the limits already

    kernel = guard.landlock(folder)
    if task["strict"] and "TCP" not in kernel:
        text = {"error": "the kernel did not give the limits that --isolation=strict asks for"}
        (folder / "error.json").write_text(json.dumps(text), encoding="utf-8")
        return
    held = ["resource limits", "audit hook", *([kernel] if kernel else [])]
    sys.dont_write_bytecode = True
    guard.watch(folder, Path(task["path"]))
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115  # for the life of the process
    try:
        look.look(task, folder, held)
    except BaseException as error:  # even SystemExit: the parent is owed an answer
        text = {"error": f"{type(error).__name__}: {error}"[:300], "trace": traceback.format_exc()[-2000:]}
        (folder / "error.json").write_text(json.dumps(text), encoding="utf-8")
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    os._exit(0)  # no exit handler and no thread of the stranger's runs any more


if __name__ == "__main__":
    main()
