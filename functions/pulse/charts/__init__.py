"""Charts of downloads over time, as SVG.

`data` prepares what is drawn, `draw` draws it; both know nothing of routes. Imported when first needed.
"""
