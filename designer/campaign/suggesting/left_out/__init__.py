"""Large campaigns: the results that models are conditioned on, and calibration of intervals by the others."""
