"""What a posterior means to a person: what matters, what a choice gains, and what would change it."""
