"""Fidelities: levels at which a design can be measured, of which the last is the one that is wanted."""
