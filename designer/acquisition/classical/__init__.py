"""Classical designs of experiments as first designs: optimal and factorial designs, Latin hypercubes, Sobol sequences.

`designer.acquisition.classical.design_runs.first_runs` makes the runs of a `ClassicalDesign`.
"""
