"""What an alert means beside the others: joined, explained, missing, called about."""
