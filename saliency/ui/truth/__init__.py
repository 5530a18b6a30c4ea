"""Uploaded gaze: fields, files and their preview."""
