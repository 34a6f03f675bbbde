"""Interpretation of a posterior: sensitivities, Shapley values, runner-up, and the forecast of an experiment."""
