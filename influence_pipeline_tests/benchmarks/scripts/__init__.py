"""Scripts as small as can be, for the tests of what all scripts have in common."""
