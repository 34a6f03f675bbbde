"""Jobs, and the worker processes that run them."""
