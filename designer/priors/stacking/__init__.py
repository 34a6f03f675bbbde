"""The prior over properties: networks of each source, stacked by a Gaussian process and trees."""
