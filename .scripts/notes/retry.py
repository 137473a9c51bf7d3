"""Call a function again after it failed, waiting longer each time."""

import random
import time


def retry(call, tries=5, first_wait=0.5):
    """Waits first_wait seconds after the first failure, then doubles it, with some jitter."""
    for attempt in range(tries):
        try:
            return call()
        except OSError:
            if attempt == tries - 1:
                raise
            time.sleep(first_wait * 2**attempt * random.uniform(0.5, 1.5))
