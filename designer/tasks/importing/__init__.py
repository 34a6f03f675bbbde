"""From what a lab has (spreadsheets, JSON, Parquet, other programs' folders) to a folder of tasks."""
