"""Pure: what is planned at an instant.

``windows`` are service windows as values, ``recurrence`` their times, ``upgrades`` version packages,
``notices`` what people write, ``by_hand`` what they acknowledge and silence, ``ics`` windows that others declare in their ``calendars``, ``agenda`` what is under way, what comes and what is over, ``events`` what happens to it.
"""

from __future__ import annotations

from monitor.plan.agenda import EMPTY as EMPTY
from monitor.plan.agenda import Agenda as Agenda
from monitor.plan.agenda import Planned as Planned
from monitor.plan.agenda import agenda_of as agenda_of
from monitor.plan.by_hand import Acknowledgement as Acknowledgement
from monitor.plan.by_hand import Silence as Silence
from monitor.plan.by_hand import covering as covering
from monitor.plan.calendars import CalendarView as CalendarView
from monitor.plan.events import Happening as Happening
from monitor.plan.events import UnderWay as UnderWay
from monitor.plan.events import WindowEvent as WindowEvent
from monitor.plan.events import WindowNews as WindowNews
from monitor.plan.events import run_over as run_over
from monitor.plan.notices import Notice as Notice
from monitor.plan.notices import NoticeView as NoticeView
from monitor.plan.notices import notices_of as notices_of
from monitor.plan.recurrence import Occurrence as Occurrence
from monitor.plan.upgrades import Upgrade as Upgrade
from monitor.plan.upgrades import UpgradeView as UpgradeView
from monitor.plan.upgrades import upgrades_of as upgrades_of
from monitor.plan.windows import Impact as Impact
from monitor.plan.windows import Window as Window
from monitor.plan.windows import windows_of as windows_of
