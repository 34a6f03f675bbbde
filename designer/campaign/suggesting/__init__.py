"""One suggestion: the posterior of a campaign, the choice of the next designs, and when to stop."""
