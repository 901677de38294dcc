"""What runs beside a stranger's code: NumPy and the standard library alone, never torch, pandas or `reports`."""
