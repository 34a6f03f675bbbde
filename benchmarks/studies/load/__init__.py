"""Load test of the service: concurrent clients read, ask for suggestions and record results; no write may be lost."""
