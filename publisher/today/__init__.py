"""What a person should know when they sit down."""
