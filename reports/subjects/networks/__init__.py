"""A whole network of a subject, judged: what explains its gradients, a right network or which mistake.

trial.py          one step of a network, read in rows
architectures.py  which activations give an output; the gradients of an architecture under a loss
explained.py      the right architecture and loss, up to constants; what the constants say
mistakes.py       one change in the way back that explains what no right network does
scripts.py        a plain script's arrays read as trials
network.py        the verdict
"""
