"""What people may ask of simulated units: options by name, checked, with a remedy for what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Options = TypeVar("Options", bound=BaseModel)


def validated(model: type[Options], given: Mapping[str, object]) -> Options:
    """Options by a model. Raises `ValueError` with those that there are."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        known = "\n".join(f"  {name}: {field.description}" for name, field in model.model_fields.items())
        raise ValueError(f"no such option, or not this value: {wrong}\nthere are:\n{known}") from error
