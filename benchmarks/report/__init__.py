"""The report of a suite: tables, intervals and figures from its rows."""
