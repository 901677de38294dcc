"""Speed, side by side: the same training by hand and by others, each in a process of its own, in turns.

setting.py      what is trained: samples, width, depth, dtype, threads
plain.py        a plain transcription of the lecture in NumPy
contenders.py   who trains it: scratch, the transcription, torch in several ways, JAX; and the matrix products alone
turns.py        processes that wait for their turn, rounds, medians
sweep.py        one axis at a time from ANN III; growth exponents; what was left out
verdict.py      what is asked of scratch, and where it falls short
lockstep.py     what checking every epoch costs
machine.py      the whole machine: commands, their time, memory, and where it goes
command.py      `parity bench`

Only ratios of one run are compared: seconds are those of one machine on one day.
"""
