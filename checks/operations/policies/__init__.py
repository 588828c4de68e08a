"""What the house asks of itself: documents, schema, version, and who answers for each check."""
