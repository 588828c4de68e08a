"""Versions can only grow; the operating documents' procedures come as our own runbooks."""

from django.db import migrations
from django.utils import timezone

from incidents.runbooks.files import shipped
from opsportal.append_only import protect, unprotect


def add(apps, schema_editor):
    """Those whose address is free; what an operator wrote is never touched. Safe to run twice."""
    domain_model, runbook_model = (apps.get_model("incidents", name) for name in ("Domain", "Runbook"))
    domains = {one.slug: one for one in domain_model.objects.all()}
    for document in shipped():
        if runbook_model.objects.filter(slug=document.slug).exists():
            continue
        runbook = runbook_model.objects.create(
            slug=document.slug,
            title=document.title,
            body=document.body,
            domain=domains.get(document.domain),
            tokens=" ".join(document.tokens),
            owner=document.owner,
        )
        apps.get_model("incidents", "RunbookVersion").objects.create(
            runbook=runbook, number=1, document=document.text, note="Came with the portal", at=timezone.now()
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0020_runbooks"), ("opsportal", "0002_append_only")]

    operations = [
        migrations.RunSQL(protect("incidents_runbookversion"), unprotect("incidents_runbookversion")),
        migrations.RunPython(add, migrations.RunPython.noop, elidable=False),
    ]
