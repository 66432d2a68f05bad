"""Every event that is ever stored, with all its fields."""

from __future__ import annotations

from jitledger.domain.events.catalog import *
from jitledger.domain.events.envelope import *
from jitledger.domain.events.movements import *
from jitledger.domain.events.names import *
from jitledger.domain.events.orders import *
from jitledger.domain.events.promises import *
from jitledger.domain.events.shop import *
