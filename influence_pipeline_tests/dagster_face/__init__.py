"""The Dagster face: definitions, runs against a real store and a real sandbox, the sensor."""
