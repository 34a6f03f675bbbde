"""Golden values: what the code said before it was changed, which it has to say afterwards."""

import os

# Before numpy and torch are imported by any module of this package: one thread each, as for all tests.
for _name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"
