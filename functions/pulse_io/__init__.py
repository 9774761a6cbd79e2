"""The first floor: how numbers are fetched and kept, asynchronously."""
