"""The functions that update a network of functions, each a component, judged as a class's use of its gradients."""

from typing import Any

from reports.subjects.networks.updates import NOT_JUDGED, judged
from reports.subjects.verdicts import Component, Row


def rules(seen: dict[str, Any], network: Component) -> list[Component]:
    """Every function that moves the parameters by gradients."""
    found = []
    for one in seen["trials"]:
        for rule in one.get("rules", []):
            row, words = judged(one, rule) or (None, "")
            if row is None and network.status == "defective":
                continue  # what is wrong with its gradients may be all
            made = Component(str(rule["by"]), "optimizer", str(rule["kind"]), places={"forward": rule["forward"]})
            made.rows = [row or Row("update", "", "unjudged", says=f"update: {words or NOT_JUDGED}")]
            made.rows[0].stage = "forward"
            made.convention["update"] = words
            found.append(made)
    return found
