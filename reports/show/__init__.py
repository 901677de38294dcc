"""Frames -> what a person reads.

terminal.py, text.py   tables, progress, the failure text
tables.py, notes.py    what is counted and said of a comparison; lecture.py: beside what the lecture printed
files.py               the report's folder: JSON, Markdown, Parquet, CSV, and the site
site.py                the site: overview.py and case_page.py fill templates/ (templating.py), paths.py names the files
rows.py, explorer.py   a case's rows and trajectories as data for assets/site.js, which packed.py packs
pictures.py            what is drawn beforehand, as SVG
lesson_page.py         a lesson as data; lesson_html.py typesets it (formulas.py) and sets its code side by side
subjects.py            what `parity check` says of a network; gradebook.py: of a class of them
faults.py              the kill matrix, in the terminal and as a page
assets/vendored/       two libraries of others, unchanged: tables (DataTables) and charts (uPlot)
"""
