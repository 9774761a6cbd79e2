"""The website: what a page's address says, what the page shows, and its HTML."""
