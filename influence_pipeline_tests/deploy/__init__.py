"""What `deploy/` holds, checked by what runs without containers and clusters."""
