"""The service's tables beside the events: accounts, sessions, requests; and what is cached of them."""
