"""Being here, this file puts `tests` on the import path: `from fakes.misbehaving import ...`."""

from hypothesis import HealthCheck, settings

# How long an example takes, and how long it takes to make one, says how busy the machine is.
settings.register_profile(
    "any pace", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any pace")
