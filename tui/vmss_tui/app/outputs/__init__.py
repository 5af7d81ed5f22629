"""What scripts printed, in sheets: search, comparison, and the runs of one instance."""
