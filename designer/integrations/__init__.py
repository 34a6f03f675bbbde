"""designer inside other programs: a sampler of Optuna, a regressor of scikit-learn."""
