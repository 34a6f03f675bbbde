"""Images as observations: their files, and the numbers and the correlation function that a regression uses."""
