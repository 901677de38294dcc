"""Which lines of their file a verdict on a network leads to: where the gradients that are wrong are computed."""

import re
from typing import Any

from reports.subjects.networks.architectures import DERIVATIVES
from reports.subjects.verdicts import Component

NAMED = re.compile(r"(weights|biases) (\d+)|(weights|biases) of layer (\d+)")


def place(made: Component, seen: dict[str, Any]) -> None:
    """Puts the lines that compute what the worst row names in the place of the method that was driven."""
    computed = seen.get("computed") or {}
    row = next((row for row in made.rows if row.status == made.status and row.stage == "backward"), None)
    if row is None or "" not in computed or row.status not in ("defective", "unjudged"):
        return
    wanted = [f"{found[1] or found[3]} {found[2] or found[4]}" for found in NAMED.finditer(row.says)]
    if any(words in row.says for words in DERIVATIVES.values()):  # of a hidden layer, or of all
        alone = re.search(r"in hidden layer (\d+) alone", row.says)
        wanted = [f"weights {alone[1] if alone else 1}"]
        last = [name for name in computed if name.startswith("weights")][-1:]
        wanted += last if re.search(r"at the output|of the output", row.says) else []
    elif not wanted and re.search(r"(of|the) (the )?biases", row.says):
        wanted = [name for name in computed if name.startswith("biases")]
    lines = [computed[name] for name in wanted if name in computed] or [computed[""]]
    same = [one for one in lines if one["file"] == lines[0]["file"]]
    numbers = [number for one in same for number in one["lines"]]
    driven = made.places.get("backward", {})
    made.places["backward"] = {**driven, "file": lines[0]["file"], "lines": [min(numbers), max(numbers)]}
