"""Models of one task alone: Gaussian processes, forests, mixtures, and the probability that an experiment succeeds."""
