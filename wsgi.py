"""The WSGI entry point: `gunicorn wsgi:app`."""

from publisher import create_app

app = create_app()
