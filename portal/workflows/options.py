"""Time limits and retries of each activity, in one place."""

from datetime import timedelta

from temporalio.common import RetryPolicy

# A local activity that waits longer than this before its next try gives its place back: the wait
# becomes an ordinary timer, so that a database outage holds no worker and survives a restart.
LOCAL_RETRY_THRESHOLD = timedelta(seconds=2)
START_TO_CLOSE = timedelta(seconds=15)

# For ever: a decision that people were told is recorded must reach the record.
RECORD_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(seconds=30),
)
# After a permanent error of the record: a person has to mend something, so try rarely.
RECORD_PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))

# Not for ever: after these tries what is known is recorded first (and that waits for the database),
# then routing is asked again, and then the admins see it.
ROUTE_RETRY = RetryPolicy(
    initial_interval=timedelta(milliseconds=200),
    backoff_coefficient=2.0,
    maximum_attempts=4,
)

# Mail servers are away for a while, or refuse for a while. After a day a person has to look.
SEND_START_TO_CLOSE = timedelta(minutes=5)
SEND_HEARTBEAT = timedelta(minutes=1)
SEND_FOR = timedelta(hours=24)
SEND_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=10),
)

# A dozen messages at the longest timeout that the settings allow, each tried once. Tries begin
# again only where a worker or the database went away.
HOOKS_START_TO_CLOSE = timedelta(minutes=15)
HOOKS_FOR = timedelta(minutes=30)
HOOKS_RETRY = RetryPolicy(
    initial_interval=timedelta(seconds=2),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(minutes=1),
)

# The next one comes in five minutes anyway; one that a dead worker leaves is taken up in a minute.
CHECK_START_TO_CLOSE = timedelta(hours=2)
CHECK_HEARTBEAT = timedelta(minutes=1)
CHECK_RETRY = RetryPolicy(initial_interval=timedelta(seconds=5), maximum_attempts=3)

# A pass of the sealer that is missed is made up for by the next.
SEAL_START_TO_CLOSE = timedelta(minutes=30)
ONCE = RetryPolicy(maximum_attempts=1)
