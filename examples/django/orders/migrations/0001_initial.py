"""The table of orders."""

from django.db import migrations, models

STATES = [("waiting", "Waiting"), ("sent", "Sent"), ("refused", "Refused")]


class Migration(migrations.Migration):
    """Create it."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                ("customer", models.EmailField(max_length=254)),
                (
                    "mail",
                    models.CharField(choices=STATES, default="waiting", max_length=7),
                ),
                ("reason", models.CharField(blank=True, max_length=200)),
            ],
        ),
    ]
