"""The few numbers of a verdict that are measured, not derived. Each carries its measurement."""

# The worst error allowed to one exp, log or tanh, in units of the last place. Measured over 3 to 7 million points
# each, in units u = ulp/2: NumPy exp 3.4 (float32) and 1.2 (float64), log 4.4 and 1.1, tanh 1.8 and 1.6;
# torch exp 1.06 and 1.01, log 1.3 and 1.2, tanh 1.0 and 1.2. 4 ulp are 8 u: a margin of 1.8 over the worst.
ELEMENTARY_ULP = 4.0

# How far the free-running losses of the two sides of `ann3-plain` in float64 may drift apart in 20,000 epochs.
# Measured: 6.7e-16 (seed 0, OpenBLAS Haswell kernels against MKL); training without momentum is not chaotic.
PLAIN_FREE_RUN_GAP = 4e-15

# Free-running loss in float64: scratch may leave the reference by NOISE_FACTOR times the gap between the reference
# and its own replicas (samples permuted anew each epoch), plus a floor of NOISE_FLOOR_ULPS eps, for QUIET_EPOCHS.
# Measured: 0 of 1,806 honest pairs above 16 (the worst 5.2), the weakest planted fault at 1.7e4. Beyond the quiet
# epochs the first kink crossed differently comes at a random time, and no rule with few false alarms had power.
REPLICAS = 3
QUIET_EPOCHS = 100
NOISE_FACTOR = 64.0
NOISE_FLOOR_ULPS = 8.0
ONSET_FLOORS = 100.0  # twins have parted once their gap exceeds so many floors

# How near a stranger's numbers must come to a candidate's before bounds decide about it: a filter of the search, no
# verdict, relative to an array's largest element. Measured on gradients: honest float32 leaves 7e-5 at worst (57
# random networks of 2 to 4 layers, 99 % below 4e-5); beside 74 trials of the dialects in parity_tests/subjects and of
# the open examples, the nearest candidate that is another network lies 4e-4 away.
PROPOSED = 1e-4

# Which of several formulas a stranger's numbers come from, relative to an array's largest element. It decides what to
# call a difference, not whether there is one. The nearest two formulas that are told apart are normalisation with an
# epsilon of 1e-10 and of 1e-12: at unit variance they lie 5e-11 apart.
SAME = 1e-12

# How much steeper an activation may be between net inputs that lie near each other than between the others. It decides
# between "no activation that is known" and a defect of the affine map. Measured over 400 layers of 7 x 11 net inputs:
# sine, LeCun's tanh, a square and a hard tanh stay below it in all, wrong biases and products in none but two.
STEEPER = 3.0
