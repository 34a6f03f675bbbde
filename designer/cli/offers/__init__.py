"""What `designer init` offers beside parameters and targets, as comments in the file that it writes."""
