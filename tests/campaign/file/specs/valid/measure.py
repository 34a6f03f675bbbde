"""A measurement, for the example of a command."""
