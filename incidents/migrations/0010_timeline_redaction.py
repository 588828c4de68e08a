"""The words of an event may go once a redaction stands on the timeline; what a machine's event is about has a column."""

from django.db import migrations, models

from opsportal.append_only import allow_deleting, forbid_deleting

# With its schema: a temporary table of the same name would come first.
REDACTED = (
    "EXISTS (SELECT FROM public.incidents_timelineevent redaction"
    " WHERE redaction.kind = 'redaction' AND redaction.corrects_id = OLD.event_id)"
)


class Migration(migrations.Migration):
    dependencies = [("incidents", "0009_search_words")]

    operations = [
        migrations.AddField(
            model_name="timelineevent",
            name="about",
            field=models.CharField(blank=True, max_length=160),
        ),
        migrations.RunSQL(
            allow_deleting("incidents_timelinetext", when=REDACTED), forbid_deleting("incidents_timelinetext")
        ),
    ]
