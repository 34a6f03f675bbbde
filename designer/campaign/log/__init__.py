"""The append-only events of a campaign, the stores that hold them, and the state they fold into."""
