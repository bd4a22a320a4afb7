"""What the renderers share: pauses, chunks, compression, language, scope."""
