"""What `keepwell.open()` gives: a workspace to run and to read."""

from keepwell.shop.face import Shop, open_shop
from keepwell.shop.look import check

__all__ = ["Shop", "check", "open_shop"]
