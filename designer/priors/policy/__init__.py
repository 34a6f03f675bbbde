"""A learned policy over experts: which model proposes the next design, given the state of a campaign."""

NOTE = "the policy chose the expert"
"""How the part of a note begins that names the expert; nothing in it contains a semicolon."""
