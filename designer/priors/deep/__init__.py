"""Deep kernels: mean and embedding networks that are trained over past tasks."""
