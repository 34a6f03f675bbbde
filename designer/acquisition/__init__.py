"""What to make next: acquisition functions, the search for their best designs in a space, and when to stop.

The parts are imported where they are needed, since most of them load torch: `designer.acquisition.propose.propose` and
`designer.acquisition.initial.initial_designs` are the way in.
"""
