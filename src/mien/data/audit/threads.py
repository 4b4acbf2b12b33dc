"""How many threads the audit works with, its own and those of the matrix library."""

import os
from contextlib import AbstractContextManager, nullcontext


def count_threads() -> int:
    """Return how many threads the audit uses: one for each core this process may run on, at most 8."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(8, cores)


def one_matrix_thread() -> AbstractContextManager[object]:
    """Return a context in which a product of matrices takes one thread, as many are computed side by side.

    Two such libraries' threads on one core wait for each other; without threadpoolctl, which comes with scikit-learn,
    that is how it is.
    """
    try:
        from threadpoolctl import threadpool_limits
    except ImportError:
        return nullcontext()
    limits: AbstractContextManager[object] = threadpool_limits(limits=1, user_api="blas")
    return limits
