"""Items to documents: text, metadata, OCR and relations."""
