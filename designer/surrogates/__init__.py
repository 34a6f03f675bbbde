"""Models of one task alone: Gaussian processes, forests, mixtures of them, and the chance that an experiment works."""
