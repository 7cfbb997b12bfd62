"""When things run: jobs, schedules, the coupon sensor. What they run is in `assets`."""
