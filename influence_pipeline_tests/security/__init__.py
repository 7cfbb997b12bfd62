"""The scanners, the locks, the list of what is in the image, and docs/security.md."""
