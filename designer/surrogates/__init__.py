"""Models of one task alone: Gaussian processes, mixtures, and the probability that an experiment succeeds."""
