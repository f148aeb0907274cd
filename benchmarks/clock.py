"""How long a training may go on: processor time, which other work on a machine does not change."""

import time


class Clock:
    """Processor time since the end of the first iteration, which is that of compiling."""

    def __init__(self, seconds):
        self.seconds, self.started, self.iteration = seconds, None, 0

    @property
    def spent(self):
        return 0.0 if self.started is None else time.process_time() - self.started

    @property
    def complete(self):
        return self.started is not None and self.spent >= self.seconds

    def after_iteration(self):
        self.iteration += 1
        if self.started is None:
            self.started = time.process_time()
