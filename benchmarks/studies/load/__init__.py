"""Load on the service: many clients that record, ask and look at once; a check that nothing is lost or doubled."""
