"""Is the audit log still what it was?"""

from opsportal.audit.command import VerifyCommand


class Command(VerifyCommand):
    speaks = "audit_verify"
    help = "Walk the audit log's chain and name the first bad row; exit 2 when there is one."
    chain = "audit"
