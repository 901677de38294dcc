"""The functions that update a network of functions, each a component, judged as a class's use of its gradients."""

from typing import Any

from reports.subjects.networks.updates import NOT_JUDGED, judged
from reports.subjects.verdicts import Component, Row


def rules(seen: dict[str, Any]) -> list[Component]:
    """Every function that moves the parameters by gradients; of no known rule those that are called by one."""
    found = []
    for one in seen["trials"]:
        for rule in one.get("rules", []):
            row, words = judged(one, rule) or (None, "")
            named = rule["kind"] != "SGD"
            if row is None and not named:
                continue  # what it does is not known, nor is it said to be anything
            made = Component(str(rule["by"]), "optimizer", str(rule["kind"]), places={"forward": rule["forward"]})
            made.rows = [row or Row("update", "", "unjudged", says=f"update: {words or NOT_JUDGED}")]
            made.rows[0].stage = "forward"
            made.convention["update"] = words
            found.append(made)
    return found
