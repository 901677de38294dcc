"""What a user says that their classes are: parity.toml beside a subject, and --role Name=kind."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

from reports.subjects.child.names import KINDS as WORDS
from reports.subjects.child.names import SHORT, kind, plain

KINDS = (
    "dense, relu, leakyrelu, sigmoid, tanh, softmax, crossentropy, mse, sgd, adam, dropout, batchnorm, convolution, "
    "pooling, flatten, network, ignore"
)
FILE = "parity.toml"


def roles_of(path: Path, given: Sequence[str] = ()) -> dict[str, str]:
    """Returns name -> kind for one subject; `given` beats the file. Raises ValueError that says what is wrong where."""
    told = _read(path)
    for one in given:
        name, equals, what = one.partition("=")
        if not equals:
            raise ValueError(f"--role {one}: write it as Name=kind, with kind one of {KINDS}")
        told[name.strip()] = what.strip()
    for name, what in told.items():
        known = plain(what) in {plain(word) for word in (*KINDS.split(", "), *(word for word, _ in WORDS), *SHORT)}
        made = plain(what) if plain(what) in ("network", "ignore") else kind(what) if known else ""
        if not made:
            raise ValueError(f"role {name}={what}: a kind is one of {KINDS}")
        told[name] = made
    return told


def _read(path: Path) -> dict[str, str]:
    """The table [roles] of the parity.toml beside the subject, else of the one in the current folder."""
    for file in ((path if path.is_dir() else path.parent) / FILE, Path(FILE)):
        if not file.is_file():
            continue
        try:
            tables = tomllib.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:  # broken TOML and text that is not UTF-8 are ValueErrors
            raise ValueError(f"{file}: {error}") from error
        if strange := [name for name in tables if name != "roles"]:
            raise ValueError(f"{file}: {strange[0]} is not known here: it holds one table, [roles]")
        table = tables.get("roles", {})
        if not isinstance(table, dict) or not all(isinstance(what, str) for what in table.values()):
            raise ValueError(f'{file}: [roles] holds lines such as MyLayer = "dense"')
        return dict(table)
    return {}


def not_applied(roles: dict[str, str], names: Sequence[str]) -> str:
    """Which role names nothing that is there, and what is; empty where all are."""
    if lost := [name for name in roles if name not in names]:
        return f"role {lost[0]}={roles[lost[0]]}: there is no such class or function; it holds {', '.join(names[:8])}"
    return ""
