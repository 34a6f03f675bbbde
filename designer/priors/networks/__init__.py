"""Networks that are trained over past tasks: episodes, learners, and the posterior around their predictions."""
