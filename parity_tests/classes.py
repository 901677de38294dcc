"""A graded class for the tests of its pages: right, wrong, not judged, copied, with names that look like scripts."""

from pathlib import Path

from reports.subjects.grading import Row, row_of
from reports.subjects.verdict import Subject
from reports.subjects.verdicts import Component
from reports.subjects.verdicts import Row as Finding

HOSTILE = "<script>alert('name')</script> é"
MASK = "backward: the mask is turned round"


def submission(name: str, *parts: tuple[str, str, str, str], refused: str = "", alike: str = "") -> Row:
    """One submission's row; a part is its name, role, kind and what is wrong with it."""
    components = [
        Component(part, role, kind, [Finding("forward", "", "defective" if says else "right", 0.5, says=says)],
                  {"layout": "batch in rows"}, [says] if says else [])
        for part, role, kind, says in parts
    ]  # fmt: skip
    made = row_of(Subject(Path("/nowhere") / name, components, refused, isolation=["audit hook"], seconds=0.5))
    return made | {"alike": alike}


def rows() -> list[Row]:
    """Twelve submissions."""
    dense, relu = ("Dense", "dense", "Dense", ""), ("Mask", "activation", "ReLU", MASK)
    return [
        submission("right.py", dense),
        submission("wrong.py", dense, relu, alike="a"),
        submission("copied.py", dense, relu, alike="a"),
        submission("mine", dense, ("SGD", "optimizer", "SGD", f"{MASK[:8]} 0.1429 times")),
        submission("broken.py", refused="it cannot be parsed: line 1: <b>(</b>"),
        submission(HOSTILE, (HOSTILE, "network", "network", f"gradients: {HOSTILE}")),
        *[submission(f"a_long_name_of_a_student_who_has_one_{k}.ipynb", dense) for k in range(6)],
    ]
