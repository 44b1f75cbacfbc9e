"""All property tests alike: no assertion about time, since a busy machine is no fault of the code."""

from hypothesis import HealthCheck, settings

# On what is loaded already: where CI is set that is a profile whose examples are the same in every run.
settings.register_profile(
    "ours", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ours")
