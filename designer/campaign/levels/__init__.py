"""Results at the levels of a fidelity, told apart."""
