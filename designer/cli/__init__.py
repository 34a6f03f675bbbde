"""The command line. Importing it loads no models and no tables: each command imports what it needs when it runs."""
