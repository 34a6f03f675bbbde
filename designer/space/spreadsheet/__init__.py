"""Excel files (Office Open XML), streamed within limits: cells as a person sees them, without a library of its own."""
