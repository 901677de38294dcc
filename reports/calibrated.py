"""The few numbers of a verdict that are measured, not derived. Each carries its measurement."""

# The worst error allowed to one exp, log or tanh, in units of the last place. Measured over 3 to 7 million points
# each, in units u = ulp/2: NumPy exp 3.4 (float32) and 1.2 (float64), log 4.4 and 1.1, tanh 1.8 and 1.6;
# torch exp 1.06 and 1.01, log 1.3 and 1.2, tanh 1.0 and 1.2. 4 ulp are 8 u: a margin of 1.8 over the worst.
ELEMENTARY_ULP = 4.0

# How far the free-running losses of the two sides of `ann3-plain` in float64 may drift apart in 20,000 epochs.
# Measured: 6.7e-16 (seed 0, OpenBLAS Haswell kernels against MKL); training without momentum is not chaotic.
PLAIN_FREE_RUN_GAP = 4e-15
