"""The workflows: deterministic, thin over the domain; they import it and temporalio only."""
