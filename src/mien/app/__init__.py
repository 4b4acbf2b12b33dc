"""The application: what a person types, and what it prints."""
