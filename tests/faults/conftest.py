"""The servers and the house are those of the integration tests."""

from __future__ import annotations

from tests.integration.conftest import database_url, house, mosquitto, postgresql

__all__ = ["database_url", "house", "mosquitto", "postgresql"]
