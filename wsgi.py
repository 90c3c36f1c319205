"""The WSGI entry point: `gunicorn wsgi:app`."""

from publisher.application import create_app

app = create_app()
