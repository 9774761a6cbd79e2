"""Where answers are kept: in memory, and in the table that all execution environments share."""
