"""Freed memory kept for the next array.

The judge makes hundreds of arrays of a megabyte or two per step and lets them go. glibc gives blocks of that size back
to the system at once, and asks for them again page by page: half the judge's time, measured.
"""

import ctypes
import functools

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of mallopt(3)
LARGEST = 32 * 2**20  # glibc accepts no more
KEPT = 256 * 2**20  # freed memory that a process may keep at the end of its heap


@functools.cache
def keep_freed_memory() -> bool:
    """Tells the C library to keep what is freed, once per process; returns whether it could be told."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):  # another C library has no such knob
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGEST) and mallopt(M_TRIM_THRESHOLD, KEPT))
