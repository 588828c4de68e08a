"""The five domains and four contacts of the operating documents, the status page and its first components."""

from django.db import migrations

DOMAINS = [
    ("devops-sre", "DevOps/SRE", "@sre-lead", "@sre-oncall"),
    ("backend", "Backend", "@be-lead", "@be-oncall"),
    ("frontend", "Frontend", "@fe-lead", "@fe-oncall"),
    ("payments", "Payments", "@payments-lead", "@payments-oncall"),
    ("support", "Support", "@support-manager", "@support-lead"),
]
CONTACTS = [
    ("primary-on-call", "Primary on-call"),
    ("secondary-on-call", "Secondary on-call"),
    ("status-page-admin", "Status page admin"),
    ("security-contact", "Security contact"),
]
COMPONENTS = [
    ("API", "backend", "Requests of your programs and ours"),
    ("Ingest", "backend", "Taking in events"),
    ("Geo enrichment", "backend", "Places added to events"),
    ("Notifications", "backend", "Messages that leave the product"),
    ("Dashboard", "frontend", "The pages people look at"),
]


def add(apps, schema_editor):
    domain_model = apps.get_model("incidents", "Domain")
    for position, (slug, name, primary, backup) in enumerate(DOMAINS):
        domain_model.objects.create(slug=slug, name=name, primary=primary, backup=backup, position=position)
    for position, (slug, name) in enumerate(CONTACTS):
        apps.get_model("incidents", "Contact").objects.create(slug=slug, name=name, position=position)
    apps.get_model("incidents", "Page").objects.create()
    for position, (name, domain, description) in enumerate(COMPONENTS):
        component = apps.get_model("incidents", "Component").objects.create(
            name=name,
            domain=domain_model.objects.get(slug=domain),
            description=description,
            position=position,
        )
        apps.get_model("incidents", "ComponentInterval").objects.create(
            component=component, status="operational", started_at=component.created_at
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_append_only")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop, elidable=False)]
