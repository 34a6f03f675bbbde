"""Acquisition functions, the search for their maximum in a space, first designs and batches.

The entry points are `designer.acquisition.propose.propose` and `designer.acquisition.initial.initial_designs`. Modules
are imported where they are needed, since most of them load torch.
"""
