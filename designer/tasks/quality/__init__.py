"""What is probably wrong with a table of results: found row by row, with a reason and a proposed repair."""
