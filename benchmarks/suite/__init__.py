"""Simulated campaigns: suites, plans, methods, measures, and the runs that produce rows."""
