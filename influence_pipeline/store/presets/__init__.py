"""Mappings to start from, a folder per store: an influence.toml and the SQL files it names."""
