"""Deno with every permission, as if a program had broken out of it, under the belt alone."""
