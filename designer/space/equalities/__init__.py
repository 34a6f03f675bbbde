"""Linear equalities between numeric parameters: designs that satisfy them exactly, found without rejection."""
