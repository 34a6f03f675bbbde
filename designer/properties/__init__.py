"""Properties of new designs from a prior and a few measurements, without a campaign."""
