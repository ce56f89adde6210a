"""People, calendars and conditions as they are now: what routing needs to know of the world."""
