"""Writes files of daily downloads into history: checked first, as a whole."""
