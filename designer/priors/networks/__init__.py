"""Networks that are trained over past tasks: episodes to train on, learners, and the posterior around what they say."""
