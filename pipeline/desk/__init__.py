"""The analyst's desk: one declared site, interactively, in a local web view."""
