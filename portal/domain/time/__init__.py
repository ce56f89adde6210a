"""Working time, calendars, the clocks of a stage, and when a request may be finished."""
