"""From settings and data to the parts of a game that several systems share."""
