"""Are the timelines of all incidents still what they were?"""

from opsportal.audit.command import VerifyCommand


class Command(VerifyCommand):
    speaks = "timeline_verify"
    help = "Walk the chain over all timelines and name the first bad row; exit 2 when there is one."
    chain = "timeline"
