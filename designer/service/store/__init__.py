"""The service's data: accounts, sessions, the audit log of requests, open campaigns, uploaded tables."""
