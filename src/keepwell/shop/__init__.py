"""What `keepwell.open()` gives: a workspace to run and to read."""

from keepwell.shop.face import Shop, open_shop
from keepwell.shop.look import check, check_all

__all__ = ["Shop", "check", "check_all", "open_shop"]
