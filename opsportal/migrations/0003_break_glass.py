"""Links that pass the second factor; only a shell on the host makes them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("opsportal", "0003_seals_and_view_as")]

    operations = [
        migrations.AddField(model_name="loginlink", name="skips_factor", field=models.BooleanField(default=False)),
    ]
