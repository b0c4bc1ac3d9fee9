"""Documents -> pairs."""
