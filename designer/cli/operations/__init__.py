"""Commands for those who look after a lab's data: backups, and tasks that a lab shares."""
