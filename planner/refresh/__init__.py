"""New rows for the catalog from public sources: fetched, compared, guarded, then appended; history is never edited."""
