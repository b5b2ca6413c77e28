"""The catalogue's texts in other languages than the head office's."""
