"""Finds secrets in a text and masks them."""
