"""Proposals of crystals: known structures with other elements, relaxed and ranked by a potential."""
