"""What can be known of the template and the workflow without deploying them; `make lint` runs it."""
