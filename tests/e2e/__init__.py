"""Deployments as users make them."""
