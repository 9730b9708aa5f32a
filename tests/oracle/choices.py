"""Random decisions that can be recorded, replayed and made simpler."""
import random


class Choices:
    """Every decision of a generated case is a number below a limit. 0 is always the simplest choice, so a recorded list
    of decisions is reduced by deleting numbers and by replacing them by 0; past its end all decisions are 0."""

    def __init__(self, seed=None, replay=None):
        self.random = random.Random(seed)
        self.replay = replay
        self.taken = []

    def below(self, limit):
        if self.replay is None:
            number = self.random.randrange(limit)
        else:
            at = len(self.taken)
            number = min(self.replay[at], limit - 1) if at < len(self.replay) else 0
        self.taken.append(number)
        return number

    def pick(self, items):
        return items[self.below(len(items))]

    def chance(self, one_in):
        return self.below(one_in) == one_in - 1

    def between(self, low, high):
        return low + self.below(high - low + 1)

    def shuffled(self, items):
        items, result = list(items), []
        while items:
            result.append(items.pop(self.below(len(items))))
        return result


def reduced(taken, fails, attempts=120):
    """A list of decisions, no longer than `taken`, for which `fails` still holds."""
    best = list(taken)

    def accept(candidate):
        nonlocal best, attempts
        attempts -= 1
        if attempts < 0 or candidate == best or not fails(candidate):
            return False
        best = candidate
        return True

    size = max(len(best) // 2, 1)
    while size and attempts > 0:
        at = 0
        while at < len(best) and attempts > 0:
            if not accept(best[:at] + best[at + size:]):
                zeros = best[:at] + [0] * len(best[at:at + size]) + best[at + size:]
                if not any(best[at:at + size]) or not accept(zeros):
                    at += size
        size //= 2
    return best
