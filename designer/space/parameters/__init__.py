"""The kinds of parameter, and the arithmetic that they share."""
