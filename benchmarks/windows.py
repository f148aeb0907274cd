"""Images per second of a training that is under way."""

import time

# R1 is added in every so many iterations: a window of whole rounds has its share of it.
ROUND = 16
# Rounds that are not counted: the first traces the step, and in the second R1 comes again.
WARM_UP = 2 * ROUND


class Windows:
    """Stretches of a training, each as long as asked, measured one after the other.

    Before the first, WARM_UP iterations are let go by: tracing, the first minibatches and the
    kernels' own preparations are theirs. What an epoch's end costs falls into the window it is in.

    Args:
      images_per_iteration: int.
      seconds: float. The least length of a window; it ends with a round.
      count: int. Windows.
    """

    def __init__(self, images_per_iteration, seconds, count):
        self.images_per_iteration = images_per_iteration
        self.seconds = seconds
        self.count = count
        self.iteration = 0
        self.begun = None
        self.speeds = []

    @property
    def complete(self):
        return len(self.speeds) >= self.count

    def after_iteration(self):
        self.iteration += 1
        if self.iteration < WARM_UP or self.iteration % ROUND:
            return
        now = time.perf_counter()
        if self.begun is None:
            self.begun = self.iteration, now
        first, started = self.begun
        if self.iteration > first and now - started >= self.seconds:
            images = (self.iteration - first) * self.images_per_iteration
            self.speeds.append(images / (now - started))
            self.begun = self.iteration, now
