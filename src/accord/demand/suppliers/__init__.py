"""Suppliers: how they are named, what identifies them, and which rows are one."""
