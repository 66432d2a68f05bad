"""What can be asked of the ledger: one class for each command, and how a request becomes one."""

from __future__ import annotations

from jitledger.domain.commands.base import *
from jitledger.domain.commands.catalog import *
from jitledger.domain.commands.facts import *
from jitledger.domain.commands.fields import *
from jitledger.domain.commands.orders import *
from jitledger.domain.commands.promises import *
from jitledger.domain.commands.registry import *
from jitledger.domain.commands.shop import *
