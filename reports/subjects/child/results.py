"""What goes back: arrays in one .npz (no pickles), everything else in one JSON file of bounded size."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

MOST_ELEMENTS = 600_000  # of one array
MOST_JSON = 4_000_000  # bytes
MOST_TEXT = 300  # characters of any text that comes from a stranger

Array = np.ndarray


class Results:
    """Collects components; each is plain data whose arrays are replaced by their names in the .npz."""

    def __init__(self) -> None:
        self.arrays: dict[str, Array] = {}
        self.components: list[dict[str, Any]] = []
        self.notes: list[str] = []

    def add(self, component: dict[str, Any]) -> None:
        """Takes one component: its arrays are copied."""
        self.components.append(self._plain(component, f"c{len(self.components)}"))

    def _plain(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return {str(key): self._plain(inner, f"{name}/{key}") for key, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(inner, f"{name}/{k}") for k, inner in enumerate(value)]
        if isinstance(value, (np.ndarray, np.generic)):
            array = np.array(value)
            if array.dtype.kind not in "fiub" or array.size > MOST_ELEMENTS:
                return {"refused": f"{array.dtype} {array.shape}"[:MOST_TEXT]}
            self.arrays[name] = array
            return {"array": name}
        if isinstance(value, (bool, int, float)) or value is None:
            return value
        return str(value)[:MOST_TEXT]

    def write(self, folder: Path, **more: Any) -> None:
        """Writes both files, whole or not at all."""
        text = json.dumps({"components": self.components, "notes": [n[:MOST_TEXT] for n in self.notes[:50]], **more})
        if len(text) > MOST_JSON:
            text = json.dumps({"components": [], "notes": ["the file makes more results than can be read"], **more})
        with open(folder / "arrays.part", "wb") as file:
            renamed: dict[str, Any] = {name.replace("/", "|"): array for name, array in self.arrays.items()}
            np.savez(file, **renamed)
        (folder / "result.part").write_text(text, encoding="utf-8")
        os.replace(folder / "arrays.part", folder / "arrays.npz")
        os.replace(folder / "result.part", folder / "result.json")
