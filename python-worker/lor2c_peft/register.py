"""Make the type LOR2C known to peft."""

from __future__ import annotations

from peft import PeftType
from peft.utils import register_peft_method

from .config import Lor2cConfig
from .model import Lor2cModel


def register() -> None:
    """Register the method where peft registers its own; a second call does nothing."""
    if "LOR2C" in PeftType.__members__:
        return
    _add_member("LOR2C")
    register_peft_method(name="lor2c", config_cls=Lor2cConfig, model_cls=Lor2cModel, prefix=Lor2cModel.prefix)


def _add_member(name: str) -> None:
    """`register_peft_method` refuses names outside of peft's enum, and an enum cannot be subclassed. peft asks types of
    methods for `.value`, so that a plain string would not do."""
    member = str.__new__(PeftType, name)
    member._name_, member._value_ = name, name
    PeftType._member_names_.append(name)
    PeftType._member_map_[name] = member
    PeftType._value2member_map_[name] = member
    type.__setattr__(PeftType, name, member)
