"""An installation on each engine, with people in it."""

from __future__ import annotations

from releases.households import *  # noqa: F403 - fixtures
