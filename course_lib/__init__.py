"""The companion package of a course on attention and the Transformer.

Importing it costs nothing: the modules of the model need torch and nothing else, and
`corpora`, `tokenization` and `metrics` bring in their libraries when they are imported.
"""

__version__ = "0.1.0"
