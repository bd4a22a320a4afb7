"""What the renderers share: pauses, compression, language, scope."""
