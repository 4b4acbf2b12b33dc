"""Many runs that belong together: rows of recipe and changes, trained, chosen on validation and set side by side."""
