"""Month and list of what is planned and published; moving."""
