"""The campaign: its file, its append-only events, the state they fold into, and the loop that runs it."""
