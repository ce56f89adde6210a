"""A gallery of every component with believable data, under the real content security policy.

For development: `.venv/bin/python -m tests.presentation.gallery` serves it on port 8299.
The tests beside it look at each of its pages.
"""
