"""Studies that stand alone: each writes one page of results."""
