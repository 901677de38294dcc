"""A whole network of a subject, judged: search proposes what explains it, derived bounds decide.

trial.py          one step of a network, read in rows
architectures.py  which activations are near an output; the gradients of an architecture under a loss
bounded.py        the same step with the bound of every number
decided.py        gradients beside the right ones times one constant, to within their bounds
outputs.py        the output decided: which architecture, or which gentle change
explained.py      the right architecture and loss; what differing constants say
any_loss.py       one gradient at the output, whatever it is, that explains all
decayed.py        gradients with a multiple of the weights added
gentle.py         an epsilon, a clip, float32: near, and not right
ordered.py        a batch taken one sample at a time, in order
adapted.py        what an adapter adds: its misuse, its loss, its step
own_loss.py       gradients beside differences of the loss that an adapter gives
own_value.py      the value of a network's own loss
updates.py        what a network does with its gradients: plain descent, a rule with a memory, or wrong
mistakes.py       one change in the way back that explains what no right network does
scripts.py        a plain script's arrays read as trials
unjudged.py       what is said of what cannot be judged
placed.py         the lines that a verdict leads to
network.py        the verdict
"""
