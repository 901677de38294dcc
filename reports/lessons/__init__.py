"""Learn by diffing: the lecture's code and the framework's side by side, with the numbers that each line computes.

topics.py      the topics in the lecture's order: mirrored names, departures, one step slowly
lesson.py      a lesson as plain data, for the terminal and for pages
source.py      excerpts of live source, with docstrings and argument checks folded away
recorder.py    runs real code and keeps what each of its lines computed
examples.py    the tiny examples: three samples, printable numbers, both sides
align.py       which line of one side computes what a line of the other does
underneath.py  what torch runs below a call, and the formula of its backward
formulas.py    a topic's formulas, from the equations
build.py       a topic -> its lesson
step.py        one training step, written out for pencil and paper
notebooks.py   the notebooks of `reports/notebooks/`, built and run
"""
