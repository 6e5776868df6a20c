"""What a simulation found, as a line of a table."""

from dataclasses import dataclass

from scipy.stats import binom


@dataclass(frozen=True)
class Figure:
    """A share of simulated experiments."""

    what: str
    case: str
    asked: str
    """What the share should be; `-` where it is only told."""
    share: float
    times: int

    @property
    def line(self) -> list[str]:
        """The figure with the interval that so many experiments leave."""
        low, high = (binom.ppf(tail, self.times, self.share) / self.times for tail in (0.025, 0.975))
        return [self.what, self.case, self.asked, f"{self.share:.1%} ({low:.1%} to {high:.1%})", f"{self.times:,}"]
