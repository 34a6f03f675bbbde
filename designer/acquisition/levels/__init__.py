"""Which level of a fidelity a design is measured at: what a result there explains, and what it is worth."""
